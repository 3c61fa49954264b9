using Runner.Engine.Capacity;
using Runner.Engine.Configuration;
using Runner.Tests.Engine.Hub;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Capacity;

/// <summary>Figures of a cluster whose nodes may not be seen.</summary>
public sealed class CapacityRightsTests
{
    private const string Quota = """
        {"metadata":{"name":"ours","namespace":"spaces","resourceVersion":"2","labels":{"nvidia.com/gpu.product":"NVIDIA-A100-SXM4-80GB"}},
         "status":{"hard":{"requests.cpu":"64","requests.memory":"256Gi","requests.nvidia.com/gpu":"8","pods":"100"},
                   "used":{"requests.cpu":"1500m","requests.memory":"16Gi","requests.nvidia.com/gpu":"3","pods":"2"}}}
        """;

    [Theory]
    [InlineData("ours", true, CapacitySource.NamespaceQuota)]
    [InlineData("ours", false, CapacitySource.Uncertain)]
    [InlineData("", false, CapacitySource.Uncertain)]
    internal async Task The_quota_of_the_namespace_stands_for_nodes_that_may_not_be_listed(string quota, bool exists, CapacitySource source)
    {
        await using var api = await ScriptedApi.StartAsync();
        api.Answer = context => (context.Request.Path.Value, context.Request.Query.ContainsKey("watch")) switch
        {
            ("/api/v1/nodes", _) => ScriptedApi.StatusAsync(context, 403, "Forbidden", "nodes is forbidden"),
            (_, true) => HangAsync(context),
            ("/api/v1/namespaces/spaces/resourcequotas", _) => ScriptedApi.JsonAsync(context, $$"""{"metadata":{"resourceVersion":"2"},"items":[{{(exists ? Quota : "")}}]}"""),
            ("/api/v1/pods", _) => ScriptedApi.JsonAsync(context, """{"metadata":{"resourceVersion":"2"},"items":[]}"""),
            _ => ScriptedApi.StatusAsync(context, 404, "NotFound", "nothing here"),
        };
        using var folder = new TemporaryFolder();
        await using var side = new ClusterSide(folder, new RunnerOptions { QuotaName = quota, QuotaNamespace = "shared" }, TimeProvider.System, api.Endpoint);
        await Eventually.TrueAsync(() => side.Capacity.Of("scripted").Source == source, "where the figures come from", 20);

        var snapshot = side.Capacity.Of("scripted");
        Assert.Contains("nodes is forbidden", snapshot.Problem, StringComparison.Ordinal);
        Assert.Equal(exists ? 1 : 0, snapshot.Nodes.Count);
        if (exists)
        {
            var answer = ClusterReports.AnswerOf(snapshot.Nodes[0], "spaces");
            Assert.Equal((64m, 62.5m, 256m, 240m, 8L, 5L), (answer.TotalCpu, answer.AvailableCpu, answer.TotalMemory, answer.AvailableMemory, answer.TotalXpu, answer.AvailableXpu));
            Assert.Equal(("NVIDIA", "A100-SXM4-80GB", "nvidia.com/gpu", ""), (answer.GpuVendor, answer.XpuModel, answer.XpuCapacityLabel, answer.NodeName));
        }
    }

    private static async Task HangAsync(Microsoft.AspNetCore.Http.HttpContext context)
    {
        await ScriptedApi.SendAsync(context, "");
        await ScriptedApi.HangAsync(context);
    }
}
