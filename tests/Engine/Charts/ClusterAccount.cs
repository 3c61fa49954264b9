using System.Text.Json.Nodes;
using Runner.EmbeddedCluster;
using Runner.Tests.Support;

namespace Runner.Tests.Engine.Charts;

/// <summary>Puts what a chart renders into the embedded cluster, and makes the program one of its service accounts.</summary>
internal static class ClusterAccount
{
    /// <summary>What the runner's namespace and Knative's ingress are made of, whoever installed them.</summary>
    private const string Surroundings = """
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

    /// <summary>Applies the objects with the real <c>kubectl</c>.</summary>
    /// <returns>A kubeconfig of the account <paramref name="name"/> in the release's namespace.</returns>
    public static async Task<string> KubeconfigAsync(EmbeddedClusterHost cluster, IEnumerable<JsonObject> objects, string name)
    {
        using var folder = new TemporaryFolder();
        var administrator = Path.Combine(folder.Path, "kubeconfig");
        var manifest = Path.Combine(folder.Path, "objects.yaml");
        await File.WriteAllTextAsync(administrator, cluster.Kubeconfig(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(manifest, string.Join("\n---\n", objects.Select(o => o.ToJsonString()).Prepend(Surroundings)), TestContext.Current.CancellationToken);
        await Tool.OutputAsync("kubectl", ["--kubeconfig", administrator, "apply", "-f", manifest], TestContext.Current.CancellationToken);
        var token = await Tool.OutputAsync("kubectl", ["--kubeconfig", administrator, "create", "token", name, "-n", RunnerChart.Namespace], TestContext.Current.CancellationToken);
        return cluster.KubeconfigOf(token.Trim());
    }

    /// <summary>The user that a service account of the release's namespace is.</summary>
    public static string User(string account) => $"system:serviceaccount:{RunnerChart.Namespace}:{account}";
}
