using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using LiteDB;
using Runner.Engine.Configuration;
using Runner.Engine.Hub.Payloads;
using Runner.Engine.Storage;

namespace Runner.Engine.Workloads.Argo;

/// <summary>A job's record as it lies on disk.</summary>
internal sealed class JobDocument
{
    /// <summary>The key of the workload as a text.</summary>
    [BsonId(autoId: false)]
    public string Id { get; set; } = "";

    public string Cluster { get; set; } = "";

    public WorkloadKind Kind { get; set; }

    public string Namespace { get; set; } = "";

    public string Name { get; set; } = "";

    public string Uid { get; set; } = "";

    /// <summary>See <see cref="WorkflowRecord.ToJson"/>.</summary>
    public string Record { get; set; } = "";

    /// <summary>Null while the job has not ended.</summary>
    public DateTime? EndedAt { get; set; }
}

/// <summary>A job as it is kept.</summary>
/// <param name="Seen">False until a watch has shown the job, so that a list that is older than the job does not count as its end.</param>
internal sealed record KeptJob(WorkloadKey Key, string Uid, WorkflowRecord Record, bool Seen);

/// <summary>
/// Records of jobs beyond the life of their objects, which Argo deletes soon after their end. In memory, and on disk for the next process; what is
/// older than configured is pruned. A job that goes before its end is kept as failed.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "A semaphore that nobody waits for synchronously holds nothing to dispose.")]
internal sealed class JobArchive : IWorkloadObserver, IPrunable
{
    /// <summary>One write after the other, so that a later record never lies under an earlier one.</summary>
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<WorkloadKey, KeptJob> _jobs = new();

    public JobArchive(Database database, RetentionOptions retention, TimeProvider time)
    {
        (_database, _time) = (database, time);
        KeptFor = retention.Records;
        database.Register<JobDocument>();
        foreach (var document in database.Read(db => Documents(db).FindAll().ToList()))
        {
            if (WorkflowRecord.FromJson(document.Record) is { } record)
            {
                var key = new WorkloadKey(document.Cluster, document.Kind, document.Namespace, document.Name);
                _jobs[key] = new(key, document.Uid, record, Seen: true);
            }
        }
    }

    public string What => "records of finished jobs";

    public TimeSpan KeptFor { get; }

    public bool ComesFirst => true;

    /// <summary>Everything that is kept, jobs that still run among it, in no order.</summary>
    public IEnumerable<KeptJob> All => _jobs.Values;

    public KeptJob? Find(WorkloadKey key) => _jobs.GetValueOrDefault(key);

    /// <summary>Keeps a job that was just made, before a watch shows it.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public Task RememberAsync(Workload workload, CancellationToken cancellationToken) =>
        workload.Job is { } record ? KeepAsync([new(workload.Key, workload.Uid, record, Seen: false)], cancellationToken) : Task.CompletedTask;

    /// <summary>Whether the end of a job is on disk, so that its object may go: what is being written when this is asked is waited for.</summary>
    public async ValueTask<bool> HasKeptAsync(Workload workload, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        _writing.Release();
        return Find(workload.Key) is { Record.IsFinished: true } kept && kept.Uid == workload.Uid;
    }

    public async ValueTask ChangedAsync(Workload? before, Workload? after, CancellationToken cancellationToken)
    {
        if (after?.Job is { } record)
        {
            await KeepAsync([new(after.Key, after.Uid, record, Seen: true)], cancellationToken).ConfigureAwait(false);
        }
        else if (after is null && before?.Job is not null && Find(before.Key) is { } kept && kept.Uid == before.Uid)
        {
            await KeepAsync([Ended(kept, WorkflowPayloads.DeletedReason)], cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask SyncedAsync(WorkloadSnapshot snapshot, CancellationToken cancellationToken)
    {
        var there = snapshot.Workloads.Where(workload => workload.Job is not null).ToDictionary(workload => workload.Key);
        var changes = there.Values.Select(workload => new KeptJob(workload.Key, workload.Uid, workload.Job!, Seen: true)).Concat(_jobs.Values
            .Where(kept => kept.Key.Cluster == snapshot.Cluster
                && kept is { Seen: true, Record.IsFinished: false } && !there.ContainsKey(kept.Key) && snapshot.TellsOf(kept.Key))
            .Select(kept => Ended(kept, WorkflowPayloads.MissedReason)));
        await KeepAsync([.. changes], cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var old = _jobs.Values.Where(kept => kept.Record.IsFinished && EndOf(kept) < before).ToList();
        if (old.Count > 0)
        {
            await _database.WriteAsync(db => old.Count(kept => Documents(db).Delete(kept.Key.ToString())), cancellationToken).ConfigureAwait(false);
            foreach (var kept in old)
            {
                _jobs.TryRemove(new(kept.Key, kept));
            }
        }

        return old.Count;
    }

    private KeptJob Ended(KeptJob kept, string reason) => kept.Record.IsFinished
        ? kept
        : kept with { Record = kept.Record with { Status = WorkflowPhases.Failed, Reason = reason, EndTime = _time.GetUtcNow() } };

    private static DateTimeOffset EndOf(KeptJob kept) => kept.Record.EndTime ?? kept.Record.SubmitTime;

    private async Task KeepAsync(IReadOnlyCollection<KeptJob> jobs, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // What was just made may have been seen to end by now.
            var news = jobs.Where(job => job.Seen || Find(job.Key)?.Uid != job.Uid).ToList();
            var changed = news.Where(job => Find(job.Key) is not { } known || known.Uid != job.Uid || !known.Record.Equals(job.Record)).ToList();
            if (changed.Count > 0)
            {
                await _database.WriteAsync(db => changed.Count(job => Documents(db).Upsert(ToDocument(job))), cancellationToken).ConfigureAwait(false);
            }

            foreach (var job in news)
            {
                _jobs[job.Key] = job;
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    private static JobDocument ToDocument(KeptJob job) => new()
    {
        Id = job.Key.ToString(),
        Cluster = job.Key.Cluster,
        Kind = job.Key.Kind,
        Namespace = job.Key.Namespace,
        Name = job.Key.Name,
        Uid = job.Uid,
        Record = job.Record.ToJson(),
        EndedAt = job.Record.IsFinished ? EndOf(job).UtcDateTime : null,
    };

    private static ILiteCollection<JobDocument> Documents(ILiteDatabase database) => database.GetCollection<JobDocument>("jobs");
}
