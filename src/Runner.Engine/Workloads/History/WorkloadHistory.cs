using System.Collections.Concurrent;
using System.Threading.Channels;
using LiteDB;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;

namespace Runner.Engine.Workloads.History;

/// <summary>
/// Keeps which states each workload went through, in the database, so that they outlive the Kubernetes events and the process. A convenience for people, not a
/// promise: nothing waits for the disk, a flood beyond <see cref="MostWaiting"/> loses its oldest and is counted, and what happened while no runner watched is told as such.
/// </summary>
public sealed partial class WorkloadHistory : BackgroundService, IWorkloadObserver, IPrunable
{
    /// <summary>Newest states kept of one workload.</summary>
    public const int MostStates = 100;

    /// <summary>Newest states kept of all workloads together.</summary>
    internal const int MostKept = 50_000;

    /// <summary>States that may wait for the disk: those of the first view of a large cluster come at once.</summary>
    internal const int MostWaiting = 16_384;

    private const int MostWritten = 256;
    private const int Lot = 1000;
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);

    /// <summary>States that come in quick succession share a transaction: nobody waits for it, and readers are given what is not written yet.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly ILogger<WorkloadHistory> _logger;
    private readonly ConcurrentDictionary<string, (WorkloadKey Key, StateChange State)> _last = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Cluster, WorkloadKind Kind), bool> _watched = new();
    private readonly ConcurrentDictionary<StateDocument, bool> _unwritten = new();
    private readonly Channel<StateDocument> _waiting;
    private long _dropped;
    private readonly List<StateDocument> _batch = new(MostWritten);
    private int _written;

    public WorkloadHistory(Database database, RetentionOptions retention, TimeProvider time, ILogger<WorkloadHistory> logger)
    {
        (_database, _time, _logger) = (database, time, logger);
        KeptFor = retention.Records;
        _waiting = Channel.CreateBounded<StateDocument>(
            new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            dropped =>
            {
                _unwritten.TryRemove(dropped, out _);
                Interlocked.Increment(ref _dropped);
            });
        database.Register<StateDocument>();
        foreach (var document in database.Read(db => Documents(db).Query().OrderBy(document => document.Id).ToList()))
        {
            Remember(document);
        }
    }

    public string What => "states that workloads went through";

    public TimeSpan KeptFor { get; }

    /// <summary>States that were lost because the disk could not keep up.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>States that wait for the disk.</summary>
    public int Waiting => _waiting.Reader.Count;

    /// <summary>The states a workload went through, the newest first; at most about <see cref="MostStates"/>.</summary>
    /// <param name="uid">UID of its object.</param>
    public IReadOnlyList<StateChange> Of(WorkloadKey key, string uid)
    {
        var id = IdOf(key, uid);

        // What waits is read first: in between it may be written, and is then seen twice rather than not at all.
        var waiting = _unwritten.Keys.Where(document => document.Workload == id).Select(document => document.ToChange()).ToList();
        var written = _database.Read(db => Documents(db).Query().Where(document => document.Workload == id).OrderByDescending(document => document.Id).Limit(MostStates).ToList());
        return [.. waiting.Concat(written.Select(document => document.ToChange())).Distinct().OrderByDescending(change => change.At)];
    }

    public ValueTask ChangedAsync(Workload? before, Workload? after, CancellationToken cancellationToken)
    {
        if (after is not null)
        {
            Take(after.Key, after.Uid, StateChange.Of(after, Now(), unseen: false));
        }
        else if (before is not null)
        {
            Take(before.Key, before.Uid, Gone(before.Job?.Status ?? "", unseen: false));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask SyncedAsync(WorkloadSnapshot snapshot, CancellationToken cancellationToken)
    {
        var isFirst = snapshot.Kinds.All(kind => _watched.TryAdd((snapshot.Cluster, kind), true));
        foreach (var workload in snapshot.Workloads)
        {
            Take(workload.Key, workload.Uid, StateChange.Of(workload, Now(), isFirst));
        }

        var there = snapshot.Workloads.Select(workload => IdOf(workload.Key, workload.Uid)).ToHashSet(StringComparer.Ordinal);
        foreach (var (id, (key, state)) in _last.Where(known => known.Value.Key.Cluster == snapshot.Cluster && snapshot.TellsOf(known.Value.Key)))
        {
            if (!there.Contains(id))
            {
                Take(id, key, Gone(state.Phase, isFirst));
            }
        }

        return ValueTask.CompletedTask;
    }

    public Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var moment = before.UtcDateTime;
        return _database.WriteAsync(db => Documents(db).DeleteMany(document => document.At < moment), cancellationToken);
    }

    /// <summary>Writes what is left, while the database is still there; also when the loop never began.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        do
        {
            Fill(_batch);
        }
        while (_batch.Count > 0 && await TryWriteAsync(_batch, CancellationToken.None).ConfigureAwait(false));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _waiting.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
        {
            if (Waiting < MostWritten)
            {
                await Task.Delay(Gathering, _time, stoppingToken).ConfigureAwait(false);
            }

            Fill(_batch);
            if (!await TryWriteAsync(_batch, stoppingToken).ConfigureAwait(false))
            {
                await Task.Delay(AfterFailure, _time, stoppingToken).ConfigureAwait(false);
            }
        }
    }

    private void Fill(List<StateDocument> batch)
    {
        while (batch.Count < MostWritten && _waiting.Reader.TryRead(out var document))
        {
            batch.Add(document);
        }
    }

    /// <summary>Writes what is in the batch, and empties it; it stays as it is when the disk refuses.</summary>
    private async Task<bool> TryWriteAsync(List<StateDocument> batch, CancellationToken cancellationToken)
    {
        try
        {
            await _database.WriteAsync(db => Write(Documents(db), batch), cancellationToken).ConfigureAwait(false);
            batch.ForEach(document => _unwritten.TryRemove(document, out _));
            batch.Clear();
            return true;
        }
#pragma warning disable CA1031 // A disk that refuses is tried again; workloads are told of all the same.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogNotWritten(batch.Count, exception.Message);
            return false;
        }
    }

    private int Write(ILiteCollection<StateDocument> documents, List<StateDocument> batch)
    {
        documents.EnsureIndex(document => document.Workload);
        foreach (var document in batch)
        {
            // A batch that is tried again has ids already.
            document.Id = 0;
            documents.Insert(document);
        }

        foreach (var workload in batch.Select(document => document.Workload).Distinct(StringComparer.Ordinal))
        {
            if (documents.Count(document => document.Workload == workload) > MostStates
                && documents.Query().Where(document => document.Workload == workload).OrderByDescending(document => document.Id).Select(document => document.Id).Offset(MostStates).ToList() is { Count: > 0 } old)
            {
                old.ForEach(id => documents.Delete(id));
            }
        }

        // Counted now and then, so that not every write pays for it.
        _written += batch.Count;
        if (_written >= Lot)
        {
            _written = 0;
            var oldest = documents.Query().OrderByDescending(document => document.Id).Select(document => document.Id).Offset(MostKept).Limit(1).FirstOrDefault();
            documents.DeleteMany(document => document.Id <= oldest);
        }

        return batch.Count;
    }

    private void Take(WorkloadKey key, string uid, StateChange change) => Take(IdOf(key, uid), key, change);

    private void Take(string id, WorkloadKey key, StateChange change)
    {
        if (change.IsSameState(_last.TryGetValue(id, out var known) ? known.State : null))
        {
            return;
        }

        var document = StateDocument.Of(id, key, change);
        Remember(document, key);
        _unwritten[document] = true;
        _waiting.Writer.TryWrite(document);
    }

    private void Remember(StateDocument document, WorkloadKey? key = null)
    {
        // What is gone has no further state.
        if (document.Status == DeployStatus.Deleted)
        {
            _last.TryRemove(document.Workload, out _);
        }
        else if ((key ?? KeyOf(document)) is { } known)
        {
            _last[document.Workload] = (known, document.ToChange());
        }
    }

    /// <summary>To the millisecond, as the database keeps it.</summary>
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(_time.GetUtcNow().ToUnixTimeMilliseconds());

    private StateChange Gone(string phase, bool unseen) => new(Now(), DeployStatus.Deleted, phase, false, "", "", unseen);

    private static string IdOf(WorkloadKey key, string uid) => $"{key}#{uid}";

    private static WorkloadKey? KeyOf(StateDocument document) =>
        document.Workload.Split('#')[0].Split('/') is [.., var @namespace, var name] ? new(document.Cluster, document.Kind, @namespace, name) : null;

    private static ILiteCollection<StateDocument> Documents(ILiteDatabase database) => database.GetCollection<StateDocument>("states");

    [LoggerMessage(LogLevel.Warning, "{Count} states of workloads could not be written down; they are tried again: {Problem}")]
    private partial void LogNotWritten(int count, string problem);
}
