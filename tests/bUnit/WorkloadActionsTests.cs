using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Workloads;
using Runner.Tests.bUnit.Support;
using Runner.Tests.Support;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Workloads;
using Runner.Web.Identity;
using Runner.Web.Live;

namespace Runner.Tests.bUnit;

public sealed class WorkloadActionsTests
{
    [Fact]
    public async Task A_viewer_is_refused_whatever_the_page_did_and_the_attempt_is_audited()
    {
        await using var context = new ConsoleContext(ConsoleRole.Viewer);
        var actions = context.Services.GetRequiredService<WorkloadActions>();
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => actions.RunAsync(WorkloadAction.Purge, [Samples.Key("web")], null, TestContext.Current.CancellationToken));
        Assert.Empty(context.Engine.Done);
        var entry = Assert.Single(context.Audit.Read(10));
        Assert.Equal((AuditActions.Purge, "embedded/Service/spaces/web", AuditOutcome.Refused), (entry.Action, entry.Target, entry.Outcome));
    }

    [Fact]
    public async Task A_viewer_is_refused_every_act_on_the_server_and_each_attempt_is_audited()
    {
        await using var context = new ConsoleContext(ConsoleRole.Viewer);
        var actions = context.Services.GetRequiredService<WorkloadActions>();
        var cancel = TestContext.Current.CancellationToken;
        foreach (var action in Enum.GetValues<WorkloadAction>())
        {
            await Assert.ThrowsAsync<UnauthorizedAccessException>(() => actions.RunAsync(action, [Samples.Key("web")], null, cancel));
        }

        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => actions.ScaleAsync(Samples.Key("web"), new(1, 2), cancel));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => actions.SetTrafficAsync(Samples.Key("web"), [new("a", 100)], cancel));

        Assert.Empty(context.Engine.Done);
        Assert.Equal(
            [AuditActions.Purge, AuditActions.Restart, AuditActions.Scale, AuditActions.Stop, AuditActions.Traffic],
            context.Audit.Read(10).Where(entry => entry.Outcome == AuditOutcome.Refused).Select(entry => entry.Action).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_exactly_was_asked_for_is_in_the_audit_log()
    {
        await using var context = new ConsoleContext();
        var actions = context.Services.GetRequiredService<WorkloadActions>();
        var cancel = TestContext.Current.CancellationToken;
        await actions.ScaleAsync(Samples.Key("web"), new(1, 4), cancel);
        await actions.SetTrafficAsync(Samples.Key("web"), [new("a", 80), new("b", 20)], cancel);
        Assert.Equal([("scale 1 4", Samples.Key("web")), ("traffic a=80 b=20", Samples.Key("web"))], context.Engine.Done);
        Assert.Equal(["a 80 %, b 20 %", "1 to 4 instances"], context.Audit.Read(10).Select(entry => entry.Detail.English));
    }

    [Fact]
    public async Task An_operator_stops_several_and_each_is_audited()
    {
        await using var context = new ConsoleContext();
        var actions = context.Services.GetRequiredService<WorkloadActions>();
        var results = await actions.RunAsync(WorkloadAction.Stop, [Samples.Key("a"), Samples.Key("b")], null, TestContext.Current.CancellationToken);
        Assert.All(results, result => Assert.Null(result.Problem));
        Assert.Equal([("stop", Samples.Key("a")), ("stop", Samples.Key("b"))], context.Engine.Done);
        Assert.Equal(2, context.Audit.Read(10).Count(entry => entry is { Outcome: AuditOutcome.Done, Who: "somebody" }));
    }

    [Fact]
    public async Task A_failure_is_told_and_audited()
    {
        await using var context = new ConsoleContext();
        context.Engine.Failure = new InvalidOperationException("the cluster does not answer");
        var actions = context.Services.GetRequiredService<WorkloadActions>();
        var result = Assert.Single(await actions.RunAsync(WorkloadAction.Stop, [Samples.Key("a")], null, TestContext.Current.CancellationToken));
        Assert.Equal("the cluster does not answer", result.Problem?.English);
        Assert.Equal(AuditOutcome.Failed, Assert.Single(context.Audit.Read(10)).Outcome);
    }

    [Fact]
    public async Task Of_many_some_are_acted_on_at_the_same_time_and_each_result_is_told_as_it_comes()
    {
        await using var context = new ConsoleContext();
        var going = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (now, most) = (0, 0);
        context.Engine.Hold = async _ =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref now));
            await going.Task;
            Interlocked.Decrement(ref now);
        };
        context.Engine.Failing.Add(Samples.Key("w7"));
        WorkloadKey[] keys = [.. Enumerable.Range(0, 20).Select(number => Samples.Key($"w{number}"))];
        var run = new BulkRun();
        Assert.True(run.Begin(WorkloadAction.Purge, keys.Length));

        var acting = context.Services.GetRequiredService<WorkloadActions>().RunAsync(WorkloadAction.Purge, keys, run, TestContext.Current.CancellationToken);
        Assert.Equal((WorkloadActions.AtOnce, 0), (Volatile.Read(ref now), run.Ended));
        going.SetResult();
        var results = await acting;
        run.End();

        Assert.Equal(WorkloadActions.AtOnce, most);
        Assert.Equal(keys, results.Select(result => result.Key));
        Assert.Equal((20, 20, false), (run.Ended, run.Announced, run.Running));
        Assert.Equal(Samples.Key("w7"), Assert.Single(run.Troubles).Key);
        Assert.Equal(19, run.Done.Count());
    }

    [Fact]
    public void A_screen_reader_is_told_of_each_quarter_and_no_second_act_begins_meanwhile()
    {
        var run = new BulkRun();
        var announced = new List<int>();
        Assert.True(run.Begin(WorkloadAction.Stop, 200));
        for (var number = 0; number < 200; number++)
        {
            run.Report(new ActionResult(Samples.Key($"w{number}"), null));
            announced.Add(run.Announced);
            Assert.False(run.Begin(WorkloadAction.Purge, 1));
        }

        Assert.Equal([0, 50, 100, 150, 200], announced.Distinct());
    }

    [Fact]
    public async Task A_full_disk_keeps_no_workload_from_being_stopped_and_each_result_says_that_it_is_not_in_the_audit_log()
    {
        using var disk = SmallDisk.TryMount(12);
        Assert.SkipWhen(disk is null, "A small disk cannot be mounted here; it takes root and mount(8).");
        await using var context = new ConsoleContext(folder: disk.Path);
        await FillAsync(context, disk);
        var lost = new List<string>();
        context.Services.GetRequiredService<ActAudit>().Lost += why => lost.Add(why.English);
        context.Engine.Failing.Add(Samples.Key("b"));

        WorkloadKey[] keys = [Samples.Key("a"), Samples.Key("b"), Samples.Key("c")];
        var results = await context.Services.GetRequiredService<WorkloadActions>().RunAsync(WorkloadAction.Stop, keys, null, TestContext.Current.CancellationToken);

        Assert.Equal([("stop", keys[0]), ("stop", keys[2])], context.Engine.Done);
        Assert.Equal([null, "The cluster refuses b.", null], results.Select(result => result.Problem?.English));
        Assert.All(results, result => Assert.Contains("Make room on the disk", result.Unnoted?.English, StringComparison.Ordinal));
        Assert.All(results, result => Assert.Contains("腾出空间", result.Unnoted?.Chinese, StringComparison.Ordinal));
        Assert.Empty(lost);

        // An act of a page of its own goes through too, and is told.
        await context.Services.GetRequiredService<DiagnosticsActions>().RunAsync(null, TestContext.Current.CancellationToken);
        Assert.Contains("Make room on the disk", Assert.Single(lost), StringComparison.Ordinal);
    }

    /// <summary>Until the log takes nothing any more.</summary>
    private static async Task FillAsync(ConsoleContext context, SmallDisk disk)
    {
        disk.FillWholly();
        Exception? told = null;
        for (var number = 0; number < 500 && told is null; number++)
        {
            told = await Record.ExceptionAsync(() => context.Audit.WriteAsync("somebody", "", AuditActions.Stop, "", AuditOutcome.Done, AuditDetail.Quoted(new string('p', 20_000)), TestContext.Current.CancellationToken));
        }

        Assert.IsAssignableFrom<IOException>(told);
        disk.FillWholly();
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
