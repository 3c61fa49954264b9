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
        Assert.Equal("the cluster does not answer", result.Problem);
        Assert.Equal(AuditOutcome.Failed, Assert.Single(context.Audit.Read(10)).Outcome);
    }
}
