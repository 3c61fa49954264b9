using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Runner.Engine;
using Runner.Engine.Capacity;
using Runner.Engine.Capacity.Usage;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Logs;
using Runner.Engine.Logs.Kept;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.History;
using Runner.Engine.Workloads.Services;
using Runner.Web.Live;

namespace Runner.Tests.bUnit.Support;

/// <summary>An engine without a cluster: the real feed, filled by the test; logs come from channels; operations are written down.</summary>
public sealed class FakeConsoleEngine : IConsoleEngine
{
    private readonly ConcurrentDictionary<string, Channel<LogLine>> _logs = new();

    public WorkloadFeed Feed { get; } = new();

    public List<(string Action, WorkloadKey Key)> Done { get; } = [];

    /// <summary>What operations fail with; null lets them succeed.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What operations wait for before they end; null lets them end at once.</summary>
    public Func<WorkloadKey, Task>? Hold { get; set; }

    /// <summary>Workloads with which operations fail.</summary>
    public HashSet<WorkloadKey> Failing { get; } = [];

    public Dictionary<WorkloadKey, List<WorkloadEvent>> Events { get; } = [];

    public List<KeptLog> Kept { get; } = [];

    public List<PodLogOptions> LogRequests { get; } = [];

    private int _openLogs;

    public ImmutableDictionary<WorkloadKey, Workload> Workloads => Feed.Current;

    public IReadOnlyList<ClusterView> Clusters { get; private set; } =
        [new("embedded", ClusterOrigin.Embedded, new ClusterStatus(ClusterHealth.Connected, Samples.Now, LocalText.None, "v1.36.1", "c-1"), Synced: true)];

    public IReadOnlyList<HeartbeatStatus> Heartbeats { get; set; } = [new("embedded", null, LocalText.None)];

    public Dictionary<WorkloadKey, List<StateChange>> History { get; } = [];

    public Dictionary<WorkloadKey, List<WorkloadContainerSpec>> Containers { get; } = [];

    public OutboxStatus Hub { get; private set; } = new(0, 0, LocalText.None, null);

    public IReadOnlyList<CapacitySnapshot> Capacity { get; private set; } = [new("embedded", CapacitySource.Starting, [], LocalText.None)];

    public event Action? CapacityChanged;

    public event Action? ClustersChanged;

    public event Action? HubChanged;

    public event Action<WorkloadKey>? ObjectChanged;

    /// <summary>What <see cref="ManifestOf"/> says of a workload instead of what it says of all.</summary>
    public Dictionary<WorkloadKey, string> Manifests { get; } = [];

    /// <summary>Changes the object of a workload, and nothing of the workload.</summary>
    public void SetManifest(WorkloadKey key, string manifest)
    {
        Manifests[key] = manifest;
        ObjectChanged?.Invoke(key);
    }

    /// <summary>How many handlers and feed subscriptions are still attached.</summary>
    public int Attached => (ClustersChanged?.GetInvocationList().Length ?? 0) + (HubChanged?.GetInvocationList().Length ?? 0);

    public void Set(ClusterView cluster)
    {
        Clusters = [cluster];
        ClustersChanged?.Invoke();
    }

    public void Set(CapacitySnapshot capacity)
    {
        Capacity = [capacity];
        CapacityChanged?.Invoke();
    }

    public void Set(OutboxStatus hub)
    {
        Hub = hub;
        HubChanged?.Invoke();
    }

    /// <summary>The stream of one pod's log; complete it to end the container.</summary>
    public ChannelWriter<LogLine> Log(string pod) => Stream(pod).Writer;

    public IDisposable Subscribe(Action<WorkloadKey> changed) => Feed.Subscribe(changed);

    public IReadOnlyList<int> HubEventsPerMinute(int minutes) => [.. Enumerable.Range(0, minutes).Select(minute => minute * 7 % 13)];

    public IReadOnlyList<WorkloadEvent> EventsOf(WorkloadKey key) => Events.TryGetValue(key, out var events) ? events : [];

    public string? ManifestOf(WorkloadKey key) => Manifests.TryGetValue(key, out var manifest) ? manifest : Workloads.ContainsKey(key) ? $"apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: {key.Name}\n" : null;

    /// <summary>Labels by pod name.</summary>
    public Dictionary<string, Dictionary<string, string>> Labels { get; } = [];

    public IReadOnlyDictionary<string, string> LabelsOf(WorkloadKey key, string pod) => Labels.TryGetValue(pod, out var labels) ? labels : ImmutableDictionary<string, string>.Empty;

    public IReadOnlyList<WorkloadContainerSpec> ContainersOf(WorkloadKey key) => Containers.TryGetValue(key, out var containers) ? containers : [];

    /// <summary>Limits by pod name.</summary>
    public Dictionary<string, Dictionary<string, ContainerLimits>> Limits { get; } = [];

    public IReadOnlyDictionary<string, ContainerLimits> LimitsOf(WorkloadKey key, string pod) => Limits.TryGetValue(pod, out var limits) ? limits : ImmutableDictionary<string, ContainerLimits>.Empty;

    private readonly Dictionary<UsageSubject, UsageList> _usage = [];
    private readonly List<(UsageSubject Subject, Action Changed)> _usageWatchers = [];

    /// <summary>Who watches what is used.</summary>
    public IEnumerable<UsageSubject> UsageWatched => _usageWatchers.Select(watcher => watcher.Subject);

    /// <summary>What the metrics API answers from now on.</summary>
    public void Set(UsageSubject subject, UsageList list)
    {
        _usage[subject] = list;
        foreach (var (_, changed) in _usageWatchers.Where(watcher => watcher.Subject == subject).ToList())
        {
            changed();
        }
    }

    public UsageList UsageOf(UsageSubject subject, string cluster) => _usage.GetValueOrDefault(subject, UsageList.Unknown);

    public IDisposable WatchUsage(UsageSubject subject, string cluster, Action changed)
    {
        var watcher = (subject, changed);
        _usageWatchers.Add(watcher);
        return new Ended(() => _usageWatchers.Remove(watcher));
    }

    private sealed class Ended(Action end) : IDisposable
    {
        public void Dispose() => end();
    }

    public IReadOnlyList<StateChange> HistoryOf(WorkloadKey key, string uid) => History.TryGetValue(key, out var states) ? states : [];

    /// <summary>Logs that are read now.</summary>
    public int OpenLogs => Volatile.Read(ref _openLogs);

    /// <summary>What the end of a log's reading waits for.</summary>
    public Task LogsMayEnd { get; set; } = Task.CompletedTask;

    public async IAsyncEnumerable<LogLine> ReadLogAsync(
        WorkloadKey key, string pod, string container, PodLogOptions options, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _openLogs);
        try
        {
            lock (LogRequests)
            {
                LogRequests.Add(options);
            }

            await foreach (var line in Stream(pod).Reader.ReadAllAsync(cancellationToken))
            {
                yield return line;
            }
        }
        finally
        {
            await LogsMayEnd;
            Interlocked.Decrement(ref _openLogs);
        }
    }

    public IReadOnlyList<KeptLog> KeptLogsOf(WorkloadKey key) => [.. Kept.Where(log => log.Owner == key.Name)];

    public Task StopAsync(WorkloadKey key, CancellationToken cancellationToken) => DoAsync("stop", key);

    public Task PurgeAsync(WorkloadKey key, CancellationToken cancellationToken) => DoAsync("purge", key);

    public Task RestartAsync(WorkloadKey key, CancellationToken cancellationToken) => DoAsync("restart", key);

    public Task ScaleAsync(WorkloadKey key, ReplicaRange range, CancellationToken cancellationToken) => DoAsync($"scale {range.Min} {range.Max}", key);

    public Task SetTrafficAsync(WorkloadKey key, IReadOnlyCollection<VersionShare> shares, CancellationToken cancellationToken) =>
        DoAsync("traffic " + string.Join(' ', shares.Select(share => $"{share.Commit}={share.Percent}")), key);

    private Channel<LogLine> Stream(string pod) => _logs.GetOrAdd(pod, _ => Channel.CreateUnbounded<LogLine>());

    private async Task DoAsync(string action, WorkloadKey key)
    {
        await (Hold?.Invoke(key) ?? Task.CompletedTask);
        if (Failure is not null)
        {
            throw Failure;
        }

        if (Failing.Contains(key))
        {
            throw new InvalidOperationException($"The cluster refuses {key.Name}.");
        }

        lock (Done)
        {
            Done.Add((action, key));
        }
    }
}
