using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Logs;
using Runner.Engine.Workloads;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Controls;
using Runner.Web.Components.Controls.Logs;
using Runner.Web.Components.Controls.Workloads;
using Runner.Web.Components.Pages;
using Runner.Web.Identity;
using Runner.Web.Live;

namespace Runner.Tests.bUnit;

public sealed class PagesTests
{
    private const string NoRoom = "0/9 nodes are available: 9 Insufficient nvidia.com/gpu.";

    [Fact]
    public async Task A_row_appears_and_turns_to_running_while_the_page_is_open()
    {
        await using var context = new ConsoleContext();
        var page = context.Render<Workloads>();
        Assert.Empty(page.FindAll("tr[data-row]"));
        context.Engine.Feed.Set(Samples.Workload("qwen", DeployStatus.Deploying));
        await Eventually(context, () => Assert.Contains("Deploying", page.Find("tr[data-row] .c-state").TextContent, StringComparison.Ordinal));
        context.Engine.Feed.Set(Samples.Workload("qwen"));
        await Eventually(context, () => Assert.Contains("Running", page.Find("tr[data-row] .c-state").TextContent, StringComparison.Ordinal));
        Assert.Contains("lit-", page.Find("tr[data-row] .c-state").ClassName, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_workload_without_room_is_shown_as_waiting_with_the_schedulers_words()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("big", DeployStatus.DeployFailed, "Unschedulable", NoRoom, waitingForRoom: true));
        var page = Details(context, "big");
        var verdict = page.Find(".verdict");
        Assert.Contains("verdict-wait", verdict.ClassName, StringComparison.Ordinal);
        Assert.Contains(NoRoom, verdict.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_viewer_is_not_offered_what_is_not_allowed()
    {
        await using var context = new ConsoleContext(ConsoleRole.Viewer);
        context.Engine.Feed.Set(Samples.Workload("web"));
        var page = Details(context, "web");
        Assert.Empty(page.FindAll(".detail-actions"));
        Assert.Empty(page.FindAll("input[type=checkbox]"));
    }

    [Fact]
    public async Task A_purge_asks_for_the_name_before_it_is_done()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("web"));
        var dialogs = context.Dialogs;
        var page = Details(context, "web");
        var asked = page.FindAll(".detail-actions button")[^1].ClickAsync(new());
        dialogs.WaitForAssertion(() => Assert.True(dialogs.Find(".mud-button-filled-error").HasAttribute("disabled")));
        await dialogs.Find("[data-confirm]").InputAsync(new ChangeEventArgs { Value = "web" });
        await dialogs.Find(".mud-button-filled-error").ClickAsync(new());
        await asked;
        page.WaitForAssertion(() => Assert.Equal([("purge", Samples.Key("web"))], context.Engine.Done));
    }

    [Fact]
    public async Task An_act_on_many_tells_how_far_it_is_cannot_be_begun_twice_and_shows_every_failure()
    {
        await using var context = new ConsoleContext();
        var going = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] names = [.. Enumerable.Range(0, 8).Select(number => $"w{number}")];
        foreach (var name in names)
        {
            context.Engine.Feed.Set(Samples.Workload(name));
        }

        context.Engine.Failing.UnionWith(names.Skip(3).Select(Samples.Key));
        context.Engine.Hold = key => key.Name is "w0" or "w1" ? Task.CompletedTask : going.Task;
        var dialogs = context.Dialogs;
        var page = context.Render<Workloads>();
        await Eventually(context, () => Assert.Equal(names.Length, page.FindAll("tr[data-row]").Count));
        await page.Find("thead input[type=checkbox]").ChangeAsync(new ChangeEventArgs { Value = true });

        var acting = page.FindAll(".selection button").First(button => button.TextContent.Contains("Stop", StringComparison.Ordinal)).ClickAsync(new());
        dialogs.WaitForAssertion(() => Assert.NotEmpty(dialogs.FindAll(".mud-button-filled-error")));
        await dialogs.Find(".mud-button-filled-error").ClickAsync(new());

        page.WaitForAssertion(() => Assert.Equal("Stop: 2 of 8", page.Find("[data-bulk]").TextContent));
        Assert.All(page.FindAll(".selection button"), button => Assert.True(button.HasAttribute("disabled")));
        going.SetResult();
        await acting;
        page.WaitForAssertion(() => Assert.Contains("5 failed", page.Find("[data-troubles]").TextContent, StringComparison.Ordinal));
        Assert.Contains("5 selected", page.Find(".selection b").TextContent, StringComparison.Ordinal);
        Assert.Contains(page.FindAll("[role=status]"), status => status.TextContent == "3 of 8 done");
        var shown = page.Find("[data-troubles]").ClickAsync(new());
        dialogs.WaitForAssertion(() => Assert.Equal(names.Skip(3), dialogs.FindAll("[data-trouble]").Select(trouble => trouble.GetAttribute("data-trouble")).Order()));
        Assert.Contains("The cluster refuses w7.", dialogs.Find("[data-trouble=w7]").TextContent, StringComparison.Ordinal);
        await dialogs.Find(".mud-button-filled-primary").ClickAsync(new());
        await shown;
        await page.FindAll(".selection button")[^1].ClickAsync(new());
        Assert.Empty(page.FindAll(".selection"));
    }

    [Fact]
    public async Task The_open_manifest_follows_its_object_also_where_the_workload_stays_as_it_is()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("web"));
        var others = 0;
        using var other = context.Services.GetRequiredService<LiveFeed>().Listen(LiveParts.Workloads | LiveParts.Clusters | LiveParts.Hub | LiveParts.Capacity, _ => Task.FromResult(Interlocked.Increment(ref others)));
        var page = context.Render<WorkloadDetail>(parameters => parameters.Add(detail => detail.Key, Samples.Key("web")).Add(detail => detail.Query, new() { Section = "manifest" }));
        context.Engine.SetManifest(Samples.Key("web"), "metadata:\n  labels:\n    team: a\n");
        await Eventually(context, () => Assert.Contains("team", page.Markup, StringComparison.Ordinal));

        // One that nobody looks at concerns nobody, and neither does the one before anybody else.
        context.Engine.SetManifest(Samples.Key("other"), "kind: Service");
        context.Engine.SetManifest(Samples.Key("web"), "kind: Gone");
        await Eventually(context, () => Assert.Contains("Gone", page.Markup, StringComparison.Ordinal));
        Assert.Equal(0, others);
    }

    [Fact]
    public async Task A_workload_that_goes_while_open_stays_readable_and_says_so()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("web"));
        var page = Details(context, "web");
        context.Engine.Feed.Remove(Samples.Key("web"));
        await Eventually(context, () => Assert.Contains("Gone", page.Find(".verdict").TextContent, StringComparison.Ordinal));
        Assert.Empty(page.FindAll(".detail-actions"));
    }

    [Fact]
    public async Task An_empty_list_says_what_to_do_and_an_unlisted_one_shows_its_shape()
    {
        await using var context = new ConsoleContext();
        var page = context.Render<Workloads>();
        Assert.Contains("No workloads yet", page.Find(".notice").TextContent, StringComparison.Ordinal);
        context.Engine.Set(context.Engine.Clusters[0] with { Synced = false });
        await Eventually(context, () => Assert.NotEmpty(page.FindAll("tr.skeleton")));
        context.Engine.Set(new ClusterView("embedded", ClusterOrigin.Embedded, new ClusterStatus(ClusterHealth.Unreachable, Samples.Now, LocalText.Verbatim("connection refused"), "", null), Synced: false));
        await Eventually(context, () => Assert.Contains("No cluster answers", page.Find(".notice").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_overview_lists_failures_before_what_waits()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("big", DeployStatus.DeployFailed, "Unschedulable", NoRoom, waitingForRoom: true));
        context.Engine.Feed.Set(Samples.Workload("broken", DeployStatus.DeployFailed, "ImagePullBackOff", "no such image"));
        context.Engine.Feed.Set(Samples.Workload("fine"));
        var page = context.Render<Overview>();
        Assert.Equal(["broken", "big"], page.FindAll(".attention a").Select(link => link.TextContent));
        context.Engine.Feed.Set(Samples.Workload("broken"));
        await Eventually(context, () => Assert.Equal(["big"], page.FindAll(".attention a").Select(link => link.TextContent)));
    }

    [Fact]
    public async Task The_overview_shows_what_of_the_live_settings_cannot_be_used()
    {
        await using var context = new ConsoleContext();
        var page = context.Render<Overview>();
        context.Engine.Set(context.Engine.Clusters[0] with { ConfigurationProblems = new([new("embedded", "ConfigMap csghub/runner", LocalText.Verbatim("It does not exist."))]) });
        await Eventually(context, () => Assert.Equal("ConfigMap csghub/runner It does not exist.", page.Find(".clusters .why").TextContent));
    }

    [Fact]
    public async Task Leaving_a_page_leaves_nothing_behind()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("web"));
        Details(context, "web");
        context.Render<Overview>();
        Assert.Equal(2, context.Engine.Attached);
        await context.DisposeComponentsAsync();
        Assert.Equal(0, context.Engine.Attached);
    }

    [Fact]
    public async Task A_log_takes_up_the_pods_that_come_later()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("web", pods: 1));
        await using var tail = new Web.Components.Models.Logs.LogTail(context.Engine, context.Clock);
        await tail.ShowAsync(Web.Components.Models.Logs.LogQuery.Parse(Samples.Key("web"), ""));
        context.Engine.Feed.Set(Samples.Workload("web", pods: 2));
        tail.Update();
        foreach (var pod in Samples.Workload("web", pods: 2).Instances)
        {
            context.Engine.Log(pod.PodName).TryWrite(new LogLine(pod.PodName, "user-container", Samples.Now, $"hello from {pod.PodName}"));
        }

        Assert.True(SpinWait.SpinUntil(() => tail.Buffer.Kept == 2, TimeSpan.FromSeconds(10)));
        Assert.Equal(2, context.Engine.LogRequests.Count);
    }

    [Fact]
    public async Task A_log_that_cannot_be_read_says_why()
    {
        await using var context = new ConsoleContext();
        var pod = Samples.Workload("web").Instances[0].PodName;
        context.Engine.Log(pod).Complete(new InvalidOperationException("container is waiting to start"));
        context.Engine.Feed.Set(Samples.Workload("web"));
        var pane = context.Render<LogPane>(parameters => parameters.Add(p => p.Key, Samples.Key("web")).Add(p => p.Workload, Samples.Workload("web")));
        await Eventually(context, () => Assert.Contains("container is waiting to start", pane.Find(".problem").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_workload_that_is_gone_shows_what_its_pods_said_last()
    {
        await using var context = new ConsoleContext();
        context.Engine.Kept.Add(new("embedded", "spaces", "wf", "train", "train-main-1", "main", "uid", true, Samples.Now, 100));
        context.Engine.Log("train-main-1").TryWrite(new LogLine("train-main-1", "main", Samples.Now, "epoch 3 of 3"));
        context.Engine.Log("train-main-1").Complete();
        var page = context.Render<Logs>(parameters => parameters.Add(p => p.Cluster, "embedded").Add(p => p.Kind, "workflow").Add(p => p.Namespace, "spaces").Add(p => p.Name, "train"));

        await Eventually(context, () => Assert.Contains("1 line", page.Find(".log-foot").TextContent, StringComparison.Ordinal));
        Assert.Equal(["train-main-1"], page.FindAll("optgroup option").Select(option => option.TextContent));
        Assert.Contains("gone", page.Find(".notice").TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("http://loki.example.com:3100", true)]
    public async Task Logs_lead_to_their_history_where_there_is_one(string? loki, bool offered)
    {
        await using var context = new ConsoleContext(loki: loki is null ? null : new Uri(loki));
        context.Engine.Feed.Set(Samples.Workload("web"));
        var page = context.Render<Logs>(parameters => parameters.Add(p => p.Cluster, "embedded").Add(p => p.Kind, "service").Add(p => p.Namespace, "spaces").Add(p => p.Name, "web"));
        Assert.Equal(offered, page.FindAll(".head a[href='logs/history/spaces/web']").Count == 1);
    }

    [Fact]
    public async Task A_state_is_drawn_again_for_another_state_only_and_always_the_newest()
    {
        await using var context = new ConsoleContext();
        var badge = context.Render<StateBadge>(parameters => parameters.Add(p => p.Workload, Samples.Workload("web")));
        foreach (var (status, word) in new[] { (DeployStatus.DeployFailed, "failed"), (DeployStatus.Running, "Running"), (DeployStatus.DeployFailed, "failed") })
        {
            badge.Render(parameters => parameters.Add(p => p.Workload, Samples.Workload("web", status)));
            Assert.Contains(word, badge.Markup, StringComparison.OrdinalIgnoreCase);
        }

        var drawn = badge.RenderCount;
        badge.Render(parameters => parameters.Add(p => p.Workload, Samples.Workload("web", DeployStatus.DeployFailed, message: "another")));
        Assert.Equal(drawn, badge.RenderCount);
    }

    private static IRenderedComponent<Workloads> Details(ConsoleContext context, string name) => context.Render<Workloads>(parameters => parameters
        .Add(page => page.Cluster, "embedded").Add(page => page.Kind, "service").Add(page => page.Namespace, "spaces").Add(page => page.Name, name));

    // Time only moves when the test moves it: batches wait for their interval.
    private static async Task Eventually(ConsoleContext context, Action assertion)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            context.Clock.Advance(LivePace.Most);
            try
            {
                assertion();
                return;
            }
            catch (Exception) when (watch.Elapsed < TimeSpan.FromSeconds(10))
            {
                await Task.Delay(20, Xunit.TestContext.Current.CancellationToken);
            }
        }
    }
}
