namespace Runner.Engine.Storage;

/// <summary>Names of the two files of a database in the data folder.</summary>
internal sealed record DatabaseFileNames(string Data, string Log)
{
    /// <summary>The database itself.</summary>
    public static DatabaseFileNames Main { get; } = new("runner.db", "runner-log.db");

    /// <summary>A copy that is being made to take its place.</summary>
    public static DatabaseFileNames Compact { get; } = new("runner-compact.db", "runner-compact-log.db");
}
