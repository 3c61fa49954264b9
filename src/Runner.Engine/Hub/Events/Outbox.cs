using Microsoft.Extensions.Logging;
using Runner.Engine.Telemetry;

namespace Runner.Engine.Hub.Events;

/// <summary>
/// Events for the hub. Each is on disk before it is sent, goes out in order per resource, and is retried with growing pauses (1 s to 5 min)
/// until taken. While no hub is configured they wait on disk without limit. At least once: an event that the hub took just before the
/// process died is sent again, before any later one of its resource.
/// </summary>
public sealed partial class Outbox
{
    private const int Parallel = 8;
    private static readonly TimeSpan DiskPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly OutboxStore _store;
    private readonly HubClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly HubLeadership _leadership;
    private readonly Dictionary<long, string> _taken = [];

    /// <summary>Numbers that came into the lanes before whoever wrote them has told of them, who may never do.</summary>
    private readonly HashSet<long> _early = [];
    private readonly MinuteCounts _written = new();
    private readonly Signal _wake = new();
    private readonly long _start;
    private OutboxLanes _lanes = new(Random.Shared.NextDouble);
    private int _term;
    private long _loaded;
    private long _last;
    private long _sent;
    private LocalText _lastError;
    private bool _tokenRefused;
    private DateTimeOffset? _lastSentAt;

    /// <param name="leadership">Null for a process that always speaks.</param>
    internal Outbox(OutboxStore store, HubClient client, TimeProvider time, ILogger<Outbox> logger, HubLeadership? leadership = null)
    {
        _leadership = leadership ?? HubLeadership.Alone;
        _store = store;
        _client = client;
        _time = time;
        _logger = logger;
        _start = time.GetTimestamp();
        _lastError = client.WhyNot;
        foreach (var fact in store.Loaded)
        {
            _written.Add(fact.WrittenAt, 1);
        }

        Fill(store.Loaded);
    }

    public OutboxStatus Status
    {
        get
        {
            lock (_lock)
            {
                return new(_lanes.Waiting, _sent, _lastError, _lastSentAt) { Refused = _lanes.Refused, StandsBy = _client.StandsBy, TokenRefused = _tokenRefused };
            }
        }
    }

    /// <summary>Raised, on any thread, when <see cref="Status"/> changes. Handlers must be quick; one that throws is logged and disturbs nothing.</summary>
    public event Action? StatusChanged;

    /// <summary>How long the process has been up, which no setting of the clock changes.</summary>
    private TimeSpan Uptime => _time.GetElapsedTime(_start);

    /// <summary>Events written per minute, oldest first, for the last <paramref name="minutes"/> minutes, at most a day's; the last one is the minute that runs.</summary>
    public IReadOnlyList<int> PerMinute(int minutes)
    {
        lock (_lock)
        {
            return _written.Last(minutes, _time.GetUtcNow());
        }
    }

    /// <summary>The newest events, sent ones included, newest first. Reads from disk.</summary>
    /// <param name="limit">At most so many; of the sent ones the last 2,000 are kept.</param>
    public IReadOnlyList<OutboxEvent> Recent(int limit)
    {
        var documents = _store.Newest(limit);
        var (now, uptime) = (_time.GetUtcNow(), Uptime);
        lock (_lock)
        {
            return [.. documents.Select(document => Show(document, now, uptime))];
        }
    }

    /// <summary>One event; null when it is not kept any more. Reads from disk.</summary>
    public OutboxEvent? Find(long sequence)
    {
        if (_store.Find(sequence) is not { } document)
        {
            return null;
        }

        var (now, uptime) = (_time.GetUtcNow(), Uptime);
        lock (_lock)
        {
            return Show(document, now, uptime);
        }
    }

    /// <summary>What an event tells the hub, to be shown: JSON, indented, with what looks secret in it hidden.</summary>
    public static string PayloadOf(OutboxEvent e) => Clusters.Api.Manifest.MaskJson(e.Body);

    /// <summary>Tries everything that waits at once, whatever pause it is in.</summary>
    public void RetryNow()
    {
        lock (_lock)
        {
            _lanes.RetryNow();
        }

        _wake.Set();
    }

    /// <summary>Goes on with the hub that the client points to now, or as the one who speaks to it.</summary>
    internal void HubMoved()
    {
        lock (_lock)
        {
            (_lastError, _tokenRefused) = (_client.WhyNot, false);
        }

        RetryNow();
        Raise();
    }

    /// <summary>Writes events that tell of no workload. When it returns they are on disk and will be sent.</summary>
    /// <exception cref="IOException">The disk refused; nothing was written.</exception>
    internal async Task AddAsync(IReadOnlyCollection<HubEvent> events, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Added(events, await _store.AddAsync(events, CancellationToken.None).ConfigureAwait(false));
    }

    /// <summary>Writes events together with what they tell. When it returns they are on disk and will be sent.</summary>
    /// <exception cref="IOException">The disk refused; nothing was written.</exception>
    internal async Task AddAsync(IReadOnlyCollection<OutboxEntry> entries, CancellationToken cancellationToken)
    {
        // Not given up halfway: what is on disk must be in the lanes.
        cancellationToken.ThrowIfCancellationRequested();
        Added(entries.SelectMany(entry => entry.Events), await _store.AddAsync(entries, CancellationToken.None).ConfigureAwait(false));
    }

    /// <summary>Puts into the lanes what is on disk and whose writer was told that it is not.</summary>
    internal void TakeUp()
    {
        try
        {
            lock (_lock)
            {
                TakeUpUnknown();
            }
        }
        catch (IOException exception)
        {
            // Whatever is written next finds that there is something before it.
            LogNotRead(exception.Message);
        }

        _wake.Set();
        Raise();
    }

    /// <summary>Under the lock. Before this replica has looked at what another one has left, it knows of no number.</summary>
    private void TakeUpUnknown()
    {
        if (!_store.IsShared || _term != _leadership.Term)
        {
            return;
        }

        foreach (var fact in _store.After(_last))
        {
            _last = fact.Sequence;
            if (fact.SentAt is null && _early.Add(fact.Sequence))
            {
                _lanes.Add(fact.Resource, fact.Sequence);
            }
        }
    }

    private void Fill(IReadOnlyList<OutboxFact> facts)
    {
        foreach (var fact in facts)
        {
            _loaded = Math.Max(_loaded, fact.Sequence);
            _last = Math.Max(_last, fact.Sequence);
            if (fact.SentAt is { } sentAt)
            {
                _lastSentAt = _lastSentAt is { } last && last > sentAt ? last : sentAt;
            }
            else
            {
                _lanes.Add(fact.Resource, fact.Sequence);
            }
        }
    }

    private OutboxEvent Show(OutboxDocument document, DateTimeOffset now, TimeSpan uptime)
    {
        var (attempts, next, problem) = document.SentAt is null ? _lanes.At(document.Resource, document.Sequence) : (0, null, LocalText.None);
        return new OutboxEvent(
            document.Sequence, document.Resource, document.Type, document.ClusterId, document.WrittenAt, document.SentAt, attempts, next is { } at ? now + (at - uptime) : null, problem, document.Body)
        {
            Refused = document.SentAt is null && _lanes.IsRefused(document.Resource, document.Sequence),
        };
    }

    private int InFlight()
    {
        lock (_lock)
        {
            return _lanes.InFlight;
        }
    }

    private void Added(IEnumerable<HubEvent> events, IReadOnlyList<OutboxFact> facts)
    {
        foreach (var e in events)
        {
            EngineMetrics.EventsWritten.Add(1, new KeyValuePair<string, object?>("event_type", e.Type));
        }

        lock (_lock)
        {
            if (facts is [var first, ..] && first.Sequence > _last + 1)
            {
                // What is in between goes out first.
                TakeUpUnknown();
            }

            foreach (var fact in facts)
            {
                // Those that were there when the lanes were filled are in them.
                if (fact.Sequence > _loaded && !_early.Remove(fact.Sequence))
                {
                    _lanes.Add(fact.Resource, fact.Sequence);
                }

                _last = Math.Max(_last, fact.Sequence);

                _written.Add(fact.WrittenAt, 1);
            }
        }

        _wake.Set();
        Raise();
    }

    private void Raise()
    {
        foreach (var handler in StatusChanged?.GetInvocationList().Cast<Action>() ?? [])
        {
            try
            {
                handler();
            }
#pragma warning disable CA1031 // Who only looks on must not stop events from being sent, nor the other onlookers.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogOnlooker(exception);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "Somebody who follows the outbox failed; sending goes on")]
    private partial void LogOnlooker(Exception exception);
}
