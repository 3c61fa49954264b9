namespace Runner.Engine.Logs.Collector;

/// <summary>Keeps to so many bytes a second, with some in advance after a pause: as Loki counts.</summary>
/// <param name="bytesPerSecond">0 for no limit.</param>
internal sealed class IngestionPace(long bytesPerSecond, TimeProvider time)
{
    // Of Loki's burst of 6 MB at 4 MB a second less is used: others send too.
    private readonly double _burst = bytesPerSecond;
    private double _saved = bytesPerSecond;
    private long _at = time.GetTimestamp();

    /// <summary>Notes that bytes are sent.</summary>
    /// <returns>How long to wait before the next ones.</returns>
    public TimeSpan Spend(long bytes)
    {
        if (bytesPerSecond == 0)
        {
            return TimeSpan.Zero;
        }

        var now = time.GetTimestamp();
        _saved = Math.Min(_burst, _saved + (time.GetElapsedTime(_at, now).TotalSeconds * bytesPerSecond)) - bytes;
        _at = now;
        return _saved >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_saved / bytesPerSecond);
    }
}
