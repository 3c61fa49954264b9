using System.Globalization;
using System.Resources;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Hub;
using Runner.Web.Components;
using Runner.Web.Components.Controls;
using Runner.Web.Components.Controls.Operations;
using Runner.Web.Components.Texts;

namespace Runner.Tests.bUnit;

/// <summary>What the Hub page says of several replicas.</summary>
public sealed class ReplicaStateTests : BunitContext
{
    [Fact]
    public void A_process_alone_says_nothing_of_replicas()
    {
        Prepare(new HubLeadership(elected: false));

        Assert.Empty(Render<ReplicaState>().Markup.Trim());
    }

    [Fact]
    public void Who_speaks_to_the_hub_is_told_and_follows_the_election()
    {
        var leadership = new HubLeadership(elected: true);
        Prepare(leadership);
        var page = Render<ReplicaState>();

        Assert.Contains("Being decided", page.Markup, StringComparison.Ordinal);
        leadership.Set(false, "runner-1_abc");
        page.WaitForAssertion(() => Assert.Contains("Another replica", page.Markup, StringComparison.Ordinal));
        Assert.Contains("runner-1_abc", page.Markup, StringComparison.Ordinal);
        leadership.Set(true, "runner-0_def");
        page.WaitForAssertion(() => Assert.Contains("This replica", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public void Why_the_one_that_is_to_speak_cannot_is_told_until_it_can()
    {
        var leadership = new HubLeadership(elected: true);
        Prepare(leadership);
        var page = Render<ReplicaState>();

        leadership.Fail(new("The Secret is too large.", "Secret 过大。"));
        page.WaitForAssertion(() => Assert.Contains("cannot yet", page.Markup, StringComparison.Ordinal));
        Assert.Contains("The Secret is too large.", page.Markup, StringComparison.Ordinal);
        leadership.Set(true, "runner-0_def");
        page.WaitForAssertion(() => Assert.Contains("This replica", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("cannot yet", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_word_is_there_in_both_languages()
    {
        Assert.Equal(Keys(CultureInfo.InvariantCulture), Keys(CultureInfo.GetCultureInfo("zh-Hans")));
    }

    private static List<string> Keys(CultureInfo culture) => [.. new ResourceManager(typeof(ReplicasText).FullName!, typeof(ReplicasText).Assembly)
        .GetResourceSet(culture, createIfNotExists: true, tryParents: false)!.Cast<System.Collections.DictionaryEntry>().Select(entry => (string)entry.Key).Order(StringComparer.Ordinal)];

    private void Prepare(HubLeadership leadership)
    {
        Services.AddLocalization();
        Services.AddSingleton(leadership);
        JSInterop.Mode = JSRuntimeMode.Loose;
        SetRendererInfo(new Microsoft.AspNetCore.Components.RendererInfo("Server", isInteractive: true));
    }
}
