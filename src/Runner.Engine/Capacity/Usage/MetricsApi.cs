using System.Text.Json;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Capacity.Usage;

/// <summary>Asks a cluster's metrics API, mostly that of the metrics server, what is used now. It offers no watch.</summary>
internal sealed class MetricsApi(ClusterConnection cluster, string @namespace, TimeProvider time) : ApiCalls(cluster, time)
{
    private const string Path = "apis/metrics.k8s.io/v1beta1";

    /// <returns>The list, or why there is none; throws only when cancelled.</returns>
    public async Task<UsageList> ReadAsync(UsageSubject subject, CancellationToken cancellationToken)
    {
        try
        {
            var list = await CallAsync(
                async (client, token) =>
                {
                    using var response = await RawApi.GetAsync(client, subject == UsageSubject.Nodes ? $"{Path}/nodes" : $"{Path}/namespaces/{@namespace}/pods", token).ConfigureAwait(false);
                    var body = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
                    return await JsonSerializer.DeserializeAsync(body, MetricsJson.Default.MetricsList, token).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
            return new(UsageState.Known, LocalText.None, list is null ? UsageList.Unknown.Values : MetricsReader.Read(subject, list));
        }
        catch (Exception failure) when (ClusterProblem.IsFailure(failure, cancellationToken) || failure is JsonException)
        {
            var (state, problem) = Describe(failure, subject);
            return UsageList.Unknown with { State = state, Problem = problem };
        }
    }

    private (UsageState State, LocalText Problem) Describe(Exception failure, UsageSubject subject) => failure switch
    {
        ApiStatusException { Code: 404 } => (UsageState.Missing, new(
            $"Cluster '{ClusterName}' has no metrics API. Install the metrics server.",
            $"集群“{ClusterName}”没有指标 API。请安装 metrics-server。")),
        ApiStatusException { Code: 403 } => (UsageState.Failed, subject == UsageSubject.Nodes
            ? new(
                "The runner may not read what nodes use. Grant its account list on nodes of metrics.k8s.io.",
                "Runner 无权读取节点的使用量。请为其账户授予对 metrics.k8s.io 的 nodes 的 list 权限。")
            : new(
                $"The runner may not read what pods use. Grant its account list on pods of metrics.k8s.io in namespace '{@namespace}'.",
                $"Runner 无权读取 Pod 的使用量。请为其账户授予在命名空间“{@namespace}”中对 metrics.k8s.io 的 pods 的 list 权限。")),
        ApiStatusException { Code: 503 } => (UsageState.Failed, new(
            $"The metrics server of cluster '{ClusterName}' does not answer (503). Look at its pods, mostly in namespace kube-system.",
            $"集群“{ClusterName}”的 metrics-server 没有应答（503）。请检查它的 Pod，通常位于命名空间 kube-system。")),
        _ => (UsageState.Failed, ClusterProblem.Describe(failure, ClusterName)),
    };
}
