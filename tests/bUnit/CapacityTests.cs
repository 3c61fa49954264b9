using System.Collections.Immutable;
using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Capacity;
using Runner.Web.Components.Pages;
using Runner.Web.Components.Texts;
using Runner.Web.Live;

namespace Runner.Tests.bUnit;

public sealed partial class CapacityTests
{
    [Fact]
    public async Task A_model_opens_to_its_nodes_and_to_who_uses_them_and_follows_the_cluster()
    {
        await using var console = new ConsoleContext();
        console.Engine.Feed.Set(Samples.Workload("llama"));
        console.Engine.Set(Snapshot(Node("gpu-1", "NVIDIA-A100", 8, Pod("llama", 2)), Node("cpu-1", "", 0)));
        Open(console, "/capacity?group=NVIDIA-A100");
        var page = console.Render<Capacity>();

        Assert.Equal("2", page.Find("tr.is-group .c-used").TextContent);
        Assert.Equal("6", page.Find("tr.is-group .c-free").TextContent);
        Assert.Contains("gpu-1", page.Find("tr.is-node").TextContent, StringComparison.Ordinal);
        Assert.Equal("workloads/embedded/service/spaces/llama", page.Find(".capacity-users a").GetAttribute("href"));

        console.Engine.Set(Snapshot(Node("gpu-1", "NVIDIA-A100", 8, Pod("llama", 4)) with { Ready = false, Status = "", Problem = "NodeStatusUnknown: Kubelet stopped posting node status." }));

        page.WaitForAssertion(() => Assert.Equal("0", page.Find("tr.is-group .c-free").TextContent));
        Assert.Equal("4", page.Find("tr.is-group .c-withheld").TextContent);
        Assert.Contains("Kubelet stopped posting", page.Find("tr.is-node .state-bad").GetAttribute("title"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Columns_are_chosen_and_lines_ordered_by_a_click_on_one_and_both_stand_in_the_address()
    {
        await using var console = new ConsoleContext();
        console.Engine.Set(Snapshot(Node("gpu-1", "NVIDIA-A100", 8), Node("gpu-2", "NVIDIA-H100", 4), Node("cpu-1", "", 0)));
        Open(console, "/capacity?columns=total,pods,cluster,name,colour");
        var page = console.Render<Capacity>();
        string[] Lines() => [.. page.FindAll("tr.is-group").Select(line => $"{line.QuerySelector("a")!.TextContent} {line.QuerySelector(".c-total")!.TextContent}")];
        Assert.Equal(["Accelerator model", "Total", "Pods", "Cluster"], page.FindAll("th").Select(header => header.TextContent.Trim()));
        Assert.Equal("embedded", page.Find("td.c-cluster").TextContent);
        Assert.Equal("0 / 110", page.Find("td.c-pods").TextContent);
        Assert.Equal(["NVIDIA-A100 8", "NVIDIA-H100 4", "Without accelerator –"], Lines());

        page.Find("th.c-total button").Click();
        Assert.Equal(["Without accelerator –", "NVIDIA-H100 4", "NVIDIA-A100 8"], Lines());
        Assert.Equal("capacity?sort=total&columns=name,total,pods,cluster", Navigation(console).ToBaseRelativePath(Navigation(console).Uri));
        Assert.Equal("ascending", page.Find("th.c-total").GetAttribute("aria-sort"));
    }

    [Fact]
    public async Task Without_the_right_to_see_nodes_the_page_says_so_and_what_to_do()
    {
        await using var console = new ConsoleContext();
        console.Engine.Set(new CapacitySnapshot("embedded", CapacitySource.Uncertain, [], LocalText.Verbatim("nodes is forbidden.")));
        Open(console, "/capacity");
        var page = console.Render<Capacity>();

        Assert.Contains("nodes is forbidden.", page.Find(".capacity-source").TextContent, StringComparison.Ordinal);
        Assert.Contains("list and watch", page.Find(".notice").TextContent, StringComparison.Ordinal);
        Assert.Equal("kubectl auth can-i list nodes", page.Find(".hint-code").TextContent);
    }

    [Fact]
    public async Task The_right_is_asked_for_as_the_account_that_the_runner_has()
    {
        await using var console = new ConsoleContext();
        console.Engine.Set(new ClusterView("embedded", ClusterOrigin.InCluster, new ClusterStatus(ClusterHealth.Connected, Samples.Now, LocalText.None, "", ""), Synced: true) { Account = "system:serviceaccount:ai:runner-1" });
        console.Engine.Set(new CapacitySnapshot("embedded", CapacitySource.Uncertain, [], LocalText.Verbatim("nodes is forbidden.")));
        Open(console, "/capacity");

        Assert.Equal("kubectl auth can-i list nodes --as=system:serviceaccount:ai:runner-1", console.Render<Capacity>().Find(".hint-code").TextContent);
    }

    [Theory]
    [InlineData("NVIDIA-NVIDIA L40S", "NVIDIA L40S")]
    [InlineData("NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-SXM4-80GB")]
    [InlineData("Ascend910B", "Ascend910B")]
    [InlineData("-", "-")]
    [InlineData("", "")]
    public void The_vendor_of_a_card_is_said_once(string type, string shown) => Assert.Equal(shown, CapacityAmounts.Card(type));

    [Fact]
    public async Task A_cluster_that_never_answered_is_told_of_instead_of_waited_for()
    {
        await using var console = new ConsoleContext();
        Open(console, "/capacity");
        var page = console.Render<Capacity>();
        Assert.NotEmpty(page.FindAll(".skeleton"));

        console.Engine.Set(new ClusterView("embedded", ClusterOrigin.Kubeconfig, new ClusterStatus(ClusterHealth.Unreachable, Samples.Now, LocalText.Verbatim("Nothing listens."), "", ""), Synced: false));

        page.WaitForAssertion(() => Assert.Contains("No cluster answers", page.Find(".notice").TextContent, StringComparison.Ordinal));
        Assert.Empty(page.FindAll(".skeleton"));
    }

    [Theory]
    [InlineData(true, "wait")]
    [InlineData(false, "bad")]
    public async Task A_group_of_nodes_looks_as_bad_as_the_worst_of_them(bool ready, string tone)
    {
        await using var console = new ConsoleContext();
        console.Engine.Set(Snapshot(Node("gpu-1", "NVIDIA-A100", 8) with { Cordoned = true }, Node("gpu-2", "NVIDIA-A100", 8) with { Ready = ready, Cordoned = true }, Node("cpu-1", "", 0)));
        Open(console, "/capacity");
        var page = console.Render<Capacity>();

        Assert.Equal("2", page.Find($"tr.is-group .state.state-{tone}").TextContent);
        Assert.Contains($"dot-{tone}", page.Find("button.chip .dot").ClassList);
    }

    [Fact]
    public async Task A_typed_request_is_answered_node_by_node_and_kept_in_the_address()
    {
        await using var console = new ConsoleContext();
        console.Engine.Set(Snapshot(Node("gpu-1", "NVIDIA-A100", 8), Node("gpu-2", "NVIDIA-A100", 8) with { Cordoned = true }, Node("cpu-1", "", 0)));
        Open(console, "/capacity/fit");
        var page = console.Render<CapacityFit>();
        page.Find(".fit-line input").Input("4 × A100, 3 replicas");

        Assert.Contains("Only 2 of 3", page.Find(".verdict").TextContent, StringComparison.Ordinal);
        Assert.Equal("/capacity/fit?device=A100&count=4&replicas=3", "/" + Navigation(console).ToBaseRelativePath(Navigation(console).Uri));

        // The answer is ordered as any table is, and keeps its order while another question is typed.
        string Nodes() => string.Join(' ', page.FindAll("td.c-name a").Select(cell => cell.TextContent));
        Assert.Equal("gpu-1 gpu-2 cpu-1", Nodes());
        page.Find("th.c-name button").Click();
        page.Find("th.c-name button").Click();
        Assert.Equal("gpu-2 gpu-1 cpu-1", Nodes());
        page.Find(".fit-line input").Input("2 × A100");
        Assert.Equal(("gpu-2 gpu-1 cpu-1", "?device=A100&count=2&sort=-name"), (Nodes(), new Uri(Navigation(console).Uri).Query));
        page.Find(".fit-line input").Input("4 × H200");
        Assert.Contains("NVIDIA-A100", page.Find(".notice").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_texts_are_complete_in_both_languages_and_all_used()
    {
        var (english, chinese) = (Read(CultureInfo.InvariantCulture), Read(new CultureInfo("zh-Hans")));
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Console.sln")))
        {
            folder = folder.Parent!;
        }

        var used = Directory.EnumerateFiles(Path.Combine(folder.FullName, "src", "Web", "Components"), "*.razor", SearchOption.AllDirectories)
            .SelectMany(file => Key().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).ToHashSet();

        Assert.Equal(english.Keys.Order(), chinese.Keys.Order());
        Assert.DoesNotContain(english, entry => !Holes(entry.Value).SetEquals(Holes(chinese[entry.Key])));
        Assert.Empty(used.Except(english.Keys));
        Assert.Empty(english.Keys.Where(key => !key.EndsWith(".One", StringComparison.Ordinal)).Except(used));
    }

    private static NavigationManager Navigation(ConsoleContext console) => console.Services.GetRequiredService<NavigationManager>();

    private static void Open(ConsoleContext console, string path) => Navigation(console).NavigateTo(path);

    private static CapacitySnapshot Snapshot(params NodeCapacity[] nodes) => new("embedded", CapacitySource.ClusterWide, nodes, LocalText.None);

    private static PodUse Pod(string service, int gpus) => new()
    {
        Namespace = "spaces",
        Name = $"{service}-0",
        Node = "gpu-1",
        Service = service,
        Running = true,
        Requests = ImmutableSortedDictionary<string, decimal>.Empty.Add("nvidia.com/gpu", gpus),
    };

    internal static NodeCapacity Node(string name, string model, int gpus, params PodUse[] pods) => new()
    {
        Name = name,
        Status = "Ready",
        Ready = true,
        Labels = ImmutableSortedDictionary<string, string>.Empty.Add("nvidia.com/gpu.product", model),
        Accelerator = model.Length == 0 ? null : new("NVIDIA", "A100", "nvidia.com/gpu", "nvidia.com/gpu.product", model, ""),
        Resources = ImmutableSortedDictionary<string, ResourceFigures>.Empty.Add("cpu", new(64, 64, 0)).Add("memory", new(1L << 38, 1L << 38, 0)).Add("pods", new(110, 110, 0))
            .Add("nvidia.com/gpu", new(gpus, gpus, pods.Sum(pod => pod.Requests["nvidia.com/gpu"]))),
        Pods = pods,
        UpdatedAt = Samples.Now,
    };

    private static Dictionary<string, string> Read(CultureInfo culture) =>
        new ResourceManager(typeof(CapacityText).FullName!, typeof(CapacityText).Assembly).GetResourceSet(culture, createIfNotExists: true, tryParents: false)!
            .Cast<System.Collections.DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    private static HashSet<string> Holes(string text) => [.. Hole().Matches(text).Select(match => match.Value)];

    [GeneratedRegex("""\bC(?:\[|\.Counted\()"([A-Za-z.]+)"[],]""")]
    private static partial Regex Key();

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Hole();
}
