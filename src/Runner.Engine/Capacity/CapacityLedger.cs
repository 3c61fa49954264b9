using k8s.Models;
using Runner.Engine.Clusters.Caches;

namespace Runner.Engine.Capacity;

/// <summary>
/// Keeps the figures of every node up with its pods: a change of one pod touches the sum of its node and nothing else. Amounts are decimals, so that
/// adding and taking away leaves nothing behind. Not thread-safe; does nothing by itself.
/// </summary>
internal sealed class CapacityLedger(CapacityProjection projection)
{
    private readonly Dictionary<string, Account> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<ResourceKey, PodUse> _pods = [];
    private List<NodeCapacity>? _nodes;

    /// <summary>Takes a node as it is now.</summary>
    /// <returns>Whether its figures may have changed; what only says that the kubelet lives changes none.</returns>
    public bool Set(V1Node node, DateTimeOffset now)
    {
        var facts = projection.Read(node);
        var account = AccountOf(facts.Name);
        if (account.Facts is { } known && Same(known, facts))
        {
            return false;
        }

        account.Facts = facts;
        Touch(account, now);
        return true;
    }

    /// <summary>Forgets a node. Its pods stay known until they are gone themselves.</summary>
    public bool RemoveNode(string name)
    {
        if (!_accounts.TryGetValue(name, out var account) || account.Facts is null)
        {
            return false;
        }

        account.Facts = null;
        account.Built = null;
        _nodes = null;
        Drop(name, account);
        return true;
    }

    /// <summary>Takes a pod as it is now.</summary>
    /// <returns>Whether figures changed.</returns>
    public bool Set(V1Pod pod, DateTimeOffset now)
    {
        var key = ResourceKey.Of(pod);
        var use = projection.Read(pod);
        if (_pods.TryGetValue(key, out var before))
        {
            if (use is not null && Same(before, use))
            {
                return false;
            }

            Give(key, before, now);
        }

        if (use is not null)
        {
            Take(key, use, now);
        }

        return use is not null || before is not null;
    }

    /// <summary>Forgets a pod.</summary>
    /// <returns>Whether figures changed.</returns>
    public bool RemovePod(ResourceKey key, DateTimeOffset now)
    {
        if (!_pods.TryGetValue(key, out var before))
        {
            return false;
        }

        Give(key, before, now);
        return true;
    }

    /// <summary>All nodes by name. Nodes that did not change since the last call are the same instances.</summary>
    public IReadOnlyList<NodeCapacity> Nodes() => _nodes ??=
    [
        .. _accounts.Values.Where(account => account.Facts is not null)
            .Select(account => account.Built ??= CapacityProjection.Combine(account.Facts!, account.Requested, account.Pods.Values, account.UpdatedAt))
            .OrderBy(node => node.Name, StringComparer.Ordinal),
    ];

    private static bool Same(NodeFacts a, NodeFacts b) =>
        a.Status == b.Status && a.Ready == b.Ready && a.Cordoned == b.Cordoned && a.Problem == b.Problem && a.Taints.Equals(b.Taints) && a.Accelerator == b.Accelerator
        && Same(a.Labels, b.Labels) && Same(a.Total, b.Total) && Same(a.Allocatable, b.Allocatable) && a.SharedDevices.SequenceEqual(b.SharedDevices);

    private static bool Same(PodUse a, PodUse b) =>
        a.Node == b.Node && a.DeployId == b.DeployId && a.Service == b.Service && a.Workflow == b.Workflow && a.Running == b.Running && a.Terminating == b.Terminating
        && Same(a.Requests, b.Requests) && Same(a.MigLimits, b.MigLimits) && a.Shares.SequenceEqual(b.Shares);

    private static bool Same<T>(IReadOnlyDictionary<string, T> a, IReadOnlyDictionary<string, T> b) =>
        a.Count == b.Count && a.All(pair => b.TryGetValue(pair.Key, out var other) && EqualityComparer<T>.Default.Equals(pair.Value, other));

    private Account AccountOf(string node)
    {
        if (!_accounts.TryGetValue(node, out var account))
        {
            _accounts[node] = account = new Account();
        }

        return account;
    }

    private void Take(ResourceKey key, PodUse use, DateTimeOffset now)
    {
        _pods[key] = use;
        var account = AccountOf(use.Node);
        account.Pods[key] = use;
        foreach (var (resource, amount) in use.Requests)
        {
            account.Requested[resource] = account.Requested.GetValueOrDefault(resource) + amount;
        }

        Touch(account, now);
    }

    private void Give(ResourceKey key, PodUse use, DateTimeOffset now)
    {
        _pods.Remove(key);
        var account = AccountOf(use.Node);
        account.Pods.Remove(key);
        foreach (var (resource, amount) in use.Requests)
        {
            account.Requested[resource] -= amount;
        }

        Touch(account, now);
        Drop(use.Node, account);
    }

    private void Touch(Account account, DateTimeOffset now)
    {
        account.UpdatedAt = now;
        account.Built = null;
        _nodes = null;
    }

    /// <summary>An account without node and pods is of nobody.</summary>
    private void Drop(string node, Account account)
    {
        if (account is { Facts: null, Pods.Count: 0 })
        {
            _accounts.Remove(node);
        }
    }

    private sealed class Account
    {
        /// <summary>Null for a node that is not known, yet or any more, though pods name it.</summary>
        public NodeFacts? Facts { get; set; }

        public Dictionary<ResourceKey, PodUse> Pods { get; } = [];

        public Dictionary<string, decimal> Requested { get; } = new(StringComparer.Ordinal);

        public DateTimeOffset UpdatedAt { get; set; }

        public NodeCapacity? Built { get; set; }
    }
}
