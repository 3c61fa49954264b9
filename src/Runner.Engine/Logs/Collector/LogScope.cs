using System.Globalization;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Logs.Collector;

/// <summary>Whose logs the history shows. Others may write to the same Loki: what watches the whole cluster, or the runners of other clusters.</summary>
/// <param name="Namespaces">Namespaces of workloads.</param>
/// <param name="ClusterIds">Ids of the clusters, as far as they are known.</param>
internal sealed record LogScope(IReadOnlySet<string> Namespaces, IReadOnlySet<string> ClusterIds)
{
    /// <summary>What every stream must match: written by a runner or a collector, of whichever cluster.</summary>
    public const string Writers = "client_id=~\"runner|logcollector-.+\"";

    /// <summary>The numbers that the hub gave deploys of a workload, by namespace and name; none for one that is not there any more.</summary>
    public Func<string, string, IReadOnlyList<long>> DeployIds { get; init; } = (_, _) => [];

    /// <summary>
    /// Which lines count, as a stage of LogQL: those of these clusters (see <see cref="LokiLabels"/>), and those of the very deploys of the workload, under whichever cluster id they were written:
    /// a cluster that is registered anew has another one, and the hub's numbers of deploys stay. A label that is missing counts as empty.
    /// </summary>
    public string Filter(string @namespace, string service)
    {
        var ids = ClusterIds.Order(StringComparer.Ordinal).ToList();
        var writers = ids.Select(id => $"logcollector-{id}").Prepend("runner");
        var clusters = ids.Select(Naming.SafeLabelValue).Concat(ids).Distinct(StringComparer.Ordinal).Prepend("");
        var own = $"({AnyOf("client_id", writers)} and {AnyOf(HubNames.LogClusterIdLabel, clusters)})";
        var deploys = DeployIds(@namespace, service).Where(id => id > 0).Distinct().Order().Select(id => id.ToString(CultureInfo.InvariantCulture)).ToList();
        return deploys.Count == 0 ? own : $"({own} or {AnyOf(HubNames.DeployIdLabel, deploys)})";
    }

    public static LogScope Of(RunnerOptions options, ClusterDirectory clusters, WorkloadFeed feed) => new(
        feed.Current.Keys.Select(key => key.Namespace).Append(options.WorkloadNamespace).Append(options.QuotaNamespace).ToHashSet(StringComparer.Ordinal),
        clusters.Connections.Select(cluster => cluster.Status.ClusterId).Append(options.ClusterId).OfType<string>().Where(id => id.Length > 0).ToHashSet(StringComparer.Ordinal))
    {
        DeployIds = (@namespace, name) => [.. feed.Current.Where(known => known.Key.Name == name && known.Key.Namespace == @namespace).Select(known => known.Value.DeployId)],
    };

    /// <summary>Why logs of a namespace cannot be searched; empty where they can.</summary>
    public LocalText Refusal(string @namespace) =>
        !Namespaces.Contains(@namespace)
            ? new($"Namespace '{@namespace}' has no workloads of this runner. Choose a workload from the list.", $"命名空间“{@namespace}”中没有此 Runner 的工作负载。请从列表中选择工作负载。")
            : ClusterIds.Count == 0
                ? new(
                    "No cluster's id is known yet, so that its logs cannot be told from those of others. Wait until a cluster is connected, or set STARHUB_SERVER_CLUSTER_ID.",
                    "尚不知道任何集群的标识，因此无法将其日志与他人的日志区分开。请等待集群连接，或设置 STARHUB_SERVER_CLUSTER_ID。")
                : LocalText.None;

    // No regular expressions: of those in a stage Loki makes searches for text, which lose an empty alternative, and find 1234 where two of them begin with 123
    // (pkg/logql/log/filter.go and label_filter.go of Loki).
    private static string AnyOf(string label, IEnumerable<string> values) => $"({string.Join(" or ", values.Select(value => $"{label}={LokiLabels.Quote(value)}"))})";
}
