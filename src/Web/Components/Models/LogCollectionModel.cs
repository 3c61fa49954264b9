using Runner.Engine.Logs.Collector;

namespace Runner.Web.Components.Models;

/// <summary>What the page of log collection shows. Reads memory once a second while it is watched.</summary>
internal sealed class LogCollectionModel(LogCollection collection, TimeProvider time) : IDisposable
{
    private readonly PeriodicReading _reading = new(time, TimeSpan.FromSeconds(1));

    public LogCollectionStatus Status { get; private set; } = collection.Status;

    /// <summary>Lines sent between the last two readings.</summary>
    public double LinesPerSecond { get; private set; }

    public bool Trouble => Status.Problem.Length > 0;

    public long Dropped => Status.Dropped.Values.Sum();

    /// <summary>Reads again each second until disposed, and tells of it.</summary>
    public void Watch(Func<Task> changed) => _reading.Watch(Read, changed);

    public void Read()
    {
        var now = collection.Status;
        var elapsed = _reading.SinceLast().TotalSeconds;
        LinesPerSecond = elapsed > 0 ? (now.Sent - Status.Sent) / elapsed : 0;
        Status = now;
    }

    public void Dispose() => _reading.Dispose();
}
