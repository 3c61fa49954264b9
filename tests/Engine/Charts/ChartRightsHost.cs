using Runner.EmbeddedCluster;
using Runner.Engine.Configuration;
using Runner.Tests.Engine.RunnerApi;

namespace Runner.Tests.Engine.Charts;

/// <summary>The whole program as the chart's service account, with what the chart grants it and no more.</summary>
public sealed class ChartRightsHost : RunnerApiHost
{
    /// <summary>Who the runner is.</summary>
    public static readonly string User = ClusterAccount.User(Account);

    private const string Account = "runner-runner";

    private static readonly string[] Applied = ["ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ConfigMap"];

    /// <summary>What the rendered roles allow the runner, one by one.</summary>
    internal IReadOnlyList<(string Verb, string Group, string Resource)> Rights { get; private set; } = [];

    protected override async Task<string> PrepareAsync(EmbeddedClusterHost cluster)
    {
        var objects = await RunnerChart.RenderAsync("--set", "hubAPIToken=t,runner.applicationEndpoint=auto");
        Rights = [.. objects.Where(o => (string?)o["kind"] is "Role" or "ClusterRole" && !((string)o["metadata"]!["name"]!).Contains("argo", StringComparison.Ordinal))
            .SelectMany(role => role["rules"]!.AsArray())
            .SelectMany(rule => Texts(rule!["verbs"]).SelectMany(verb => Texts(rule["apiGroups"]).SelectMany(group => Texts(rule["resources"]).Select(resource => (verb, group, resource)))))
            .Distinct()];
        return await ClusterAccount.KubeconfigAsync(cluster, objects.Where(o => Applied.Contains((string?)o["kind"])), Account);
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
