using System.Collections;
using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Runner.Engine.Values;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components;

namespace Runner.Tests.bUnit;

/// <summary>Chinese sentences have the marks of Chinese; what is code keeps its own.</summary>
public sealed partial class ChineseTextTests
{
    [Fact]
    public void Sentences_of_every_resource_file_have_full_width_marks()
    {
        var assembly = typeof(Text).Assembly.GetSatelliteAssembly(new CultureInfo("zh-Hans"));
        var texts = assembly.GetManifestResourceNames().SelectMany(name => Read(assembly.GetManifestResourceStream(name)!).Select(entry => (Name: $"{name} {entry.Key}", entry.Value))).ToList();
        Assert.True(texts.Count > 1000, $"Only {texts.Count} texts were found.");
        Assert.All(texts, text => Assert.DoesNotMatch(HalfWidth(), text.Value));
    }

    [Fact]
    public void Sentences_of_the_catalogue_have_full_width_marks() =>
        Assert.All(ValuesCatalogue.Instance.Values.SelectMany(value => new[] { value.Title.Chinese, value.Description.Chinese }), text => Assert.DoesNotMatch(HalfWidth(), text));

    [Fact]
    public void Sentences_in_the_source_have_full_width_marks()
    {
        var literals = SourceFiles.Of("src/Runner.Engine", "src/Web").SelectMany(File.ReadLines)
            .Where(line => !line.Contains("GeneratedRegex", StringComparison.Ordinal)).SelectMany(line => Literal().Matches(line)).Select(match => match.Value).Where(text => Chinese().IsMatch(text)).ToList();
        Assert.NotEmpty(literals);
        Assert.All(literals, text => Assert.DoesNotMatch(HalfWidth(), text));
    }

    [Theory]
    [InlineData("错误:{0}", true)]
    [InlineData("版本 {0},由 {1} 保存", true)]
    [InlineData("锚点(&name)", true)]
    [InlineData("请写 true.", false)]
    [InlineData("请写成 key: value。", false)]
    [InlineData("要保留校验，请删除 registry.insecure: \"false\"。", false)]
    public void A_half_width_mark_is_one_that_touches_a_Chinese_word(string text, bool found) => Assert.Equal(found, HalfWidth().IsMatch(text));

    private static List<KeyValuePair<string, string>> Read(Stream stream)
    {
        using var reader = new ResourceReader(stream);
        return [.. reader.Cast<DictionaryEntry>().Select(entry => KeyValuePair.Create((string)entry.Key, entry.Value as string ?? ""))];
    }

    [GeneratedRegex(@"(?<=[\u3400-\u9fff\u3000-\u303f\uff00-\uffef])\s?[,:;()?!]|[,;:()?!](?=\s?[\u3400-\u9fff])")]
    private static partial Regex HalfWidth();

    [GeneratedRegex(@"[\u3400-\u9fff]")]
    private static partial Regex Chinese();

    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"
        """)]
    private static partial Regex Literal();
}
