using Runner.Tests.Engine.RunnerApi.Contract;

namespace Runner.Tests.Engine.Charts;

/// <summary>The rights that the chart gives the runner are what it needs, and nothing besides.</summary>
public sealed class ChartRightsTests(ChartRightsHost host) : IClassFixture<ChartRightsHost>
{
    /// <summary>What no call of the contract brings about, and what does.</summary>
    private static readonly Dictionary<string, string> Rarely = new(StringComparer.Ordinal)
    {
        ["list secrets."] = "what was left of jobs that were never made is looked for every ten minutes",
        ["get secrets."] = "the pull secret, when an administrator tests the registry",
        ["list storageclasses.storage.k8s.io"] = "a check of the diagnostics, every quarter of an hour",
        ["list customresourcedefinitions.apiextensions.k8s.io"] = "watched once the workloads are known",
        ["watch customresourcedefinitions.apiextensions.k8s.io"] = "the same",
        ["list deployments.apps"] = "the same",
        ["watch deployments.apps"] = "the same",
        ["list statefulsets.apps"] = "the same",
        ["watch statefulsets.apps"] = "the same",
        ["list persistentvolumeclaims."] = "what was left of jobs, as for Secrets",
        ["delete secrets."] = "what a job had for itself, where the cluster has not removed it with the job",
        ["delete persistentvolumeclaims."] = "the same",
        ["update configmaps."] = "files of image builds that another version of the runner wrote",
        ["list pods.metrics.k8s.io"] = "while a page shows what instances use",
        ["list nodes.metrics.k8s.io"] = "while a page shows what nodes use",
        ["patch services."] = "an update that changes the port of a service over several hosts",
        ["update leaderworkersets.leaderworkerset.x-k8s.io"] = "an update of a service over several hosts",
    };

    [Fact]
    public async Task Every_call_of_the_contract_works_with_the_charts_rights_and_no_right_is_left_over()
    {
        var player = new ContractPlayer(host);
        foreach (var sample in HappyCalls.All.Keys)
        {
            await player.PlaySampleAsync(sample);
        }

        var uses = host.Cluster.Accesses.Where(use => use.User == ChartRightsHost.User).ToList();
        Assert.NotEmpty(uses);
        Assert.Equal([], uses.Where(use => !use.Allowed).Select(use => $"{use.Verb} {use.Resource}.{use.Group} in {use.Namespace ?? "all namespaces"}").Order());

        var used = uses.Select(use => (use.Verb, use.Group, use.Resource)).ToHashSet();
        var left = host.Rights.Where(right => !used.Contains(right)).Select(right => $"{right.Verb} {right.Resource}.{right.Group}").Except(Rarely.Keys);
        Assert.True(!left.Any(), "Never used: " + string.Join(", ", left.Order(StringComparer.Ordinal)));
    }
}
