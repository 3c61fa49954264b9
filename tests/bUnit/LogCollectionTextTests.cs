using System.Collections;
using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Runner.Engine.Logs.Collector;
using Runner.Web.Components;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Logs;
using Runner.Web.Components.Models.Operations;
using Runner.Web.Components.Texts;

namespace Runner.Tests.bUnit;

public sealed partial class LogCollectionTextTests
{
    private static readonly Dictionary<string, string> English = Read(CultureInfo.InvariantCulture);
    private static readonly Dictionary<string, string> Chinese = Read(new CultureInfo("zh-Hans"));

    [Fact]
    public void Both_languages_have_the_same_keys_with_the_same_holes()
    {
        Assert.NotEmpty(English);
        Assert.Equal(English.Keys.Order(), Chinese.Keys.Order());
        Assert.All(English, entry => Assert.Equal(Holes(entry.Value), Holes(Chinese[entry.Key])));
    }

    [Fact]
    public void Every_reason_and_range_has_words()
    {
        Assert.All(Enum.GetNames<DropReason>(), reason => Assert.Contains($"Drop.{reason}", English));
        Assert.All(Enum.GetNames<CollectionState>(), state => Assert.Contains($"State.{state}", English));
        Assert.All(LogHistoryModel.Ranges, hours => Assert.Contains($"Range.{hours}", English));
    }

    private static IEnumerable<string> Holes(string text) => Hole().Matches(text).Select(match => match.Value).Order();

    private static Dictionary<string, string> Read(CultureInfo culture)
    {
        var resources = new ResourceManager("Runner.Web.Components.Texts.LogCollectionText", typeof(LogCollectionText).Assembly).GetResourceSet(culture, createIfNotExists: true, tryParents: false)!;
        return resources.Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
    }

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Hole();
}
