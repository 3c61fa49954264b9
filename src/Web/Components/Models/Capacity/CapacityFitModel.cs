using Runner.Engine.Capacity;
using Runner.Engine.Capacity.Fit;
using Runner.Web.Live;

namespace Runner.Web.Components.Models.Capacity;

/// <summary>One node's answer and the cluster it is in.</summary>
public sealed record FitRow(string Cluster, NodeFit Answer);

/// <summary>"Would it fit?": the request, and what every node says to it. Plain state without a page; used by one circuit at a time.</summary>
public sealed class CapacityFitModel(IConsoleEngine engine)
{
    /// <summary>What is asked, and the order of the answer.</summary>
    public FitQuery Query { get; private set; } = new();

    public FitRequest Request => Query.Request;

    /// <summary>Parts of the typed line that say nothing.</summary>
    public IReadOnlyList<string> Unread { get; private set; } = [];

    /// <summary>What the nodes answer, in the order of the query.</summary>
    public IReadOnlyList<FitRow> Rows { get; private set; } = [];

    /// <summary>Models that nodes have, for the one that no node has.</summary>
    public IReadOnlyList<string> Models { get; private set; } = [];

    /// <summary>Resources of accelerators that nodes offer.</summary>
    public IReadOnlyList<string> Resources { get; private set; } = [];

    /// <summary>True when no node has the model that is asked for.</summary>
    public bool UnknownModel { get; private set; }

    /// <summary>Which clusters can answer.</summary>
    public CapacityReach Reach { get; private set; } = CapacityReach.None;

    /// <summary>True when something is asked for that can be understood.</summary>
    public bool Asked => !Request.IsEmpty && Request.Problems.Count == 0;

    /// <summary>How many of the replicas find room now.</summary>
    public int Placed => (int)Math.Min(Request.Replicas, Rows.Sum(row => (long)row.Answer.Copies));

    /// <summary>Nodes that take at least one.</summary>
    public int Taking => Rows.Count(row => row.Answer.Fits);

    /// <summary>The scheduler's message.</summary>
    public string Message => PodFit.Message([.. Rows.Select(row => row.Answer)]);

    /// <summary>Takes what is typed in one line.</summary>
    public void Type(string line)
    {
        Query = Query with { Request = FitRequest.Parse(line, out var unread) };
        Unread = unread;
        Ask();
    }

    /// <summary>Takes what is typed into the fields, or stands in the address.</summary>
    public void Show(FitQuery query)
    {
        Unread = query.Request == Request ? Unread : [];
        Query = query;
        Ask();
    }

    /// <summary>Asks the nodes as they are now.</summary>
    public void Ask()
    {
        Reach = CapacityReach.Of(engine);
        var all = Reach.Clusters.Where(cluster => cluster.Source == CapacitySource.ClusterWide).ToList();
        var nodes = all.SelectMany(cluster => cluster.Nodes).ToList();
        Models = [.. nodes.Select(node => node.Accelerator?.Type ?? "").Where(model => model.Length > 0).Distinct().Order(StringComparer.Ordinal)];
        Resources = [.. CapacityGroups.Devices(nodes).Select(device => device.Resource).Distinct().Order(StringComparer.Ordinal)];
        UnknownModel = false;
        if (Request.IsEmpty || Request.Problems.Count > 0)
        {
            Rows = [];
            return;
        }

        var pod = Request.ToPod(nodes);
        UnknownModel = pod is null;
        Rows = pod is null ? [] :
        [
            .. FitQuery.Nodes.Arrange(
                all.SelectMany(cluster => PodFit.Check(pod, cluster.Nodes, Request.Replicas).Select(answer => new FitRow(cluster.Cluster, answer))).OrderBy(row => row.Answer.Node.Name, StringComparer.Ordinal), Query),
        ];
    }
}
