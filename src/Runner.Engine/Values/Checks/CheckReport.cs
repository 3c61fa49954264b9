namespace Runner.Engine.Values;

/// <summary>Gathers problems with the places of their keys.</summary>
internal sealed class CheckReport(ValuesDocument document)
{
    private readonly List<ValuesProblem> _problems = [];

    public IReadOnlyList<ValuesProblem> Problems => _problems;

    public void Error(string code, KeyPath path, LocalText message, LocalText remedy) => Add(code, path, ProblemSeverity.Error, message, remedy);

    public void Warn(string code, KeyPath path, LocalText message, LocalText remedy) => Add(code, path, ProblemSeverity.Warning, message, remedy);

    /// <summary>True where an error of this key or of one below it is known already.</summary>
    public bool HasErrorAt(KeyPath path) => _problems.Any(problem => problem.Severity == ProblemSeverity.Error && !problem.Path.IsRoot && (problem.Path.StartsWith(path) || path.StartsWith(problem.Path)));

    private void Add(string code, KeyPath path, ProblemSeverity severity, LocalText message, LocalText remedy)
    {
        var (line, column) = document.LineAndColumn(PlaceOf(path));
        _problems.Add(new(code, path, line, column, severity, message, remedy));
    }

    /// <summary>The offset of a key, or of the nearest above it that the file has.</summary>
    private int PlaceOf(KeyPath path)
    {
        for (var at = path; !at.IsRoot; at = at.Parent)
        {
            if (document.Find(at) is { } node)
            {
                return at.Last.IsIndex ? node.Start : document.Find(at.Parent)!.Entries.Last(entry => entry.Key == at.Last.Key).KeyStart;
            }
        }

        return 0;
    }
}
