using Microsoft.Extensions.Logging;
using Runner.Engine.Telemetry;

namespace Runner.Engine.Hub;

/// <summary>How the outbox stands.</summary>
/// <param name="Waiting">Events written but not yet taken by the hub.</param>
/// <param name="Sent">Events taken since the start of the process.</param>
/// <param name="LastError">Why the last attempt failed, or that no hub is configured; empty when all is well. Holds no secret.</param>
/// <param name="LastSentAt">When the hub last took an event, also before the start of the process.</param>
public sealed record OutboxStatus(int Waiting, long Sent, string LastError, DateTimeOffset? LastSentAt)
{
    /// <summary>Of those that wait, the ones that the hub answered it does not want. They are tried again with growing pauses, and hold up later ones of their resource.</summary>
    public int Refused { get; init; }

    /// <summary>True while it is not known where the hub is.</summary>
    public bool Unset { get; init; }
}

/// <summary>One event, as the console shows it.</summary>
/// <param name="Sequence">Its number in the order of writing.</param>
/// <param name="Resource">What it is about; events of one resource go out in order.</param>
/// <param name="SentAt">Null while the hub has not taken it.</param>
/// <param name="Attempts">Failed attempts since the start of the process; counted for the first event of a resource, the others wait for it.</param>
/// <param name="NextTry">When it is tried next; null when it was not tried yet or is sent.</param>
/// <param name="Problem">Why the last attempt failed. Holds no secret.</param>
/// <param name="Body">The JSON that the hub gets.</param>
public sealed record OutboxEvent(
    long Sequence, string Resource, string Type, string ClusterId, DateTimeOffset WrittenAt, DateTimeOffset? SentAt, int Attempts, DateTimeOffset? NextTry, string Problem, string Body)
{
    /// <summary>Whether the hub answered that it does not want the event.</summary>
    public bool Refused { get; init; }
}

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
    private readonly HashSet<long> _taken = [];
    private readonly MinuteCounts _written = new();
    private readonly Signal _wake = new();
    private readonly long _start;
    private OutboxLanes _lanes = new(Random.Shared.NextDouble);
    private int _term;
    private long _loaded;
    private long _sent;
    private string _lastError;
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
                return new(_lanes.Waiting, _sent, _lastError, _lastSentAt) { Refused = _lanes.Refused, Unset = !_client.KnowsHub };
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
    public static string PayloadOf(OutboxEvent e) => Clusters.Manifest.MaskJson(e.Body);

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
            _lastError = _client.WhyNot;
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

    /// <summary>Sends until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!_client.MaySend)
        {
            LogSilent(_client.WhyNot);
        }

        while (!cancellationToken.IsCancellationRequested)
        {
            if (!await SucceedAsync(cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            var now = Uptime;
            TimeSpan? due = null;
            lock (_lock)
            {
                while (_client.MaySend && _lanes.Next(now, Parallel) is { } next)
                {
                    _ = SendAsync(next.Resource, next.Sequence, cancellationToken);
                }

                due = _client.MaySend ? _lanes.Due() : null;
            }

            // What is due already waits for one that is in flight, whose end wakes us.
            await _wake.WaitAsync(due is { } at && at > now ? at - now : Timeout.InfiniteTimeSpan, _time, cancellationToken).ConfigureAwait(false);
        }

        // What is in flight is given up at once, but not before it has let go of the database.
        while (InFlight() > 0)
        {
            await _wake.WaitAsync(Timeout.InfiniteTimeSpan, _time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until nothing is on its way to the hub, or for so long.</summary>
    internal async Task QuietAsync(TimeSpan patience)
    {
        var began = _time.GetTimestamp();
        while (InFlight() > 0 && _time.GetElapsedTime(began) < patience)
        {
            await Task.Delay(Glance, _time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Takes up what the replica that spoke before has left, each time that this one is elected.</summary>
    /// <returns>False when it has to be tried again.</returns>
    private async Task<bool> SucceedAsync(CancellationToken cancellationToken)
    {
        var term = _leadership.Term;
        if (term == _term)
        {
            return true;
        }

        // What this process had begun in its last term has been broken off; it is told of before anything is begun anew.
        if (InFlight() > 0)
        {
            await Task.Delay(Glance, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }

        try
        {
            lock (_lock)
            {
                // Read under the lock: what is added at the same moment is either read here or put into the new lanes.
                var facts = _store.Load();
                _lanes = new OutboxLanes(Random.Shared.NextDouble);
                Fill(facts);
            }

            _term = term;
            Raise();
            return true;
        }
        catch (IOException exception)
        {
            LogNotRead(exception.Message);
            await Task.Delay(DiskPause, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }
    }

    private void Fill(IReadOnlyList<OutboxFact> facts)
    {
        foreach (var fact in facts)
        {
            _loaded = Math.Max(_loaded, fact.Sequence);
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
        var (attempts, next, problem) = document.SentAt is null ? _lanes.At(document.Resource, document.Sequence) : (0, null, "");
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
            foreach (var fact in facts)
            {
                // Those that were there when the lanes were filled are in them.
                if (fact.Sequence > _loaded)
                {
                    _lanes.Add(fact.Resource, fact.Sequence);
                }

                _written.Add(fact.WrittenAt, 1);
            }
        }

        _wake.Set();
        Raise();
    }

    private async Task SendAsync(string resource, long sequence, CancellationToken cancellationToken)
    {
        // Off the lock of the caller.
        await Task.Yield();
        HubAnswer answer = default;
        try
        {
            var stored = _store.Find(sequence) ?? throw new InvalidOperationException($"Event {sequence} of {resource} is not on disk.");
            answer = stored.SentAt is not null || IsTaken(sequence) ? new(HubVerdict.Taken, "") : await _client.SendAsync(stored.Body, cancellationToken).ConfigureAwait(false);
            if (answer.Verdict == HubVerdict.Silenced)
            {
                GiveBack(resource, TimeSpan.Zero, answer.Problem);
                return;
            }

            if (answer.Verdict == HubVerdict.Taken)
            {
                Take(sequence);
                await _store.MarkSentAsync(sequence, CancellationToken.None).ConfigureAwait(false);
                Forget(sequence);
                EngineMetrics.EventsSent.Add(1, new KeyValuePair<string, object?>("event_type", stored.Type));
            }
            else
            {
                EngineMetrics.SendFailures.Add(1, new KeyValuePair<string, object?>("verdict", answer.Verdict));
            }

            Finish(resource, sequence, answer);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            GiveBack(resource, TimeSpan.Zero);
        }
#pragma warning disable CA1031 // The event stays and is tried again; a loop that sends must not end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotSent(sequence, resource, exception.Message);
            GiveBack(resource, DiskPause, exception.Message);
        }
    }

    /// <summary>Whether the hub has taken the event, though that could not be written down.</summary>
    private bool IsTaken(long sequence)
    {
        lock (_lock)
        {
            return _taken.Contains(sequence);
        }
    }

    private void Take(long sequence)
    {
        lock (_lock)
        {
            _taken.Add(sequence);
        }
    }

    private void Forget(long sequence)
    {
        lock (_lock)
        {
            _taken.Remove(sequence);
        }
    }

    private void Finish(string resource, long sequence, HubAnswer answer)
    {
        lock (_lock)
        {
            _lanes.Done(resource, answer, Uptime);
            _lastError = answer.Problem;
            if (answer.Verdict == HubVerdict.Taken)
            {
                _sent++;
                _lastSentAt = _time.GetUtcNow();
            }
        }

        if (answer.Verdict != HubVerdict.Taken)
        {
            LogNotSent(sequence, resource, answer.Problem);
        }

        _wake.Set();
        Raise();
    }

    private void GiveBack(string resource, TimeSpan pause, string? problem = null)
    {
        lock (_lock)
        {
            _lanes.Return(resource, Uptime, pause);
            _lastError = problem ?? _lastError;
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

    [LoggerMessage(LogLevel.Error, "What waits for the hub cannot be read and is tried again: {Problem}")]
    private partial void LogNotRead(string problem);

    [LoggerMessage(LogLevel.Error, "Somebody who follows the outbox failed; sending goes on")]
    private partial void LogOnlooker(Exception exception);

    [LoggerMessage(LogLevel.Warning, "Event {Sequence} of {Resource} was not taken and is tried again: {Problem}")]
    private partial void LogNotSent(long sequence, string resource, string problem);

    [LoggerMessage(LogLevel.Warning, "Nothing is sent: {Reason}")]
    private partial void LogSilent(string reason);
}
