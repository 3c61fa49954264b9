using System.Text.RegularExpressions;
using Runner.Engine.Clusters;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Logs.Collector;

/// <summary>Whose logs the history shows. Others may write to the same Loki: what watches the whole cluster, or the runners of other clusters.</summary>
/// <param name="Namespaces">Namespaces of workloads.</param>
/// <param name="ClusterIds">Ids of the clusters, as far as they are known.</param>
internal sealed record LogScope(IReadOnlySet<string> Namespaces, IReadOnlySet<string> ClusterIds)
{
    /// <summary>
    /// What every stream must match: written by the runner or by a collector of these clusters (see <see cref="LokiLabels"/>), and of no workload of another cluster. A label that is missing
    /// counts as empty.
    /// </summary>
    public string Matchers
    {
        get
        {
            var ids = ClusterIds.Order(StringComparer.Ordinal).ToList();
            var writers = ids.Select(id => $"logcollector-{id}").Prepend("runner");
            var clusters = ids.Select(Naming.SafeLabelValue).Concat(ids).Distinct(StringComparer.Ordinal).Prepend("");
            return $"client_id=~{OneOf(writers)}, {HubNames.LogClusterIdLabel}=~{OneOf(clusters)}";
        }
    }

    public static LogScope Of(RunnerOptions options, ClusterDirectory clusters, WorkloadFeed feed) => new(
        feed.Current.Keys.Select(key => key.Namespace).Append(options.WorkloadNamespace).Append(options.QuotaNamespace).ToHashSet(StringComparer.Ordinal),
        clusters.Connections.Select(cluster => cluster.Status.ClusterId).Append(options.ClusterId).OfType<string>().Where(id => id.Length > 0).ToHashSet(StringComparer.Ordinal));

    /// <summary>Why logs of a namespace cannot be searched; empty where they can.</summary>
    public LocalText Refusal(string @namespace) =>
        !Namespaces.Contains(@namespace)
            ? new($"Namespace '{@namespace}' has no workloads of this runner. Choose a workload from the list.", $"命名空间“{@namespace}”中没有此 Runner 的工作负载。请从列表中选择工作负载。")
            : ClusterIds.Count == 0
                ? new(
                    "No cluster's id is known yet, so that its logs cannot be told from those of others. Wait until a cluster is connected, or set STARHUB_SERVER_CLUSTER_ID.",
                    "尚不知道任何集群的标识，因此无法将其日志与他人的日志区分开。请等待集群连接，或设置 STARHUB_SERVER_CLUSTER_ID。")
                : LocalText.None;

    // Loki anchors the expression at both ends.
    private static string OneOf(IEnumerable<string> values) => LokiLabels.Quote(string.Join('|', values.Select(Regex.Escape)));
}
