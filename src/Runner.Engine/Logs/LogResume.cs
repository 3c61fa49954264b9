namespace Runner.Engine.Logs;

/// <summary>Where the reading of a container stands, so that another reader can go on from there.</summary>
/// <param name="cursor">Which lines were read.</param>
/// <param name="run">Restart count of the run that the last line is of.</param>
/// <param name="podUid">Of the pod: a later one of its name is another one.</param>
internal sealed class LogResume(LogCursor cursor, int run, string podUid)
{
    public LogCursor Cursor { get; } = cursor;

    public string PodUid { get; } = podUid;

    /// <summary>The run that is read now.</summary>
    public int Run { get; set; } = run;
}
