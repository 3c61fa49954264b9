using System.Diagnostics.Metrics;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Hub.Events;
using Runner.Engine.Logs.Kept;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.History;

namespace Runner.Engine.Telemetry;

/// <summary>
/// What the engine measures, on the meter <see cref="MeterName"/>. Events are counted where they happen; how things stand is read from memory when
/// somebody asks, so a scrape asks neither a cluster nor the disk. Labels are names of clusters, kinds and states: never of workloads, which come and go.
/// </summary>
public sealed class EngineMetrics
{
    public const string MeterName = "Runner.Engine";

    private static readonly Meter Counters = new(MeterName);

    internal static readonly Counter<long> EventsWritten = Counters.CreateCounter<long>("runner.hub.events.written", null, "Events written to the outbox.");

    internal static readonly Counter<long> EventsSent = Counters.CreateCounter<long>("runner.hub.events.sent", null, "Events that the hub has taken.");

    internal static readonly Counter<long> SendFailures = Counters.CreateCounter<long>(
        "runner.hub.send.failures", null, "Attempts to send an event that failed; the event is tried again.");

    internal static readonly Counter<long> WatchesEnded = Counters.CreateCounter<long>(
        "runner.cluster.watches.ended", null, "Watches that ended and were opened again: closed as they all are now and then, expired, or silent.");

    internal static readonly Counter<long> ApiCalls = Counters.CreateCounter<long>("runner.cluster.api.calls", null, "Requests to the API server; code 0 where none was answered.");

    private readonly ClusterDirectory _clusters;
    private readonly WorkloadFeed _feed;
    private readonly Outbox _outbox;
    private readonly KeptLogStore _kept;
    private readonly Database _database;
    private readonly WorkloadHistory _history;

    internal EngineMetrics(IMeterFactory meters, ClusterDirectory clusters, WorkloadFeed feed, Outbox outbox, KeptLogStore kept, Database database, WorkloadHistory history)
    {
        (_clusters, _feed, _outbox, _kept, _database, _history) = (clusters, feed, outbox, kept, database, history);
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge("runner.hub.events.waiting", () => (long)_outbox.Status.Waiting, null, "Events that the hub has not taken yet.");
        meter.CreateObservableGauge("runner.hub.last_sent.timestamp", LastSent, "s", "When the hub last took an event, in seconds since 1970.");
        meter.CreateObservableGauge("runner.cluster.connected", Connected, null, "1 while the cluster answers, else 0.");
        meter.CreateObservableGauge("runner.cluster.cache.objects", () => Caches(cache => cache.Count), null, "Objects held of a kind.");
        meter.CreateObservableGauge("runner.cluster.cache.synced", () => Caches(cache => cache.Health == CacheHealth.Synced ? 1 : 0), null, "1 while the objects of a kind are complete and followed, else 0.");
        meter.CreateObservableGauge("runner.cluster.queue.depth", Queues, null, "Workloads that wait to be looked at again.");
        meter.CreateObservableGauge("runner.workloads", Workloads, null, "Workloads by kind and state.");
        meter.CreateObservableGauge("runner.storage.size", Sizes, "By", "Length of the files of the database.");
        meter.CreateObservableGauge("runner.storage.refused", () => _database.Status.Problem is null ? 0 : 1, null, "1 while the disk refuses writes, else 0.");
        meter.CreateObservableGauge("runner.storage.writes.waiting", () => _database.Status.WaitingWrites, null, "Writes that wait for the database.");
        meter.CreateObservableCounter("runner.history.dropped", () => _history.Dropped, null, "States of workloads that were not kept because the disk could not keep up.");
        meter.CreateObservableGauge("runner.kept_logs.size", () => _kept.TotalBytes, "By", "Size of the last logs that are kept of containers that ended.");
    }

    private IEnumerable<Measurement<double>> LastSent() =>
        _outbox.Status.LastSentAt is { } at ? [new((at - DateTimeOffset.UnixEpoch).TotalSeconds)] : [];

    private IEnumerable<Measurement<long>> Sizes()
    {
        var status = _database.Status;
        return [new(status.DataBytes, Tag("file", "data")), new(status.LogBytes, Tag("file", "log"))];
    }

    private IEnumerable<Measurement<long>> Connected() =>
        _clusters.Connections.Select(cluster => new Measurement<long>(cluster.Status.Health == ClusterHealth.Connected ? 1 : 0, Tag("cluster", cluster.Name)));

    private IEnumerable<Measurement<long>> Caches(Func<CacheStatus, long> value) =>
        from cluster in _clusters.Connections
        from cache in cluster.State.Caches
        select new Measurement<long>(value(cache), Tag("cluster", cluster.Name), Tag("resource", cache.Resource));

    private IEnumerable<Measurement<long>> Queues() =>
        from cluster in _clusters.Connections
        from queue in cluster.State.QueueDepths
        select new Measurement<long>(queue.Depth, Tag("cluster", cluster.Name), Tag("queue", queue.Name));

    private IEnumerable<Measurement<long>> Workloads() =>
        from workload in _feed.Current.Values
        group workload by (workload.Key.Cluster, workload.Key.Kind, workload.Status) into same
        select new Measurement<long>(same.Count(), Tag("cluster", same.Key.Cluster), Tag("kind", same.Key.Kind.ToString()), Tag("state", same.Key.Status.ToString()));

    private static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);
}
