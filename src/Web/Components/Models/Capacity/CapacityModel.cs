using Runner.Engine.Capacity;
using Runner.Engine.Capacity.Usage;
using Runner.Engine.Workloads;
using Runner.Web.Live;

namespace Runner.Web.Components.Models.Capacity;

/// <summary>A node and the cluster it is in.</summary>
public sealed record CapacityNode(string Cluster, NodeCapacity Node)
{
    /// <summary>As the URL has it.</summary>
    public string Id => $"{Cluster}/{Node.Name}";
}

/// <summary>One line of the table: a group, or one of its nodes. A group or node with several kinds of accelerators has a line for each.</summary>
/// <param name="Group">The group.</param>
/// <param name="Node">Null for the line of a group.</param>
/// <param name="Item">What the group or node has.</param>
/// <param name="Device">The accelerators of the line; null for nodes without.</param>
/// <param name="First">True for the first line of a group or node: it carries the name, processors and memory.</param>
public sealed record CapacityRow(CapacityGroup Group, CapacityNode? Node, CapacityItem Item, DeviceUsage? Device, bool First)
{
    /// <summary>What the line is known by.</summary>
    public string Key => $"{Group.Value}\n{Node?.Id}\n{Device?.Model}\n{Device?.Resource}";
}

/// <summary>A workload, or pods of nobody the runner knows, and what it claims.</summary>
/// <param name="Workload">Null for pods that are not of the runner.</param>
/// <param name="Name">Name of the workload, or namespace and name of the pod.</param>
public sealed record CapacityUser(Workload? Workload, string Cluster, string Name, IReadOnlyList<PodUse> Pods)
{
    /// <summary>What its pods claim of a resource.</summary>
    public decimal Claims(string resource) => Pods.Sum(pod => pod.Requests.GetValueOrDefault(resource));

    /// <summary>What it claims of accelerators, by resource.</summary>
    public IReadOnlyList<KeyValuePair<string, decimal>> Devices =>
    [
        .. Pods.SelectMany(pod => pod.Requests).Where(claim => claim.Value > 0 && CapacityGroups.IsDevice(claim.Key))
            .GroupBy(claim => claim.Key).Select(same => KeyValuePair.Create(same.Key, same.Sum(claim => claim.Value))),
    ];

    /// <summary>Nodes that its pods are on.</summary>
    public IReadOnlyList<string> Nodes => [.. Pods.Select(pod => pod.Node).Distinct()];
}

/// <summary>The inventory page: groups, lines, who uses what. Plain state without a page; used by one circuit at a time.</summary>
public sealed class CapacityModel(IConsoleEngine engine)
{
    private static readonly WorkloadKind[] OfWorkflows = [WorkloadKind.Workflow, WorkloadKind.Dataflow, WorkloadKind.ImageBuild];

    private Dictionary<string, CapacityNode> _nodes = [];
    private Dictionary<NodeCapacity, string> _clusterOf = [];

    public CapacityQuery Query { get; private set; } = new();

    /// <summary>Which clusters can answer.</summary>
    public CapacityReach Reach { get; private set; } = CapacityReach.None;

    /// <summary>Lines in order. A new list for every change.</summary>
    public IReadOnlyList<CapacityRow> Rows { get; private set; } = [];

    public IReadOnlyList<CapacityGroup> Groups { get; private set; } = [];

    /// <summary>Label keys that exist, by name.</summary>
    public IReadOnlyList<string> Labels { get; private set; } = [];

    /// <summary>Number of nodes before the filter.</summary>
    public int Total { get; private set; }

    /// <summary>Number of nodes that pass the filter.</summary>
    public int Shown { get; private set; }

    /// <summary>Nodes that take no new pods or are under pressure.</summary>
    public int Troubled { get; private set; }

    /// <summary>Whether one of them is not ready, which is worse than out of use or under pressure.</summary>
    public bool HasNotReady { get; private set; }

    /// <summary>Workloads that wait because no node has room.</summary>
    public int Waiting { get; private set; }

    /// <summary>The group whose details are open, unless a node's are.</summary>
    public CapacityGroup? OpenGroup => Query.Node.Length > 0 ? null : Groups.FirstOrDefault(group => group.Value == Query.Group);

    /// <summary>The node whose details are open.</summary>
    public CapacityNode? OpenNode => _nodes.GetValueOrDefault(Query.Node);

    /// <summary>Shows another view.</summary>
    public void Show(CapacityQuery query)
    {
        Query = query;
        Arrange();
    }

    /// <summary>Reads the inventory anew.</summary>
    public void Load()
    {
        Reach = CapacityReach.Of(engine);
        Waiting = CountWaiting();
        Arrange();
    }

    /// <summary>Takes over what changed. Workloads alone are counted, and are told of beside what they use.</summary>
    /// <returns>Whether the page must be drawn.</returns>
    public bool Apply(LiveBatch batch)
    {
        if (batch.Capacity || batch.Clusters)
        {
            Load();
            return true;
        }

        var waiting = Waiting;
        Waiting = CountWaiting();
        return waiting != Waiting || OpenGroup is not null || OpenNode is not null;
    }

    /// <summary>Who claims something on these nodes, the greatest claims of accelerators first.</summary>
    public IReadOnlyList<CapacityUser> UsersOf(IEnumerable<NodeCapacity> nodes)
    {
        var workloads = engine.Workloads;
        return
        [
            .. nodes.SelectMany(node => node.Pods, (node, pod) => (Cluster: _clusterOf.GetValueOrDefault(node, ""), Pod: pod))
                .Select(use => (use.Cluster, use.Pod, Owner: Owner(workloads, use.Cluster, use.Pod)))
                .GroupBy(use => (use.Cluster, use.Owner?.Key, Pod: use.Owner is null ? $"{use.Pod.Namespace}/{use.Pod.Name}" : ""))
                .Select(same => new CapacityUser(same.First().Owner, same.Key.Cluster, same.Key.Key?.Name ?? same.Key.Pod, [.. same.Select(use => use.Pod)]))
                .OrderByDescending(user => user.Devices.Sum(device => device.Value)).ThenByDescending(user => user.Claims("cpu")).ThenBy(user => user.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>Clusters in which some nodes are, by name. A quota that stands for nodes is in none.</summary>
    public IReadOnlyList<string> ClustersOf(IEnumerable<NodeCapacity> nodes) =>
        [.. nodes.Where(node => node.Name.Length > 0).Select(node => _clusterOf.GetValueOrDefault(node, "")).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>What some nodes really use at the moment, together; null when none of them was measured.</summary>
    public Used? UsageOf(IReadOnlyCollection<NodeCapacity> nodes)
    {
        var lists = ClustersOf(nodes).ToDictionary(cluster => cluster, cluster => engine.UsageOf(UsageSubject.Nodes, cluster));
        var measured = nodes.Select(node => lists.GetValueOrDefault(_clusterOf.GetValueOrDefault(node, ""))?.Of(node.Name)).OfType<Used>().ToList();
        return measured.Count == 0 ? null : measured.Aggregate((sum, used) => sum + used);
    }

    /// <summary>A group shows its nodes when it is chosen, and all do while somebody searches.</summary>
    public bool IsUnfolded(CapacityGroup group) => Query.Group == group.Value || (OpenNode is { } open && group.Nodes.Contains(open.Node, ReferenceEqualityComparer.Instance)) || Query.Filter.Length > 0 || Query.Troubled;

    private static Workload? Owner(IReadOnlyDictionary<WorkloadKey, Workload> workloads, string cluster, PodUse pod)
    {
        Workload? Find(WorkloadKind kind, string name) => workloads.GetValueOrDefault(new(cluster, kind, pod.Namespace, name));
        return pod.Service.Length > 0 ? Find(WorkloadKind.Service, pod.Service)
            : pod.Workflow.Length > 0 ? OfWorkflows.Select(kind => Find(kind, pod.Workflow)).FirstOrDefault(found => found is not null)
            : Find(WorkloadKind.Sandbox, pod.Name);
    }

    private void Arrange()
    {
        var all = Reach.Clusters.SelectMany(cluster => cluster.Nodes.Select(node => new CapacityNode(cluster.Cluster, node))).ToList();
        _nodes = all.DistinctBy(node => node.Id).ToDictionary(node => node.Id);
        Total = all.Count;
        Troubled = all.Count(node => IsNode(node) && node.Node.Troubled);
        HasNotReady = all.Any(node => IsNode(node) && !node.Node.Ready);
        Labels = [.. all.SelectMany(node => node.Node.Labels.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var words = Query.Filter.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var shown = all.Where(node => (!Query.Troubled || node.Node.Troubled) && words.All(word => Has(node, word))).ToList();
        Shown = shown.Count;
        Groups = CapacityGroups.By(shown.Select(node => node.Node), Query.By);
        _clusterOf = new(ReferenceEqualityComparer.Instance);
        foreach (var node in all)
        {
            _clusterOf[node.Node] = node.Cluster;
        }

        Rows = Arrange(Groups, _clusterOf, IsUnfolded, Query);
    }

    /// <summary>The lines in order: groups, and after each that is unfolded its nodes, in the same order. Pure.</summary>
    /// <param name="clusterOf">Cluster of each node.</param>
    /// <param name="unfolded">Whether the nodes of a group are shown.</param>
    public static IReadOnlyList<CapacityRow> Arrange(IReadOnlyList<CapacityGroup> groups, IReadOnlyDictionary<NodeCapacity, string> clusterOf, Func<CapacityGroup, bool> unfolded, CapacityQuery query)
    {
        var order = Comparer<CapacityItem>.Create(CapacityColumns.Table.Order(query));
        IEnumerable<CapacityRow> Nodes(CapacityGroup group) => group.Nodes.Select(node => new CapacityNode(clusterOf[node], node)).Select(node => (Node: node, Item: CapacityItem.Of(node)))
            .OrderBy(one => one.Item, order).SelectMany(one => Lines(group, one.Node, one.Item));
        return
        [
            .. groups.Select(group => (Group: group, Item: CapacityItem.Of(group, clusterOf))).OrderBy(one => one.Item, order)
                .SelectMany(one => Lines(one.Group, null, one.Item).Concat(unfolded(one.Group) ? Nodes(one.Group) : [])),
        ];
    }

    private int CountWaiting() => engine.Workloads.Values.Count(workload => workload.WaitingForRoom);

    private static bool IsNode(CapacityNode node) => node.Node.Name.Length > 0;

    private static IEnumerable<CapacityRow> Lines(CapacityGroup group, CapacityNode? node, CapacityItem item) =>
        item.Devices.Count == 0 ? [new(group, node, item, null, true)] : item.Devices.Select((device, index) => new CapacityRow(group, node, item, device, index == 0));

    private static bool Has(CapacityNode node, string word) =>
        node.Id.Contains(word, StringComparison.OrdinalIgnoreCase)
        || node.Node.Status.Contains(word, StringComparison.OrdinalIgnoreCase)
        || node.Node.Labels.Any(label => $"{label.Key}={label.Value}".Contains(word, StringComparison.OrdinalIgnoreCase))
        || node.Node.Taints.Any(taint => taint.ToString().Contains(word, StringComparison.OrdinalIgnoreCase))
        || node.Node.Resources.Any(resource => resource.Value.Total > 0 && resource.Key.Contains(word, StringComparison.OrdinalIgnoreCase));
}
