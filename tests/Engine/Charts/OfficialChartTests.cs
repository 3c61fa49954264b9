using System.Net;
using Runner.Engine.Configuration;
using Runner.Tests.Engine.RunnerApi.Contract;

namespace Runner.Tests.Engine.Charts;

/// <summary>Our image in the official charts: it reads every variable they set, and does with their rights all that these allow.</summary>
public sealed class OfficialChartTests
{
    /// <summary>What the charts set and the runner has no use for.</summary>
    private static readonly Dictionary<string, string> NotOurs = new(StringComparer.Ordinal)
    {
        ["STARHUB_SERVER_SPACE_DEPLOY_TIMEOUT_IN_MINUTES"] = "the hub gives a deploy up by it",
        ["STARHUB_SERVER_SPACE_BUILD_TIMEOUT_IN_MINUTES"] = "the hub gives a build up by it",
        ["STARHUB_SERVER_SPACE_STATUS_CHECK_INTERVAL"] = "how often the hub asks",
        ["STARHUB_SERVER_MODEL_DEPLOY_STATUS_CHECK_INTERVAL"] = "how often the hub asks",
        ["STARHUB_SERVER_RUNNER_IMAGE_BUILDER_STATUS_TTL"] = "the other name, JOB_TTL, is set too and counts",
    };

    /// <summary>What the program asks for and no chart grants, or not every one; none of it stops the rest.</summary>
    private static readonly string[] Refusable =
    [
        "get configmaps in knative-serving",
        "get leases.coordination.k8s.io in csghub",
        "get ingresses.networking.internal.knative.dev in spaces",
        "get services in csghub",
        "list customresourcedefinitions.apiextensions.k8s.io in all namespaces",
        "list deployments.apps in all namespaces",
        "list events in spaces",
        "list leaderworkersets.leaderworkerset.x-k8s.io in spaces",
        "list sandboxes.agents.x-k8s.io in spaces",
        "list secrets in csghub",
        "list statefulsets.apps in all namespaces",
        "list storageclasses.storage.k8s.io in all namespaces",
        "patch persistentvolumeclaims in spaces",
        "watch nodes in all namespaces",
        "watch pods in all namespaces",
    ];

    /// <summary>What the charts of 1.17 to 2.4 grant too little of, as the console tells it, with the right that is missing.</summary>
    private static readonly Dictionary<string, string> Told = new(StringComparer.Ordinal)
    {
        ["events"] = "Grant it list and watch on events",
        ["leaderworkersets.leaderworkerset.x-k8s.io"] = "Grant it list and watch on leaderworkersets",
        ["nodes"] = "Grant it watch on nodes",
        ["pods"] = "Grant it watch on pods",
    };

    public static TheoryData<string, string> Environments => [.. OfficialCharts.Environments.Keys];

    [Theory]
    [MemberData(nameof(Environments))]
    public void Every_variable_that_a_chart_sets_takes_effect(string chart, string values)
    {
        var variables = OfficialCharts.Environments[(chart, values)];
        var options = Read(variables);

        foreach (var (name, value) in variables.Where(variable => !NotOurs.ContainsKey(variable.Key)))
        {
            var others = Others(value).Select(other => RunnerOptions.Load(new Dictionary<string, string?>(variables) { [name] = other }).Options).OfType<RunnerOptions>();
            Assert.True(others.Any(other => other with { Variables = options.Variables } != options), $"{name} is read by nobody");
        }

        // What the templates print where no registry is set is no registry.
        Assert.DoesNotContain("%!", options.Services.BuildRegistry, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.16.1", "run-inference", "workflow-finetune")]
    [InlineData("1.17.0", "run-inference", "workflow-finetune", "image-build")]
    [InlineData("2.4.1", "run-inference", "workflow-finetune", "image-build", "dataflow-job", "sandbox")]
    public async Task With_a_charts_rights_all_works_that_they_allow_and_the_rest_says_what_it_lacks(string chart, params string[] samples)
    {
        await using var host = new OfficialChartHost(chart);
        await host.InitializeAsync();
        var player = new ContractPlayer(host);
        foreach (var sample in samples)
        {
            await player.PlaySampleAsync(sample);
        }

        Assert.Equal([], host.Refused.Except(Refusable));
        if (chart != "1.16.1")
        {
            Assert.All(Told, told => Assert.Contains(told.Value, host.Caches.Single(cache => cache.Resource == told.Key).Problem, StringComparison.Ordinal));
            var (status, text) = await host.CallAsync(HttpMethod.Post, "service/u-acme-deepseek-r1-3kc/run", OfficialChartHost.Sample("run-multihost"));
            Assert.Equal(HttpStatusCode.InternalServerError, status);
            Assert.Contains("leaderworkersets.leaderworkerset.x-k8s.io is forbidden", text, StringComparison.Ordinal);
        }
    }

    private static RunnerOptions Read(IReadOnlyDictionary<string, string?> variables)
    {
        var (options, errors) = RunnerOptions.Load(variables);
        Assert.Empty(errors);
        return options!;
    }

    /// <summary>Values of which one at least is of the same kind and another one.</summary>
    private static IEnumerable<string> Others(string? value) =>
    [
        value == "true" ? "false" : "true", "other", "dns", "http://other.example.com", """[{"type_label":"other.com/type","capacity_label":"other.com/gpu"}]""",
        int.TryParse(value, out var number) ? (number + 1).ToString(System.Globalization.CultureInfo.InvariantCulture) : "1",
    ];
}
