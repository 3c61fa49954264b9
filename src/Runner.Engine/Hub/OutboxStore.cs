using LiteDB;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub;

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
internal sealed record OutboxEntry(WorkloadKey Key, IReadOnlyList<HubEvent> Events, ToldState? Told);

/// <summary>An event without its body.</summary>
/// <param name="SentAt">Null while the hub has not taken it.</param>
internal readonly record struct OutboxFact(long Sequence, string Resource, DateTime WrittenAt, DateTime? SentAt);

/// <summary>The outbox on disk. Events that were sent are kept, the last <see cref="SentKept"/> of them, for the console.</summary>
internal sealed class OutboxStore : IPrunable
{
    public const int SentKept = 2000;

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly Queue<long> _sent;

    // Both are used on the database's writer thread only.
    private long _last;

    public OutboxStore(Database database, TimeProvider time, RetentionOptions? retention = null)
    {
        KeptFor = (retention ?? new()).SentEvents;
        _database = database;
        _time = time;
        database.Register<OutboxDocument>();
        database.Register<ToldDocument>();
        Loaded = database.Read(db => Events(db).FindAll().Select(e => new OutboxFact(e.Sequence, e.Resource, e.WrittenAt, e.SentAt)).ToList());
        _last = Loaded.Count == 0 ? 0 : Loaded[^1].Sequence;
        _sent = new(Loaded.Where(e => e.SentAt is not null).OrderBy(e => e.SentAt).Select(e => e.Sequence));
    }

    /// <summary>What was on disk at the start, in the order of writing.</summary>
    public IReadOnlyList<OutboxFact> Loaded { get; }

    public IReadOnlyList<ToldState> Told() => _database.Read(db => Tolds(db).FindAll().Select(told => told.ToState()).ToList());

    public OutboxDocument? Find(long sequence) => _database.Read(db => Events(db).FindById(sequence));

    /// <summary>Bodies of the events of a resource that the hub had not taken when the process began, in order.</summary>
    public IReadOnlyList<string> WaitingBodies(string resource) =>
        [.. Loaded.Where(fact => fact.Resource == resource && fact.SentAt is null).Select(fact => Find(fact.Sequence)).Where(found => found is { SentAt: null }).Select(found => found!.Body)];

    /// <summary>The newest events, newest first.</summary>
    public IReadOnlyList<OutboxDocument> Newest(int limit) => _database.Read(db => Events(db).Query().OrderByDescending(e => e.Sequence).Limit(limit).ToList());

    /// <summary>Writes events and what they tell in one transaction.</summary>
    /// <returns>The events as they are on disk.</returns>
    public Task<IReadOnlyList<OutboxFact>> AddAsync(IReadOnlyCollection<OutboxEntry> entries, CancellationToken cancellationToken) => _database.WriteAsync<IReadOnlyList<OutboxFact>>(
        db =>
        {
            var added = new List<OutboxDocument>();
            foreach (var entry in entries)
            {
                if (entry.Told is { } told)
                {
                    Tolds(db).Upsert(ToldDocument.From(told));
                }
                else
                {
                    Tolds(db).Delete(entry.Key.ToString());
                }

                added.AddRange(entry.Events.Select(Number));
            }

            return Insert(db, added);
        },
        cancellationToken);

    /// <summary>Writes events that tell of no workload in one transaction.</summary>
    /// <returns>The events as they are on disk.</returns>
    public Task<IReadOnlyList<OutboxFact>> AddAsync(IReadOnlyCollection<HubEvent> events, CancellationToken cancellationToken) =>
        _database.WriteAsync<IReadOnlyList<OutboxFact>>(db => Insert(db, [.. events.Select(Number)]), cancellationToken);

    /// <summary>Notes that the hub took an event.</summary>
    public Task MarkSentAsync(long sequence, CancellationToken cancellationToken) => _database.WriteAsync(
        db =>
        {
            var events = Events(db);
            if (events.FindById(sequence) is { } sent)
            {
                sent.SentAt = _time.GetUtcNow().UtcDateTime;
                events.Update(sent);
                _sent.Enqueue(sequence);
            }

            while (_sent.Count > SentKept)
            {
                events.Delete(_sent.Dequeue());
            }

            return true;
        },
        cancellationToken);

    public string What => "events that the hub has taken";

    public TimeSpan KeptFor { get; }

    /// <summary>Removes events that the hub took before a moment; those that wait stay.</summary>
    public Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) => _database.WriteAsync(
        db =>
        {
            var events = Events(db);
            var removed = 0;
            while (_sent.TryPeek(out var sequence) && (events.FindById(sequence)?.SentAt ?? DateTime.MinValue) < before.UtcDateTime)
            {
                events.Delete(_sent.Dequeue());
                removed++;
            }

            return removed;
        },
        cancellationToken);

    private OutboxDocument Number(HubEvent e) => new()
    {
        Sequence = ++_last,
        Resource = e.Resource,
        Type = e.Type,
        ClusterId = e.ClusterId,
        Body = e.Body,
        WrittenAt = _time.GetUtcNow().UtcDateTime,
    };

    private static List<OutboxFact> Insert(ILiteDatabase db, List<OutboxDocument> added)
    {
        Events(db).Insert(added);
        return added.ConvertAll(e => new OutboxFact(e.Sequence, e.Resource, e.WrittenAt, null));
    }

    private static ILiteCollection<OutboxDocument> Events(ILiteDatabase db) => db.GetCollection<OutboxDocument>("outbox");

    private static ILiteCollection<ToldDocument> Tolds(ILiteDatabase db) => db.GetCollection<ToldDocument>("told");
}
