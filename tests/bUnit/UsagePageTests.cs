using Bunit;
using Runner.Engine;
using Runner.Engine.Capacity;
using Runner.Engine.Capacity.Usage;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Controls.Capacity;
using Runner.Web.Components.Controls.Workloads;
using Runner.Web.Components.Models.Capacity;

namespace Runner.Tests.bUnit;

/// <summary>What containers and nodes use, beside their limits and claims.</summary>
public sealed class UsagePageTests
{
    private const string Pod = "web-00001-deployment-0";

    [Fact]
    public async Task Instances_show_what_containers_use_as_it_is_measured_and_warn_of_a_limit_that_is_near()
    {
        await using var context = new ConsoleContext();
        context.Engine.Limits[Pod] = new() { ["user-container"] = new(8, 16m * 1024 * 1024 * 1024) };
        var list = context.Render<InstanceList>(parameters => parameters.Add(p => p.Workload, Samples.Workload("web")));
        Assert.Equal(["–", "–"], Cells(list));

        Measure(context, cores: 2.5m, gibibytes: 8);
        Assert.Equal(["2.5 / 8", "8 Gi / 16 Gi"], Cells(list));
        Assert.Empty(list.FindAll(".is-near"));

        Measure(context, cores: 2.5m, gibibytes: 15);
        Assert.Contains("Close to its limit", list.Find(".is-near").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_measured_is_said_once_with_what_to_do()
    {
        await using var context = new ConsoleContext();
        var list = context.Render<InstanceList>(parameters => parameters.Add(p => p.Workload, Samples.Workload("web", pods: 3)));
        Assert.Empty(list.FindAll("[data-usage]"));

        context.Engine.Set(UsageSubject.Containers, UsageList.Unknown with { State = UsageState.Missing, Problem = new("Install the metrics server.", "请安装。") });
        Assert.Contains("Install the metrics server.", Assert.Single(list.FindAll("[data-usage=Missing]")).TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_watches_what_no_page_shows()
    {
        await using var context = new ConsoleContext();
        context.Render<InstanceList>(parameters => parameters.Add(p => p.Workload, Samples.Workload("web")));
        Assert.Equal([UsageSubject.Containers], context.Engine.UsageWatched);

        await context.DisposeComponentsAsync();
        Assert.Empty(context.Engine.UsageWatched);
    }

    [Fact]
    public async Task Details_of_a_node_show_what_it_really_uses()
    {
        await using var context = new ConsoleContext();
        context.Engine.Set(new CapacitySnapshot("embedded", CapacitySource.ClusterWide, [CapacityTests.Node("gpu-1", "NVIDIA-L40S", 4)], LocalText.None));
        var model = new CapacityModel(context.Engine);
        model.Load();
        model.Show(new() { Node = "embedded/gpu-1" });
        var detail = context.Render<CapacityDetail>(parameters => parameters.Add(p => p.Model, model));
        Assert.All(detail.FindAll(".capacity-resources tbody tr"), row => Assert.Equal("–", row.LastElementChild!.TextContent));

        context.Engine.Set(UsageSubject.Nodes, new(UsageState.Known, LocalText.None, new Dictionary<string, Used> { ["gpu-1"] = new(3.5m, 12m * 1024 * 1024 * 1024), ["other"] = new(1, 1) }));
        var measured = detail.FindAll(".capacity-resources tbody tr").ToDictionary(row => row.QuerySelector("th")!.TextContent, row => row.LastElementChild!.TextContent);
        Assert.Equal(("3.5", "12 Gi"), (measured["cpu"], measured["memory"]));
    }

    private static void Measure(ConsoleContext context, decimal cores, decimal gibibytes) => context.Engine.Set(
        UsageSubject.Containers,
        new(UsageState.Known, LocalText.None, new Dictionary<string, Used> { [UsageList.KeyOf(Pod, "user-container")] = new(cores, gibibytes * 1024 * 1024 * 1024) }));

    private static IEnumerable<string> Cells(IRenderedComponent<InstanceList> list) => list.FindAll("table.plain tbody td").Skip(4).Select(cell => cell.TextContent.Trim());
}
