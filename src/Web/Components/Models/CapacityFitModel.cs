using System.Globalization;
using System.Web;
using Runner.Engine.Capacity;
using Runner.Engine.Capacity.Fit;
using Runner.Web.Live;

namespace Runner.Web.Components.Models;

/// <summary>One node's answer and the cluster it is in.</summary>
public sealed record FitRow(string Cluster, NodeFit Answer);

/// <summary>"Would it fit?": the request, and what every node says to it. Plain state without a page; used by one circuit at a time.</summary>
public sealed class CapacityFitModel(IConsoleEngine engine)
{
    public FitRequest Request { get; private set; } = new();

    /// <summary>Parts of the typed line that say nothing.</summary>
    public IReadOnlyList<string> Unread { get; private set; } = [];

    /// <summary>What the nodes answer: those that take it first, then those with the fewest obstacles.</summary>
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
        Request = FitRequest.Parse(line, out var unread);
        Unread = unread;
        Ask();
    }

    /// <summary>Takes what is typed into the fields.</summary>
    public void Ask(FitRequest request)
    {
        (Request, Unread) = (request, []);
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
            .. all.SelectMany(cluster => PodFit.Check(pod, cluster.Nodes, Request.Replicas).Select(answer => new FitRow(cluster.Cluster, answer)))
                .OrderBy(row => row.Answer.Obstacles.Count).ThenByDescending(row => row.Answer.Copies).ThenBy(row => row.Answer.Node.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>Reads the query part of a URL.</summary>
    public static FitRequest Parse(string query)
    {
        var values = HttpUtility.ParseQueryString(query);
        int Number(string name, int least, int most) => int.TryParse(values[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Math.Clamp(number, least, most) : least;
        return new()
        {
            Device = values["device"] ?? "",
            Count = Number("count", 0, 999_999),
            Cpu = values["cpu"] ?? "",
            Memory = values["memory"] ?? "",
            Labels = values["labels"] ?? "",
            Tolerations = values["tolerate"] ?? "",
            Replicas = Number("replicas", 1, FitRequest.MaxReplicas),
        };
    }

    /// <summary>The address that asks this.</summary>
    public static string Address(FitRequest request)
    {
        var parts = new (string Name, string Value)[]
        {
            ("device", request.Device), ("count", request.Count > 0 ? request.Count.ToString(CultureInfo.InvariantCulture) : ""), ("cpu", request.Cpu), ("memory", request.Memory),
            ("labels", request.Labels), ("tolerate", request.Tolerations), ("replicas", request.Replicas > 1 ? request.Replicas.ToString(CultureInfo.InvariantCulture) : ""),
        }.Where(part => part.Value.Length > 0).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value)}").ToList();
        return parts.Count == 0 ? "capacity/fit" : "capacity/fit?" + string.Join('&', parts);
    }
}
