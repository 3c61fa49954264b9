namespace Runner.EmbeddedCluster.Admission.Webhooks;

/// <summary>Faults as Knative's webhook collects and words them: equal messages share one line, lines are sorted.</summary>
internal sealed class KnativeFaults
{
    private readonly Dictionary<(string Message, string Details), SortedSet<string>> _faults = [];

    public bool Any => _faults.Count > 0;

    /// <param name="message">What is wrong.</param>
    /// <param name="details">A line below the message; empty for none.</param>
    public void Add(string message, string details, params ReadOnlySpan<string> paths)
    {
        if (!_faults.TryGetValue((message, details), out var known))
        {
            _faults[(message, details)] = known = new SortedSet<string>(StringComparer.Ordinal);
        }

        foreach (var path in paths)
        {
            known.Add(path);
        }
    }

    public void Missing(params ReadOnlySpan<string> paths) => Add("missing field(s)", "", paths);

    public void Disallowed(params ReadOnlySpan<string> paths) => Add("must not set the field(s)", "", paths);

    public void Invalid(object value, string path, string details = "") => Add($"invalid value: {value}", details, path);

    public void OutOfBounds(object value, object lower, object upper, string path) => Add($"expected {lower} <= {value} <= {upper}", "", path);

    public override string ToString() => string.Join('\n', _faults
        .OrderBy(f => f.Key.Message, StringComparer.Ordinal).ThenBy(f => f.Key.Details, StringComparer.Ordinal)
        .Select(f => $"{f.Key.Message}: {string.Join(", ", f.Value)}{(f.Key.Details.Length == 0 ? "" : "\n" + f.Key.Details)}"));
}
