using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components;
using Runner.Web.Components.Layout;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Tables;
using Runner.Web.Components.Models.Workloads;
using Runner.Web.Components.Texts;
using Runner.Web.Identity;
using Runner.Web.Live;

namespace Runner.Tests.bUnit;

public sealed partial class TextResourcesTests
{
    private static readonly Dictionary<string, string> English = Read(CultureInfo.InvariantCulture);
    private static readonly Dictionary<string, string> Chinese = Read(new CultureInfo("zh-Hans"));

    [Fact]
    public void Both_languages_have_the_same_keys()
    {
        Assert.NotEmpty(English);
        Assert.Equal(English.Keys.Order(), Chinese.Keys.Order());
    }

    [Fact]
    public void Both_languages_use_the_same_placeholders()
    {
        var differing = English.Where(entry => !Placeholders(entry.Value).SetEquals(Placeholders(Chinese[entry.Key]))).Select(entry => entry.Key);
        Assert.Empty(differing);
    }

    [Fact]
    public void Every_key_that_the_console_uses_exists() => Assert.Empty(UsedKeys().Except(English.Keys));

    [Fact]
    public void No_key_is_left_that_nothing_uses() =>
        Assert.Empty(English.Keys.Where(key => !key.EndsWith(".One", StringComparison.Ordinal)).Except(UsedKeys()));

    private static HashSet<string> Placeholders(string text) => [.. Placeholder().Matches(text).Select(match => match.Value)];

    private static HashSet<string> UsedKeys()
    {
        var folder = Path.Combine(SourceFiles.Root, "src", "Web", "Components");
        var sources = Directory.EnumerateFiles(folder, "*.*", SearchOption.AllDirectories).Where(file => file.EndsWith(".razor", StringComparison.Ordinal) || file.EndsWith(".cs", StringComparison.Ordinal)).Select(File.ReadAllText);
        var used = sources.SelectMany(source => Literal().Matches(source)).Select(match => match.Groups[1].Value).ToHashSet();

        // Keys that are put together from a part and a value.
        used.UnionWith(WorkloadState.All.SelectMany(state => new[] { $"State.{state.Id}", $"State.{state.Id}.Meaning" }));
        used.UnionWith(WorkloadColumns.Table.All.Select(column => $"Column.{column.Id}"));
        used.UnionWith(WorkloadDetailModel.Sections.Select(section => $"Section.{section}"));
        used.UnionWith(ThemeSwitch.Themes.Select(one => $"Theme.{one.Theme}"));
        used.UnionWith(Enum.GetNames<NavigationGroup>().Skip(1).Select(group => $"Nav.{group}"));
        used.UnionWith(Enum.GetNames<WorkloadTone>().Select(tone => $"Tone.{tone}"));
        used.UnionWith(Enum.GetNames<ClusterHealth>().Select(health => $"Health.{health}"));
        used.UnionWith(Enum.GetNames<ClusterOrigin>().Select(origin => $"Origin.{origin}"));
        used.UnionWith(Enum.GetNames<ConsoleRole>().Select(role => $"Role.{role}"));
        used.UnionWith(new[] { "Space", "Inference", "Finetune", "Serverless", "Evaluation", "Notebook" }.Select(type => $"Type.{type}"));
        used.UnionWith(Enum.GetNames<WorkloadKind>().SelectMany(kind => new[] { $"Kind.{kind}", $"Kind.{kind}.Many" }));
        used.UnionWith(new[] { "evaluation", "finetune", "training", "comparison", "leaderboard", "claw_eval" }.Select(task => $"Task.{task}"));
        used.UnionWith(new[] { "Pending", "Running", "Succeeded", "Failed", "Unknown" }.Select(phase => $"Instances.Status.{phase}"));
        used.UnionWith(new[] { "waiting", "running", "terminated" }.Select(state => $"Container.{state}"));
        return used;
    }

    private static Dictionary<string, string> Read(CultureInfo culture)
    {
        var resources = new ResourceManager("Runner.Web.Components.Texts.Text", typeof(Text).Assembly).GetResourceSet(culture, createIfNotExists: true, tryParents: false)!;
        return resources.Cast<System.Collections.DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
    }

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex("""(?:L|[tT]ext)(?:\[|\.Counted\()"([A-Za-z.]+)"[],]""")]
    private static partial Regex Literal();
}
