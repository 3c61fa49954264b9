using System.Collections;
using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Bunit;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Diagnostics;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Values;
using Runner.Engine.Workloads;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components;
using Runner.Web.Components.Controls;
using Runner.Web.Components.Controls.Operations;
using Runner.Web.Components.Models;
using Runner.Web.Components.Pages;
using Runner.Web.Components.Texts;
using Runner.Web.Live;

namespace Runner.Tests.bUnit;

/// <summary>Chinese sentences have the marks of Chinese; what is code keeps its own.</summary>
public sealed partial class ChineseTextTests
{
    /// <summary>What nodes, registries and stores said themselves, and what is a text of a page already.</summary>
    private static readonly HashSet<string> Verbatim = ["@failing.Problem", "@Node.Problem", "@step.Evidence", "@trouble.Evidence", "@(_model.Problem"];

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

    /// <summary>What the engine says converts to English without a word: a page that forgets to ask for the reader's language would go unseen.</summary>
    [Fact]
    public void No_page_shows_a_sentence_of_the_engine_without_asking_for_the_readers_language() => Assert.Empty(
        from file in SourceFiles.Of("src/Web/Components")
        where file.EndsWith(".razor", StringComparison.Ordinal)
        from Match match in Unasked().Matches(File.ReadAllText(file))
        where !Verbatim.Contains(match.Value)
        select $"{Path.GetFileName(file)}: {match.Value}");

    [Fact]
    public async Task The_runners_own_sentences_are_in_the_readers_language()
    {
        var before = CultureInfo.CurrentUICulture;
        CultureInfo.CurrentUICulture = new("zh-Hans");
        try
        {
            await using var context = new ConsoleContext();
            context.Engine.Set(new ClusterView("embedded", ClusterOrigin.Kubeconfig, new ClusterStatus(ClusterHealth.Unreachable, Samples.Now, new("Nothing listens.", "没有服务在监听。"), "", ""), Synced: false)
            {
                ConfigurationProblems = new([new("embedded", "ConfigMap csghub/runner", new("It does not exist.", "它不存在。"))]),
            });
            context.Engine.Set(new OutboxStatus(3, 0, new("The hub is silent.", "Hub 没有应答。"), null));
            context.Engine.Heartbeats = [new("embedded", null, new("It was not taken.", "没有被接收。"))];
            var page = context.Render<Overview>().Markup;
            Assert.All(["没有服务在监听。", "它不存在。", "Hub 没有应答。", "没有被接收。"], sentence => Assert.Contains(sentence, page, StringComparison.Ordinal));
            Assert.All(["listens", "exist.", "silent", "taken"], word => Assert.DoesNotContain(word, page, StringComparison.Ordinal));
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }

    [Fact]
    public async Task What_somebody_elses_act_changes_is_drawn_in_the_readers_language()
    {
        var before = CultureInfo.CurrentUICulture;
        CultureInfo.CurrentUICulture = new("zh-Hans");
        try
        {
            await using var context = new ConsoleContext();
            var checks = context.Render<FailingChecks>();
            context.Disk = Verdict.Bad(CheckCause.DiskLow, ["120 MiB / 9999 MiB"], "120 MiB");
            var cancel = Xunit.TestContext.Current.CancellationToken;
            await Task.Run(
                () =>
                {
                    CultureInfo.CurrentUICulture = new("en");
                    return context.Diagnostics.RunAsync(null, cancel);
                },
                cancel);
            checks.WaitForAssertion(() => Assert.Contains("诊断", checks.Markup, StringComparison.Ordinal));
            Assert.DoesNotContain("Diagnostics", checks.Find("h2").TextContent, StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }

    [Fact]
    public void Every_reason_has_a_meaning_in_both_languages_and_an_unknown_one_stands_alone()
    {
        var texts = new ResourceManager(typeof(ReasonText).FullName!, typeof(ReasonText).Assembly);
        string[] Keys(CultureInfo culture) => [.. texts.GetResourceSet(culture, createIfNotExists: true, tryParents: false)!.Cast<DictionaryEntry>().Select(entry => (string)entry.Key).Order(StringComparer.Ordinal)];
        Assert.Equal(Keys(CultureInfo.InvariantCulture), Keys(new("zh-Hans")));
        Assert.All(
            [
                "CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "OOMKilled", "FailedScheduling", "Unschedulable", "CreateContainerConfigError", "RevisionMissing", "DeadlineExceeded", "Evicted",
                "ProgressDeadlineExceeded", "ContainerMissing",
            ],
            reason => Assert.Contains(reason, Keys(CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_reason_is_explained_beside_what_the_cluster_said()
    {
        await using var context = new ConsoleContext();
        var known = context.Render<ReasonNote>(parameters => parameters.Add(note => note.Reason, "OOMKilled").Add(note => note.Message, "exit 137"));
        Assert.Contains("used more memory than its limit", known.Markup, StringComparison.Ordinal);
        Assert.Equal("exit 137", known.Find(".said").TextContent);
        var unknown = context.Render<ReasonNote>(parameters => parameters.Add(note => note.Reason, "NobodyKnows").Add(note => note.Message, "this"));
        Assert.Equal("NobodyKnows this", string.Join(' ', unknown.Find("p").TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public async Task A_reason_in_the_list_of_workloads_says_what_it_means_to_who_points_at_it_and_to_who_listens()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("web", DeployStatus.RuntimeError, "OOMKilled", "exit 137"));
        var reason = context.Render<Workloads>().Find("tr[data-row] .c-reason > span");
        Assert.Contains("used more memory than its limit", reason.GetAttribute("title"), StringComparison.Ordinal);
        Assert.EndsWith("exit 137", reason.GetAttribute("title"), StringComparison.Ordinal);
        Assert.Contains("used more memory than its limit", reason.QuerySelector(".visually-hidden")!.TextContent, StringComparison.Ordinal);
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

    [GeneratedRegex(@"@\(?[\w.()]*\b(?:Problem|LastError|Advice|Remedy|Evidence)\b(?![\w.\[(\]?])")]
    private static partial Regex Unasked();

    [GeneratedRegex(@"[\u3400-\u9fff]")]
    private static partial Regex Chinese();

    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"
        """)]
    private static partial Regex Literal();
}
