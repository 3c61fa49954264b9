using Runner.EmbeddedCluster;
using Runner.Engine.Configuration;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Support;

namespace Runner.Tests.Engine.Charts;

/// <summary>The whole program as the chart's service account, with what the chart grants it and no more.</summary>
public sealed class ChartRightsHost : RunnerApiHost
{
    /// <summary>Who the runner is.</summary>
    public const string User = $"system:serviceaccount:{RunnerChart.Namespace}:runner-runner";

    private static readonly string[] Applied = ["ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ConfigMap"];

    private const string Ingress = """
        apiVersion: v1
        kind: Namespace
        metadata: {name: knative-serving}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: config-network, namespace: knative-serving}
        data: {ingress-class: gateway-api.ingress.networking.knative.dev}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: config-gateway, namespace: knative-serving}
        data: {external-gateways: "- class: eg-external\n  gateway: csghub/knative\n  service: csghub/knative\n"}
        ---
        apiVersion: v1
        kind: Namespace
        metadata: {name: csghub}
        """;

    /// <summary>What the rendered roles allow the runner, one by one.</summary>
    internal IReadOnlyList<(string Verb, string Group, string Resource)> Rights { get; private set; } = [];

    protected override async Task<string> PrepareAsync(EmbeddedClusterHost cluster)
    {
        using var folder = new TemporaryFolder();
        var administrator = Path.Combine(folder.Path, "kubeconfig");
        await File.WriteAllTextAsync(administrator, cluster.Kubeconfig(), TestContext.Current.CancellationToken);
        var objects = await RunnerChart.RenderAsync("--set", "hubAPIToken=t,runner.applicationEndpoint=auto");
        Rights = [.. objects.Where(o => (string?)o["kind"] is "Role" or "ClusterRole" && !((string)o["metadata"]!["name"]!).Contains("argo", StringComparison.Ordinal))
            .SelectMany(role => role["rules"]!.AsArray())
            .SelectMany(rule => Texts(rule!["verbs"]).SelectMany(verb => Texts(rule["apiGroups"]).SelectMany(group => Texts(rule["resources"]).Select(resource => (verb, group, resource)))))
            .Distinct()];
        var manifest = Path.Combine(folder.Path, "objects.yaml");
        var applied = objects.Where(o => Applied.Contains((string?)o["kind"])).Select(o => o.ToJsonString());
        await File.WriteAllTextAsync(manifest, string.Join("\n---\n", applied.Prepend(Ingress)), TestContext.Current.CancellationToken);
        await Tool.OutputAsync("kubectl", ["--kubeconfig", administrator, "apply", "-f", manifest], TestContext.Current.CancellationToken);
        var token = await Tool.OutputAsync(
            "kubectl", ["--kubeconfig", administrator, "create", "token", "runner-runner", "-n", RunnerChart.Namespace], TestContext.Current.CancellationToken);
        return cluster.KubeconfigOf(token.Trim());
    }

    protected override RunnerOptions Adjust(RunnerOptions options) => options with
    {
        ApplicationEndpoint = "auto",
        LeaderElection = true,
        RunnerNamespace = RunnerChart.Namespace,
        QuotaName = "runner-gpu-quota",
        Hub = options.Hub with { ConfigMapName = "runner-runner" },
    };

    private static IEnumerable<string> Texts(System.Text.Json.Nodes.JsonNode? list) => list!.AsArray().Select(item => (string)item!);
}
