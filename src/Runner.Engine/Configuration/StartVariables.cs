namespace Runner.Engine.Configuration;

/// <summary>The runner's variables as they were when the process started. They hold secrets: neither its text nor its members are for a log or a page.</summary>
/// <param name="values">By name; empty ones are left out.</param>
public sealed class StartVariables(IReadOnlyDictionary<string, string> values)
{
    /// <summary>No variable.</summary>
    public static StartVariables None { get; } = new(new Dictionary<string, string>());

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, string> Values => values;

    public override string ToString() => $"{values.Count} variables";
}
