using LiteDB;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub.Events;

/// <summary>An event as it lies on disk.</summary>
internal sealed class OutboxDocument
{
    /// <summary>Number in the order of writing, from 1.</summary>
    [BsonId(autoId: false)]
    public long Sequence { get; set; }

    public string Resource { get; set; } = "";

    public string Type { get; set; } = "";

    public string ClusterId { get; set; } = "";

    public string Body { get; set; } = "";

    public DateTime WrittenAt { get; set; }

    /// <summary>Null while the hub has not taken it.</summary>
    public DateTime? SentAt { get; set; }
}

/// <summary>What the hub was last told of a workload, as it lies on disk.</summary>
internal sealed class ToldDocument
{
    [BsonId(autoId: false)]
    public string Id { get; set; } = "";

    public string Cluster { get; set; } = "";

    public WorkloadKind Kind { get; set; }

    public string Namespace { get; set; } = "";

    public string Name { get; set; } = "";

    public string Uid { get; set; } = "";

    public string ClusterId { get; set; } = "";

    public long TaskId { get; set; }

    public DeployStatus Status { get; set; }

    public string Reason { get; set; } = "";

    public string Endpoint { get; set; } = "";

    public string Detail { get; set; } = "";

    public ToldState ToState() => new(new WorkloadKey(Cluster, Kind, Namespace, Name), Uid, ClusterId, TaskId, Status, Reason, Endpoint, Detail);

    public static ToldDocument From(ToldState state) => new()
    {
        Id = state.Key.ToString(),
        Cluster = state.Key.Cluster,
        Kind = state.Key.Kind,
        Namespace = state.Key.Namespace,
        Name = state.Key.Name,
        Uid = state.Uid,
        ClusterId = state.ClusterId,
        TaskId = state.TaskId,
        Status = state.Status,
        Reason = state.Reason,
        Endpoint = state.Endpoint,
        Detail = state.Detail,
    };
}

/// <summary>One step of telling: events, and what the hub has been told of a workload with them. Written together or not at all.</summary>
/// <param name="Told">Null when the workload is gone.</param>
internal sealed record OutboxEntry(WorkloadKey Key, IReadOnlyList<HubEvent> Events, ToldState? Told)
{
    /// <summary>What the hub had been told when this was decided; null for nothing. Looked at only where replicas share the state.</summary>
    public ToldState? Before { get; init; }
}

/// <summary>The hub has been told something else of a workload than was thought when its next events were decided; nothing was written.</summary>
internal sealed class ToldOtherwiseException(WorkloadKey key)
    : Exception($"What the hub was told of {key} is not what was thought: a write of which nobody heard that it was carried out was carried out after all.");

/// <summary>An event without its body.</summary>
/// <param name="SentAt">Null while the hub has not taken it.</param>
internal readonly record struct OutboxFact(long Sequence, string Resource, DateTime WrittenAt, DateTime? SentAt);

/// <summary>
/// The outbox in the state. Events that were sent are kept, at least the last <see cref="SentKept"/> of them, for the console. Where replicas share the state only the one that
/// <see cref="ClaimAsync">claimed</see> it last can add to it.
/// </summary>
internal sealed class OutboxStore : IPrunable
{
    public const int SentKept = 2000;

    /// <summary>So many more than <see cref="SentKept"/> are removed together: most events are noted as taken without a look at older ones.</summary>
    internal const int SentTogether = 100;

    private readonly IStateStore _state;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private SentEvents _sent = new([]);
    private string _speaker = "";

    public OutboxStore(IStateStore state, TimeProvider time, RetentionOptions? retention = null)
    {
        KeptFor = (retention ?? new()).SentEvents;
        _state = state;
        _time = time;
        Loaded = Load();
    }

    /// <summary>What was there at the start, in the order of writing.</summary>
    public IReadOnlyList<OutboxFact> Loaded { get; }

    /// <summary>Whether replicas share the outbox and what the hub was told.</summary>
    public bool IsShared => _state.IsShared;

    public string What => "events that the hub has taken";

    public TimeSpan KeptFor { get; }

    /// <summary>Makes this replica, and no other any more, the one that adds to the outbox. When it returns all that another one has added is known here.</summary>
    /// <param name="may">Asked each time that the claim is tried, on what is newest then: a process that was paused while it claimed must not claim over whoever did since.</param>
    /// <exception cref="IOException">It cannot be written now, or may not.</exception>
    public async Task ClaimAsync(string speaker, Func<bool> may, CancellationToken cancellationToken)
    {
        await _state.WriteAsync(
            transaction => may()
                ? transaction.Collection(StateCollections.HubSpeaker).Upsert(new BsonDocument { ["_id"] = 1, ["name"] = speaker, ["since"] = _time.GetUtcNow().UtcDateTime })
                : throw new StateUnavailableException(new("The Lease has run out meanwhile.", "Lease 在此期间已过期。")),
            cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _speaker, speaker);
    }

    /// <summary>Returns when it is known what the outbox is.</summary>
    public Task WhenReadyAsync(CancellationToken cancellationToken) => _state.WhenReadyAsync(cancellationToken);

    /// <summary>Whether the claim still stands, as far as this replica knows.</summary>
    public bool IsClaimed(string speaker) => _state.Read(db => db.GetCollection(StateCollections.HubSpeaker).FindById(1)) is { } document && document["name"].AsString == speaker;

    /// <summary>Reads what is there now, in the order of writing.</summary>
    public IReadOnlyList<OutboxFact> Load()
    {
        var loaded = _state.Read(db => db.GetCollection(StateCollections.Outbox).FindAll().Select(StateMapping<OutboxDocument>.ToObject)
            .Select(FactOf).ToList());
        lock (_lock)
        {
            _sent = new(loaded.Where(e => e.SentAt is not null).Select(e => new SentEvent(e.Sequence, e.SentAt!.Value)));
        }

        return loaded;
    }

    public IReadOnlyList<ToldState> Told() =>
        _state.Read(db => db.GetCollection(StateCollections.Told).FindAll().Select(StateMapping<ToldDocument>.ToObject).Select(told => told.ToState()).ToList());

    /// <summary>Events with a higher number, in the order of writing.</summary>
    public IReadOnlyList<OutboxFact> After(long sequence) => _state.Read(db => db.GetCollection(StateCollections.Outbox).Find(Query.GT("_id", sequence)).Select(StateMapping<OutboxDocument>.ToObject)
        .Select(FactOf).OrderBy(fact => fact.Sequence).ToList());

    public OutboxDocument? Find(long sequence) =>
        _state.Read(db => db.GetCollection(StateCollections.Outbox).FindById(sequence)) is { } document ? StateMapping<OutboxDocument>.ToObject(document) : null;

    /// <summary>Bodies of the events of a resource that the hub had not taken when the process began, in order.</summary>
    public IReadOnlyList<string> WaitingBodies(string resource) =>
        [.. Loaded.Where(fact => fact.Resource == resource && fact.SentAt is null).Select(fact => Find(fact.Sequence)).Where(found => found is { SentAt: null }).Select(found => found!.Body)];

    /// <summary>The newest events, newest first.</summary>
    public IReadOnlyList<OutboxDocument> Newest(int limit) =>
        _state.Read(db => db.GetCollection(StateCollections.Outbox).Find(Query.All(Query.Descending), 0, limit).Select(StateMapping<OutboxDocument>.ToObject).ToList());

    /// <summary>Writes events and what they tell in one transaction.</summary>
    /// <returns>The events as they are on disk.</returns>
    /// <exception cref="IOException">It cannot be written now, or another replica speaks to the hub; nothing was written, as far as can be known.</exception>
    /// <exception cref="ToldOtherwiseException">Not all is decided from what the hub was told last; nothing was written.</exception>
    public Task<IReadOnlyList<OutboxFact>> AddAsync(IReadOnlyCollection<OutboxEntry> entries, CancellationToken cancellationToken) => AddAsync(
        transaction =>
        {
            var tolds = transaction.Collection(StateCollections.Told);
            foreach (var entry in entries)
            {
                if (_state.IsShared && !Equals(entry.Before, tolds.FindById(entry.Key.ToString()) is { } last ? StateMapping<ToldDocument>.ToObject(last).ToState() : null))
                {
                    throw new ToldOtherwiseException(entry.Key);
                }

                if (entry.Told is { } told)
                {
                    tolds.Upsert(StateMapping<ToldDocument>.ToDocument(ToldDocument.From(told)));
                }
                else
                {
                    tolds.Delete(entry.Key.ToString());
                }
            }

            return entries.SelectMany(entry => entry.Events);
        },
        cancellationToken);

    /// <summary>Writes events that tell of no workload in one transaction.</summary>
    /// <inheritdoc cref="AddAsync(IReadOnlyCollection{OutboxEntry}, CancellationToken)"/>
    public Task<IReadOnlyList<OutboxFact>> AddAsync(IReadOnlyCollection<HubEvent> events, CancellationToken cancellationToken) => AddAsync(_ => events, cancellationToken);

    /// <summary>Notes that the hub took an event.</summary>
    public async Task MarkSentAsync(long sequence, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        IReadOnlyList<SentEvent> tooMany;
        lock (_lock)
        {
            // Noted once, however often it has to be tried.
            _sent.Add(new(sequence, now));
            tooMany = _sent.Count < SentKept + SentTogether ? [] : _sent.TakeOldest(_sent.Count - SentKept);
        }

        await RemoveAsync(
            tooMany,
            events =>
            {
                if (events.FindById(sequence) is { } sent && !IsSent(sent))
                {
                    sent[nameof(OutboxDocument.SentAt)] = now;
                    events.Update(sent);
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes events that the hub took before a moment; those that wait stay, and so does the newest of all: numbers never begin anew.</summary>
    public async Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        List<SentEvent> old;
        lock (_lock)
        {
            old = _sent.TakeBefore(before.UtcDateTime);
        }

        return old.Count == 0 ? 0 : await RemoveAsync(old, _ => { }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes sent events, and does something with all events in the same transaction. Where that fails they are known as sent again.</summary>
    private async Task<int> RemoveAsync(IReadOnlyList<SentEvent> old, Action<StateCollection> also, CancellationToken cancellationToken)
    {
        try
        {
            var (removed, newest) = await _state.WriteAsync(
                transaction =>
                {
                    var events = transaction.Collection(StateCollections.Outbox);
                    also(events);
                    if (old.Count == 0)
                    {
                        return (0, 0);
                    }

                    // The last number stays, whatever its age, because the next one is counted from it. What could not be noted as sent when it was counted still waits, and stays.
                    var last = LastOf(events);
                    return (old.Count(sent => sent.Sequence != last && events.FindById(sent.Sequence) is { } known && IsSent(known) && events.Delete(sent.Sequence)), last);
                },
                cancellationToken).ConfigureAwait(false);
            lock (_lock)
            {
                // It may go with the next ones, when there are later numbers.
                _sent.PutBack(old.Where(sent => sent.Sequence == newest));
            }

            return removed;
        }
        catch
        {
            lock (_lock)
            {
                _sent.PutBack(old);
            }

            throw;
        }
    }

    /// <summary>The highest number there is, 0 where there is none.</summary>
    private static long LastOf(StateCollection events) => events.Find(Query.All(Query.Descending), 0, 1) is [var newest] ? newest["_id"].AsInt64 : 0;

    private static OutboxFact FactOf(OutboxDocument e) => new(e.Sequence, e.Resource, e.WrittenAt, e.SentAt);

    private static bool IsSent(BsonDocument document) => document[nameof(OutboxDocument.SentAt)].IsDateTime;

    private Task<IReadOnlyList<OutboxFact>> AddAsync(Func<StateTransaction, IEnumerable<HubEvent>> tell, CancellationToken cancellationToken)
    {
        var speaker = Volatile.Read(ref _speaker);
        var now = _time.GetUtcNow().UtcDateTime;
        return _state.WriteAsync<IReadOnlyList<OutboxFact>>(
            transaction =>
            {
                if (_state.IsShared && transaction.Collection(StateCollections.HubSpeaker).FindById(1)?["name"].AsString is { } other && other != speaker)
                {
                    throw new StateUnavailableException(new($"Replica {other} speaks to the hub.", $"副本 {other} 与 Hub 通信。"));
                }

                var outbox = transaction.Collection(StateCollections.Outbox);
                var last = LastOf(outbox);
                var added = tell(transaction)
                    .Select(e => new OutboxDocument { Sequence = ++last, Resource = e.Resource, Type = e.Type, ClusterId = e.ClusterId, Body = e.Body, WrittenAt = now })
                    .ToList();
                foreach (var document in added)
                {
                    outbox.Insert(StateMapping<OutboxDocument>.ToDocument(document));
                }

                return added.ConvertAll(FactOf);
            },
            cancellationToken);
    }
}
