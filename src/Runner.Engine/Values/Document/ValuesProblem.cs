namespace Runner.Engine.Values;

/// <summary>How much a problem matters.</summary>
public enum ProblemSeverity
{
    /// <summary>Helm takes the file, and something in it does not do what it seems to do.</summary>
    Warning,

    /// <summary>The file cannot be used as it is.</summary>
    Error,
}

/// <summary>Something wrong with a values file, where it is and what to do about it.</summary>
/// <param name="Code">A short name that never changes, for scripts and tests, such as <c>tab-indentation</c>.</param>
/// <param name="Path">The key it is about; the root where it is about the whole file.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column in UTF-16 units, from 1.</param>
/// <param name="Message">What is wrong. Never quotes a value, which could be secret.</param>
/// <param name="Remedy">What to try.</param>
public sealed record ValuesProblem(string Code, KeyPath Path, int Line, int Column, ProblemSeverity Severity, LocalText Message, LocalText Remedy)
{
    /// <summary>What is wrong and what to try.</summary>
    public LocalText Advice => Message.Then(Remedy);

    /// <summary>True where the schema that the deployed chart brings refuses it, alone or as the catalogue does.</summary>
    public bool OfChart { get; init; }
}

/// <summary>A values file cannot be read, or an edit of it cannot be made.</summary>
public sealed class ValuesException : Exception
{
    /// <summary>Says why.</summary>
    public ValuesException(ValuesProblem problem)
        : base($"Line {problem.Line}, column {problem.Column}: {problem.Message.English} {problem.Remedy.English}") => Problem = problem;

    /// <summary>What is wrong and where.</summary>
    public ValuesProblem Problem { get; }
}
