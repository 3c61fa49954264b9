using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Runner.Engine;
using Runner.Engine.Logs;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Logs;
using Runner.Web.Components.Models.Workloads;
using Runner.Web.Components.Texts;
using Runner.Web.Live.Logs;

namespace Runner.Tests.bUnit;

public sealed partial class LogQueryTests
{
    [Fact]
    public void Every_view_is_read_back_from_its_address()
    {
        var line = LogLineReference.Of(new LogLine("web-1", "main", Samples.Now.AddTicks(1234567), "hello & ~ ünï"));
        LogQuery[] views =
        [
            new() { Selection = new() { Workloads = new[] { Samples.Key("web") }.ToEquatableList() }, Filter = "a&b=c +%", Expression = true, Times = true },
            new() { Selection = new() { Workloads = new[] { Samples.Key("web"), Samples.Key("db") }.ToEquatableList(), Labels = "app in (a, b),!x", Container = "*" }, Wrap = true, Unfold = true },
            new() { Selection = new() { Pods = new[] { new PodReference(Samples.Key("web"), "web-1") }.ToEquatableList() }, Previous = true, Since = "15m" },
            new LogQuery { Selection = new() { Labels = "app=web" } }.At(line),
        ];
        foreach (var view in views)
        {
            var address = new Uri(new Uri("http://console"), view.Address);
            var parts = address.AbsolutePath.Split('/').Select(Uri.UnescapeDataString).ToArray();
            var key = parts.Length == 6 ? WorkloadAddress.Read(parts[2], parts[3], parts[4], parts[5]) : null;
            Assert.Equal(view, LogQuery.Parse(key, address.Query));
        }
    }

    [Theory]
    [InlineData("?since=yesterday&line=x~y&workload=a/b/c/d&workload=a/service/b&pod=&json=2")]
    [InlineData("?line=a~b~c~d&pod=a/b/c/d/e&workload=c/7/n/x")]
    public void What_cannot_be_read_of_an_address_is_left_out(string query) => Assert.Equal(new LogQuery(), LogQuery.Parse(null, query));

    [Theory]
    [InlineData("app=web", true)]
    [InlineData("app!=web", false)]
    [InlineData("app in (db, web), tier", true)]
    [InlineData("app notin (web)", false)]
    [InlineData("!gpu,tier==front", true)]
    [InlineData("gpu", false)]
    [InlineData("zone!=a", true)]
    public void A_selector_selects_as_kubectl_does(string text, bool expected)
    {
        var selector = LabelSelector.Read(text, out var problem);
        Assert.Empty(problem);
        Assert.Equal(expected, selector!.Matches(new Dictionary<string, string> { ["app"] = "web", ["tier"] = "front" }));
    }

    [Theory]
    [InlineData("app=web,")]
    [InlineData("app in web")]
    [InlineData("a b")]
    [InlineData("=x")]
    public void What_is_no_selector_is_refused(string text)
    {
        Assert.Null(LabelSelector.Read(text, out var problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Labels_and_hand_choose_pods_of_any_workload_once()
    {
        var engine = new FakeConsoleEngine();
        engine.Feed.Set(Samples.Workload("web", pods: 2));
        engine.Feed.Set(Samples.Workload("db", pods: 1));
        var pods = Samples.Workload("web", pods: 2).Instances.Select(instance => instance.PodName).ToList();
        engine.Labels[pods[1]] = new() { ["app"] = "web" };
        var selection = new LogSelection { Labels = "app=web", Pods = new[] { new PodReference(Samples.Key("web"), pods[1]), new PodReference(Samples.Key("web"), pods[0]) }.ToEquatableList() };
        Assert.Equal([pods[1], pods[0]], LogTargets.Find(selection, engine).Select(target => target.Pod));
        Assert.Equal(3, LogTargets.Find(new() { Workloads = new[] { Samples.Key("web"), Samples.Key("db") }.ToEquatableList() }, engine).Count);
    }

    [Fact]
    public void Both_languages_say_the_same_and_nothing_is_missing_or_left_over()
    {
        var (english, chinese) = (Read(CultureInfo.InvariantCulture), Read(new CultureInfo("zh-Hans")));
        Assert.Equal(english.Keys.Order(), chinese.Keys.Order());
        Assert.All(english, entry => Assert.True(Holes(entry.Value).SetEquals(Holes(chinese[entry.Key])), entry.Key));
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Console.sln")))
        {
            folder = folder.Parent;
        }

        var used = Directory.EnumerateFiles(Path.Combine(folder.FullName, "src", "Web", "Components"), "Log*.*", SearchOption.AllDirectories)
            .SelectMany(file => Key().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).Distinct();
        Assert.Equal(english.Keys.Where(key => !key.EndsWith(".One", StringComparison.Ordinal)).Order(), used.Order());
    }

    private static Dictionary<string, string> Read(CultureInfo culture) =>
        new ResourceManager(typeof(LogsText).FullName!, typeof(LogsText).Assembly).GetResourceSet(culture, createIfNotExists: true, tryParents: false)!
            .Cast<System.Collections.DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    private static HashSet<string> Holes(string text) => [.. Hole().Matches(text).Select(match => match.Value)];

    [GeneratedRegex("""\bG(?:\[|\.Counted\()"([A-Za-z.]+)"[],]""")]
    private static partial Regex Key();

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Hole();
}
