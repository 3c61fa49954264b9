namespace Runner.Engine.Values;

/// <summary>Gathers problems with the places of their keys.</summary>
internal sealed class CheckReport(ValuesDocument document)
{
    private readonly List<ValuesProblem> _problems = [];

    public IReadOnlyList<ValuesProblem> Problems => _problems;

    public void Error(string code, KeyPath path, LocalText message, LocalText remedy) => Add(code, path, ProblemSeverity.Error, message, remedy);

    public void Warn(string code, KeyPath path, LocalText message, LocalText remedy) => Add(code, path, ProblemSeverity.Warning, message, remedy);

    /// <summary>Notes what the deployed chart's schema refuses: beside the errors that are known of this key already, as their confirmation, and else as one of its own.</summary>
    public void OfChart(KeyPath path, LocalText message, LocalText remedy)
    {
        var known = false;
        for (var index = 0; index < _problems.Count; index++)
        {
            var problem = _problems[index];
            if (problem.Severity == ProblemSeverity.Error && !problem.Path.IsRoot && (problem.Path.StartsWith(path) || path.StartsWith(problem.Path)))
            {
                (known, _problems[index]) = (true, problem with { OfChart = true });
            }
        }

        if (!known)
        {
            Add("schema", path, ProblemSeverity.Error, message, remedy, ofChart: true);
        }
    }

    private void Add(string code, KeyPath path, ProblemSeverity severity, LocalText message, LocalText remedy, bool ofChart = false)
    {
        var (line, column) = document.LineAndColumn(PlaceOf(path));
        _problems.Add(new(code, path, line, column, severity, message, remedy) { OfChart = ofChart });
    }

    /// <summary>The offset of a key, or of the nearest above it that the file has.</summary>
    private int PlaceOf(KeyPath path)
    {
        for (var at = path; !at.IsRoot; at = at.Parent)
        {
            if (document.Find(at) is { } node)
            {
                return at.Last.IsIndex ? node.Start : document.Find(at.Parent)!.EntryOf(at.Last.Key)!.KeyStart;
            }
        }

        return 0;
    }
}
