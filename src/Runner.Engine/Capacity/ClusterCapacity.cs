using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Engine.Capacity;

/// <summary>Keeps the inventory of one cluster up with its watches. Asks the API server nothing but for the quota, which is watched too.</summary>
internal sealed class ClusterCapacity
{
    private readonly ClusterConnection _connection;
    private readonly RunnerOptions _options;
    private readonly TimeProvider _time;
    private readonly CapacityProjection _projection;
    private readonly CapacityLedger _ledger;
    private readonly ResourceCache<V1ResourceQuota>? _quotas;
    private readonly Lock _lock = new();

    public ClusterCapacity(ClusterConnection connection, RunnerOptions options, WatchSettings settings, TimeProvider time, ILogger logger)
    {
        _connection = connection;
        _options = options;
        _time = time;
        _projection = new(options.Accelerators);
        _ledger = new(_projection);
        var state = connection.State;
        state.Nodes.Changed += (before, after) => Update(now => after is null ? _ledger.RemoveNode(before!.Metadata.Name) : _ledger.Set(after, now));
        state.Pods.Changed += (before, after) => Update(now => after is null ? _ledger.RemovePod(ResourceKey.Of(before!), now) : _ledger.Set(after, now));
        state.Nodes.StatusChanged += Tell;
        state.Pods.StatusChanged += Tell;
        if (options.QuotaName.Length > 0)
        {
            _quotas = new(
                connection,
                new("", "v1", "resourcequotas", options.WorkloadNamespace) { FieldSelector = $"metadata.name={options.QuotaName}" },
                settings,
                time,
                logger);
            _quotas.Changed += (_, _) => Tell();
            _quotas.StatusChanged += Tell;
        }
    }

    /// <summary>Raised, on any thread, when the figures or their source may have changed.</summary>
    public event Action? Changed;

    public CapacitySnapshot Snapshot()
    {
        var (source, problem) = Source();
        return new(_connection.Name, source, source switch
        {
            CapacitySource.ClusterWide => Nodes(),
            CapacitySource.NamespaceQuota => [_projection.Read(Quota()!, _time.GetUtcNow())],
            _ => [],
        },
        problem);
    }

    /// <summary>Watches the quota until cancelled. Never throws.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => _quotas?.RunAsync(cancellationToken) ?? Task.CompletedTask;

    private static bool Knows(CacheHealth health) => health is CacheHealth.Synced or CacheHealth.Interrupted;

    private (CapacitySource Source, LocalText Problem) Source()
    {
        var (nodes, pods) = (_connection.State.Nodes, _connection.State.Pods);
        var (nodeHealth, podHealth) = (nodes.Health, pods.Health);
        if (Knows(nodeHealth) && nodes.SeesAll && Knows(podHealth) && pods.SeesAll)
        {
            return (CapacitySource.ClusterWide, LocalText.None);
        }

        if (nodeHealth != CacheHealth.Unavailable && podHealth != CacheHealth.Unavailable && !(Knows(podHealth) && !pods.SeesAll))
        {
            return (CapacitySource.Starting, LocalText.None);
        }

        var problem = nodeHealth == CacheHealth.Unavailable ? nodes.Status.Problem
            : podHealth == CacheHealth.Unavailable ? pods.Status.Problem
            : new(
                $"The runner may list pods only in namespace '{_options.WorkloadNamespace}', so that what others claim is not known. Grant it list and watch on pods of all namespaces.",
                $"Runner 只能列出命名空间“{_options.WorkloadNamespace}”中的 Pod，因此不知道其他命名空间占用了多少。请授予对所有命名空间 pods 的 list 和 watch 权限。");
        if (Quota() is not null)
        {
            return (CapacitySource.NamespaceQuota, problem);
        }

        return _quotas?.Health == CacheHealth.Starting
            ? (CapacitySource.Starting, LocalText.None)
            : (CapacitySource.Uncertain, problem.Then(new(
                $"Or name a ResourceQuota of namespace '{_options.WorkloadNamespace}' with STARHUB_SERVER_CLUSTER_QUOTA_NAME.",
                $"也可以用 STARHUB_SERVER_CLUSTER_QUOTA_NAME 指定命名空间“{_options.WorkloadNamespace}”的 ResourceQuota。")));
    }

    private V1ResourceQuota? Quota() => _quotas?.Find(_options.WorkloadNamespace, _options.QuotaName);

    private IReadOnlyList<NodeCapacity> Nodes()
    {
        lock (_lock)
        {
            return _ledger.Nodes();
        }
    }

    private void Update(Func<DateTimeOffset, bool> change)
    {
        bool changed;
        lock (_lock)
        {
            changed = change(_time.GetUtcNow());
        }

        // While the first lists come in there is nothing to see yet; that they are there is told by their status.
        if (changed && Knows(_connection.State.Nodes.Health) && Knows(_connection.State.Pods.Health))
        {
            Tell();
        }
    }

    private void Tell() => Changed?.Invoke();
}
