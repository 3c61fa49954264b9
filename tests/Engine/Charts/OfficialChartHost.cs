using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Tests.Engine.RunnerApi;

namespace Runner.Tests.Engine.Charts;

/// <summary>The whole program in the place of the official one: with the variables that an official chart renders, as its service account with its rights.</summary>
internal sealed class OfficialChartHost(string chart) : RunnerApiHost
{
    private string _account = "";

    /// <summary>What the program asked of the cluster and may not, such as <c>list events in spaces</c>; whoever else asked is left out.</summary>
    public IEnumerable<string> Refused => Cluster.Accesses.Where(use => !use.Allowed && use.User == ClusterAccount.User(_account))
        .Select(use => $"{use.Verb} {use.Resource}{(use.Group.Length == 0 ? "" : "." + use.Group)} in {use.Namespace ?? "all namespaces"}").Distinct().Order(StringComparer.Ordinal);

    /// <summary>What the program says about the objects that it does not see, or not live.</summary>
    public IReadOnlyList<CacheStatus> Caches => Services.GetRequiredService<ClusterDirectory>().Connections[0].State.Caches;

    protected override async Task<string> PrepareAsync(EmbeddedClusterHost cluster)
    {
        var kubeconfig = await ClusterAccount.KubeconfigAsync(cluster, OfficialCharts.RightsOf(chart, out _account), _account);

        // Without the address of the hub, which is not there.
        var data = OfficialCharts.Environments[(chart, "sample")].Where(variable => variable.Key != "STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT").Select(variable => KeyValuePair.Create(variable.Key, (JsonNode?)variable.Value));
        cluster.Store.Create(new ObjectKey("", "configmaps", RunnerChart.Namespace, "runner-runner"), new JsonObject { ["metadata"] = new JsonObject(), ["data"] = new JsonObject(data) });
        return kubeconfig;
    }

    protected override RunnerOptions Adjust(RunnerOptions options)
    {
        var (read, errors) = RunnerOptions.Load(OfficialCharts.Environments[(chart, "sample")]);
        Assert.Empty(errors);

        // As in a pod where nothing is said of replicas: there is a Lease. The hub and Loki of the values are not there, and the contract's answers name images without a registry.
        return read! with
        {
            DataDirectory = options.DataDirectory, Port = 0, ApiToken = Token, AdminPassword = options.AdminPassword, LeaderElection = true, SharesState = false,
            StorageClass = chart == "2.4.1" ? options.StorageClass : read.StorageClass,
            Services = read.Services with { PublicRegistry = "", ModelRegistry = "" }, Hub = read.Hub with { WebhookEndpoint = null }, LogCollector = read.LogCollector with { LokiUrl = null },
        };
    }
}
