using System.Text.Json;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads;

namespace Runner.Tests.Engine.Hub;

/// <summary>What is told once more of which workload, and when it is.</summary>
public sealed class TellingAgainTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    public static TheoryData<WorkloadKind, string, string, string[]> Jobs => new()
    {
        { WorkloadKind.Workflow, "Running", "Running", ["runner.evaluation.change Running"] },
        { WorkloadKind.Workflow, "Pending", "Pending", ["runner.evaluation.change Pending"] },
        { WorkloadKind.Workflow, "Succeeded", "Succeeded", [] },
        { WorkloadKind.Workflow, "Failed", "Failed", [] },

        // What an old object says is no news, and none once more.
        { WorkloadKind.Workflow, "Failed", "Running", [] },
        { WorkloadKind.Workflow, "Running", "Pending", [] },
        { WorkloadKind.Workflow, "Running", "Succeeded", ["runner.evaluation.change Succeeded"] },
        { WorkloadKind.Dataflow, "Running", "Running", ["runner.dataflow.change Running"] },
        { WorkloadKind.Dataflow, "Succeeded", "Succeeded", [] },
        { WorkloadKind.ImageBuild, "Running", "Running", ["runner.builder.change Running"] },
        { WorkloadKind.ImageBuild, "Pending", "Pending", ["runner.builder.change Pending"] },
        { WorkloadKind.ImageBuild, "Succeeded", "Succeeded", [] },
        { WorkloadKind.ImageBuild, "Failed", "Running", [] },
    };

    [Theory]
    [MemberData(nameof(Jobs))]
    public void A_job_is_told_once_more_while_it_has_not_ended(WorkloadKind kind, string told, string now, string[] events) =>
        Assert.Equal(events, Again(Job(kind, told), Job(kind, now)).Select(e => $"{e.Type} {DataOf(e).GetProperty("status").GetString()}"));

    [Theory]
    [InlineData(DeployStatus.Deploying)]
    [InlineData(DeployStatus.DeployFailed)]
    [InlineData(DeployStatus.Running)]
    [InlineData(DeployStatus.Sleeping)]
    public void A_service_is_told_once_more_in_every_state_and_as_a_change(DeployStatus status)
    {
        var service = HubSide.Service("web", status);
        Assert.Equal([("runner.service.change", (int)status)], Again(service, service).Select(e => (e.Type, DataOf(e).GetProperty("status").GetInt32())));
        Assert.Equal([("runner.service.stop", 26)], Again(service, null).Select(e => (e.Type, DataOf(e).GetProperty("status").GetInt32())));
    }

    [Theory]
    [InlineData(true, DeployStatus.Deploying, false)]
    [InlineData(true, null, false)]
    [InlineData(true, DeployStatus.DeployFailed, true)]
    [InlineData(true, DeployStatus.Running, true)]
    [InlineData(false, DeployStatus.Running, true)]
    [InlineData(false, DeployStatus.Deploying, true)]
    public void The_hub_forgets_with_an_answer_what_it_was_told_but_for_that_the_service_is_being_deployed(bool isNew, DeployStatus? status, bool isLost) =>
        Assert.Equal(isLost, Telling.IsLostToAnswer(isNew, status));

    [Theory]
    [InlineData(239, false)]
    [InlineData(240, false)]
    [InlineData(241, true)]
    [InlineData(-3600, false)]
    public void The_hub_gives_a_cluster_up_after_two_intervals(int seconds, bool isLong) =>
        Assert.Equal(isLong, HubSilence.IsLong(Now, Now + TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(120)));

    private static IReadOnlyList<HubEvent> Again(Workload before, Workload? after) => Telling.Decide(Telling.Decide(null, before, Now).Told, after, Now, again: true).Events;

    private static JsonElement DataOf(HubEvent e) => JsonDocument.Parse(e.Body).RootElement.GetProperty("data");

    private static Workload Job(WorkloadKind kind, string phase) => new()
    {
        Key = new("test", kind, "spaces", "job"),
        Uid = "uid-1",
        ClusterId = "cluster-1",
        CreatedAt = Now,
        Status = phase switch
        {
            "Pending" => DeployStatus.BuildQueued,
            "Running" => DeployStatus.Building,
            "Succeeded" => DeployStatus.BuildSuccess,
            _ => DeployStatus.BuildFailed,
        },
        Job = new() { TaskId = "job", TaskType = WorkflowTaskTypes.ImageBuild, Status = phase },
    };
}
