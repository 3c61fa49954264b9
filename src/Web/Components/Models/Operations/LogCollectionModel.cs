using Runner.Engine.Configuration;
using Runner.Engine.Logs.Collector;

namespace Runner.Web.Components.Models.Operations;

/// <summary>
/// What the page of log collection shows: what this process sends, and, where a process of its own collects what pods say, how that one stands. Reads memory once a second while it is
/// watched; the other process is asked every 5 seconds, for all who watch together.
/// </summary>
internal sealed class LogCollectionModel(LogCollection collection, SeparateCollector separate, TimeProvider time) : IDisposable
{
    private readonly PeriodicReading _reading = new(time, TimeSpan.FromSeconds(1));
    private DateTimeOffset? _answerAt;
    private long _answerSent;

    /// <summary>Of this process.</summary>
    public LogCollectionStatus Status { get; private set; } = collection.Status;

    /// <summary>Of the process that collects what pods say; null where it is this one.</summary>
    public SeparateCollectorState? Collector { get; private set; } = collection.Status.Mode == LogCollectorMode.Separate ? separate.State : null;

    /// <summary>Whether it is known where that process is.</summary>
    public bool CollectorKnown => separate.Available;

    public string CollectorAuthority => separate.Authority;

    /// <summary>Lines sent a second between the last two readings of what collects; null before the second one.</summary>
    public double? LinesPerSecond { get; private set; }

    /// <summary>The collector's figures are not those of now.</summary>
    public bool Stale => Collector is { Status: not null, Problem.Length: > 0 };

    public CollectionState State =>
        Status.Problem.Length > 0 || Collector is { Problem.Length: > 0 } or { Status.Problem.Length: > 0 } ? CollectionState.Trouble
        : Collector is not null && !CollectorKnown ? CollectionState.Unknown
        : (Collector is { } collector ? collector.Status?.LastSentAt : Status.LastSentAt) is null ? CollectionState.Idle
        : CollectionState.Well;

    /// <summary>Reads again each second until disposed, and tells of it.</summary>
    public void Watch(Func<Task> changed) => _reading.Watch(Read, changed);

    public void Read()
    {
        var now = collection.Status;
        var elapsed = _reading.SinceLast().TotalSeconds;
        if (Collector is null)
        {
            LinesPerSecond = elapsed > 0 ? (now.Sent - Status.Sent) / elapsed : null;
        }
        else
        {
            separate.Refresh();
            Collector = separate.State;
            ReadRate(Collector);
        }

        Status = now;
    }

    public void Dispose() => _reading.Dispose();

    /// <summary>Between two answers; a process that began anew counts from 0.</summary>
    private void ReadRate(SeparateCollectorState state)
    {
        if (state is { At: { } at, Status: { } answer } && at != _answerAt)
        {
            LinesPerSecond = _answerAt is { } before && answer.Sent >= _answerSent ? (answer.Sent - _answerSent) / (at - before).TotalSeconds : null;
            (_answerAt, _answerSent) = (at, answer.Sent);
        }
    }
}

/// <summary>How log collection stands, in a word.</summary>
internal enum CollectionState
{
    Well,
    Idle,

    /// <summary>The process that collects is not known to this one.</summary>
    Unknown,
    Trouble,
}
