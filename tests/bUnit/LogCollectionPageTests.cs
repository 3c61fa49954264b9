using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Runner.Engine.Configuration;
using Runner.Engine.Logs.Collector;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Logs;
using Runner.Web.Components.Models.Operations;
using Runner.Web.Components.Pages;

namespace Runner.Tests.bUnit;

/// <summary>The page of log collection shows no figures of a process that did not tell them.</summary>
public sealed class LogCollectionPageTests
{
    private static readonly Uri Loki = new("http://loki.example.com:3100");

    [Theory]
    [InlineData(null, "RUNNER_LOGCOLLECTOR_URL", "Collector not known")]
    [InlineData("http://127.0.0.1:1", "127.0.0.1:1", "Nothing sent yet")]
    public async Task Where_the_collector_said_nothing_there_are_the_runners_milestones_alone(string? url, string says, string state)
    {
        await using var context = Context(new() { LokiUrl = Loki, Url = url is null ? null : new Uri(url) });
        var page = context.Render<LogCollectionPage>();

        Assert.Contains(says, page.Find("[aria-labelledby=collector-title]").TextContent, StringComparison.Ordinal);
        Assert.Empty(page.FindAll("[aria-labelledby=collector-title] dl"));
        Assert.Contains(state, page.Find(".head .state").TextContent, StringComparison.Ordinal);
        var own = page.Find("[aria-labelledby=own-title]").TextContent;
        Assert.Contains("milestones", own, StringComparison.Ordinal);
        Assert.DoesNotContain("Containers followed", own, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_one_process_its_figures_are_those_of_all()
    {
        await using var context = Context(new() { LokiUrl = Loki, Mode = LogCollectorMode.InProcess });
        var page = context.Render<LogCollectionPage>();

        Assert.Empty(page.FindAll("[aria-labelledby=collector-title]"));
        Assert.Contains("Containers followed", page.Find("[aria-labelledby=own-title]").TextContent, StringComparison.Ordinal);
    }

    private static ConsoleContext Context(LogCollectorOptions collector)
    {
        var options = new RunnerOptions { LogCollector = collector };
        return new(loki: Loki, more: services =>
        {
            services.AddSingleton(provider => new LogCollection(options, null, null, provider.GetRequiredService<TimeProvider>(), NullLoggerFactory.Instance));
            services.AddSingleton(provider => new SeparateCollector(options, provider.GetRequiredService<TimeProvider>()));
            services.AddTransient<LogCollectionModel>();
        });
    }
}
