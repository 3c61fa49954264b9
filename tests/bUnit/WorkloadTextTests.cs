using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components;
using Runner.Web.Components.Texts;
using Runner.Web.Live;

namespace Runner.Tests.bUnit;

/// <summary>The words of workloads and what is done to them, in both languages.</summary>
public sealed partial class WorkloadTextTests
{
    private static readonly Dictionary<string, string> English = Read(CultureInfo.InvariantCulture);
    private static readonly Dictionary<string, string> Chinese = Read(new CultureInfo("zh-Hans"));

    [Fact]
    public void Both_languages_have_the_same_keys_and_placeholders()
    {
        Assert.NotEmpty(English);
        Assert.Equal(English.Keys.Order(), Chinese.Keys.Order());
        Assert.Empty(English.Where(entry => !Placeholders(entry.Value).SetEquals(Placeholders(Chinese[entry.Key]))).Select(entry => entry.Key));
    }

    [Fact]
    public void Every_key_is_there_and_used() => Assert.Equal(English.Keys.Order(), UsedKeys().Order());

    private static HashSet<string> UsedKeys()
    {
        var folder = Path.Combine(SourceFiles.Root, "src", "Web", "Components");
        var sources = Directory.EnumerateFiles(folder, "*.*", SearchOption.AllDirectories).Where(file => Path.GetExtension(file) is ".razor" or ".cs").Select(File.ReadAllText).ToList();
        var used = sources.SelectMany(source => Literal().Matches(source)).Select(match => match.Groups[1].Value).ToHashSet();
        used.UnionWith(sources.SelectMany(source => Choice().Matches(source)).Select(match => match.Groups[1].Value));
        used.UnionWith(Enum.GetNames<WorkloadAction>().SelectMany(action => new[] { "Do", "Effect", "TitleOne", "TitleMany", "DoneOne", "DoneMany" }.Select(part => $"{action}.{part}")));
        return used;
    }

    private static HashSet<string> Placeholders(string text) => [.. Placeholder().Matches(text).Select(match => match.Value)];

    private static Dictionary<string, string> Read(CultureInfo culture) =>
        new ResourceManager(typeof(WorkloadText).FullName!, typeof(WorkloadText).Assembly).GetResourceSet(culture, createIfNotExists: true, tryParents: false)!
            .Cast<System.Collections.DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex("""(?:\bW|workloadWords)\["([A-Za-z.]+)"[],]""")]
    private static partial Regex Literal();

    // One of several, as in W[condition ? "Scale.Min" : "Scale.Max"].
    [GeneratedRegex("[?:] \"(Scale\\.[A-Za-z]+)\"")]
    private static partial Regex Choice();
}
