using Microsoft.Extensions.DependencyInjection;
using Runner.Tests.bUnit.Support;
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
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => actions.RunAsync(WorkloadAction.Purge, [Samples.Key("web")], TestContext.Current.CancellationToken));
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
            await Assert.ThrowsAsync<UnauthorizedAccessException>(() => actions.RunAsync(action, [Samples.Key("web")], cancel));
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
        Assert.Equal(["a 80 %, b 20 %", "1 to 4 instances"], context.Audit.Read(10).Select(entry => entry.Detail));
    }

    [Fact]
    public async Task An_operator_stops_several_and_each_is_audited()
    {
        await using var context = new ConsoleContext();
        var actions = context.Services.GetRequiredService<WorkloadActions>();
        var results = await actions.RunAsync(WorkloadAction.Stop, [Samples.Key("a"), Samples.Key("b")], TestContext.Current.CancellationToken);
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
        var result = Assert.Single(await actions.RunAsync(WorkloadAction.Stop, [Samples.Key("a")], TestContext.Current.CancellationToken));
        Assert.Equal("the cluster does not answer", result.Problem?.English);
        Assert.Equal(AuditOutcome.Failed, Assert.Single(context.Audit.Read(10)).Outcome);
    }
}
