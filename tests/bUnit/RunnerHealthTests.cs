using System.Collections;
using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Operations;
using Runner.Web.Components.Pages;
using Runner.Web.Components.Texts;
using Runner.Web.Identity;
using Runner.Web.Live.Vitals;

namespace Runner.Tests.bUnit;

/// <summary>The page of the runner's own health.</summary>
public sealed partial class RunnerHealthTests
{
    private static readonly RunnerVitals Well = new(
        new("1.2.3", Samples.Now.AddHours(-2), TimeSpan.FromMinutes(1), 200L << 20, 80L << 20, 1024L << 20, 0.4, 12, 31, 0, 204),
        new(new DatabaseStatus(5L << 20, 64 << 10, 0, null, new(Samples.Now, 4L << 20, 3L << 20), new(Samples.Now.AddHours(-1), 9L << 20, 4L << 20, TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(3))), "/data", 40L << 30, [new("runner.db", 1, 5L << 20), new("keys/", 3, 6000)]),
        new(new OutboxStatus(0, 17, LocalText.None, Samples.Now), IsLeader: true, null),
        [new("east", new("pods", CacheHealth.Synced, LocalText.None, Samples.Now, 1234)), new("east", new("workflows.argoproj.io", CacheHealth.Unavailable, LocalText.Verbatim("Argo Workflows is not installed."), null, 0))],
        [new("writes", "", 0, null), new("history", "", 2, 0), new("workloads", "east: services", 5, null)],
        new(4, 3, 2));

    [Fact]
    public async Task A_process_that_is_well_says_so_with_its_figures_and_a_kind_that_is_not_installed_is_no_trouble()
    {
        await using var console = Console(new Source(Well));
        var page = console.Render<RunnerHealth>();

        Assert.Contains("Nothing is wrong", page.Find("[role=status]").TextContent, StringComparison.Ordinal);
        Assert.Contains("200 MiB", page.Markup, StringComparison.Ordinal);
        Assert.Contains("75 %", page.Markup, StringComparison.Ordinal);
        Assert.Contains("9 MiB to 4 MiB", page.Markup, StringComparison.Ordinal);
        Assert.Contains("1,234", page.Find(".health-caches").TextContent, StringComparison.Ordinal);
        Assert.Contains("Argo Workflows is not installed.", page.Find(".health-caches").TextContent, StringComparison.Ordinal);
        Assert.Contains("runner.db", page.Find(".health-files").TextContent, StringComparison.Ordinal);
        Assert.Contains("never", page.FindAll(".health-queues tbody tr")[0].TextContent, StringComparison.Ordinal);
        Assert.Empty(page.FindAll("[role=alert]"));
    }

    [Fact]
    public async Task What_goes_wrong_is_told_while_the_page_is_open_and_so_is_what_was_dropped()
    {
        var source = new Source(Well);
        await using var console = Console(source);
        var page = console.Render<RunnerHealth>();
        source.Now = Well with
        {
            Process = Well.Process with { ProcessorTime = Well.Process.ProcessorTime + TimeSpan.FromSeconds(1) },
            Storage = Well.Storage with { Database = Well.Storage.Database with { Problem = new("No space left on device", Samples.Now) } },
            Hub = Well.Hub with { Outbox = Well.Hub.Outbox with { LastError = LocalText.Verbatim("The hub answered 500.") } },
            Caches = [new("east", new("pods", CacheHealth.Interrupted, LocalText.Verbatim("The connection was closed."), Samples.Now, 1234))],
            Queues = [new("history", "", 4096, 77)],
        };

        console.Clock.Advance(TimeSpan.FromSeconds(2));

        page.WaitForAssertion(() => Assert.Equal(4, page.FindAll("[role=alert] p").Count));
        var told = page.Find("[role=alert]").TextContent;
        Assert.All(["No space left on device", "The hub answered 500.", "pods", "77"], evidence => Assert.Contains(evidence, told, StringComparison.Ordinal));
        Assert.Contains("50 %", page.Markup, StringComparison.Ordinal);

        source.Now = Well;
        console.Clock.Advance(TimeSpan.FromSeconds(2));
        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[role=alert]")));
    }

    [Fact]
    public async Task Of_a_replica_that_stands_by_the_silence_is_no_trouble_and_little_room_is()
    {
        var vitals = Well with
        {
            Hub = new(new OutboxStatus(3, 0, LocalText.Verbatim("Replica a speaks to the hub; this one stands by."), null), IsLeader: false, "a"),
            Storage = Well.Storage with { Free = RunnerHealthModel.LittleRoom - 1 },
        };
        await using var console = Console(new Source(vitals));
        var page = console.Render<RunnerHealth>();

        Assert.Contains("Little room", Assert.Single(page.FindAll("[role=alert] p")).TextContent, StringComparison.Ordinal);
        Assert.Contains("Stands by", page.Markup, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ConsoleRole.Viewer, 0)]
    [InlineData(ConsoleRole.Operator, 0)]
    [InlineData(ConsoleRole.Administrator, 1)]
    public async Task Only_administrators_are_offered_a_backup(ConsoleRole role, int offered)
    {
        await using var console = Console(new Source(Well), role);
        Assert.Equal(offered, console.Render<RunnerHealth>().FindAll("[data-backup]").Count);
    }

    [Fact]
    public void Its_texts_are_complete_in_both_languages()
    {
        var (english, chinese) = (Read(CultureInfo.InvariantCulture), Read(new CultureInfo("zh-Hans")));
        Assert.Equal(english.Keys.Order(), chinese.Keys.Order());
        Assert.All(english, entry => Assert.Equal(Holes(entry.Value), Holes(chinese[entry.Key])));
        Assert.All(Enum.GetNames<CacheHealth>(), health => Assert.Contains($"Cache.{health}", english));
        Assert.All(["writes", "outbox", "history", "lines", "workloads"], queue => Assert.Contains($"Queue.{queue}", english));
        Assert.All(["history", "lines"], queue => Assert.Contains($"Trouble.Dropped.{queue}", english));
    }

    private static ConsoleContext Console(Source source, ConsoleRole role = ConsoleRole.Viewer)
    {
        var console = new ConsoleContext(role, more: services => services.AddSingleton<IVitals>(source).AddTransient<RunnerHealthModel>());
        return console;
    }

    private static IEnumerable<string> Holes(string text) => Hole().Matches(text).Select(match => match.Value).Order();

    private static Dictionary<string, string> Read(CultureInfo culture) =>
        new ResourceManager("Runner.Web.Components.Texts.RunnerHealthText", typeof(RunnerHealthText).Assembly).GetResourceSet(culture, createIfNotExists: true, tryParents: false)!
            .Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Hole();

    private sealed class Source(RunnerVitals vitals) : IVitals
    {
        public RunnerVitals Now { get; set; } = vitals;

        public RunnerVitals Read() => Now;
    }
}
