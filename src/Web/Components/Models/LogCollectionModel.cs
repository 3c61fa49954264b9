using Runner.Engine.Logs.Collector;

namespace Runner.Web.Components.Models;

/// <summary>What the page of log collection shows. Reads memory once a second while it is watched.</summary>
internal sealed class LogCollectionModel(LogCollection collection, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private ITimer? _timer;
    private long _readAt;

    public LogCollectionStatus Status { get; private set; } = collection.Status;

    /// <summary>Lines sent between the last two readings.</summary>
    public double LinesPerSecond { get; private set; }

    public bool Trouble => Status.Problem.Length > 0;

    public long Dropped => Status.Dropped.Values.Sum();

    /// <summary>Reads again each second until disposed, and tells of it.</summary>
    public void Watch(Func<Task> changed) => _timer ??= time.CreateTimer(
        _ =>
        {
            Read();
            _ = changed();
        },
        null,
        Interval,
        Interval);

    public void Read()
    {
        var now = collection.Status;
        var elapsed = _readAt == 0 ? 0 : time.GetElapsedTime(_readAt).TotalSeconds;
        LinesPerSecond = elapsed > 0 ? (now.Sent - Status.Sent) / elapsed : 0;
        (_readAt, Status) = (time.GetTimestamp(), now);
    }

    public void Dispose() => _timer?.Dispose();
}
