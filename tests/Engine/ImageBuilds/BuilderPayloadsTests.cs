using System.Text.Json;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads;

namespace Runner.Tests.Engine.ImageBuilds;

/// <summary>What the hub hears of which changes of a build.</summary>
public sealed class BuilderPayloadsTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Fact]
    public void The_hub_hears_of_phases_and_before_each_end_that_the_build_ran()
    {
        Assert.Equal(["Pending"], Tell(null, Build("Pending")).Phases);
        Assert.Equal(["Running"], Tell(Build("Pending"), Build("Running")).Phases);
        Assert.Equal(["Running", "Succeeded"], Tell(Build("Running"), Build("Succeeded")).Phases);
        Assert.Equal(["Running", "Error"], Tell(Build("Pending"), Build("Error")).Phases);
        Assert.Equal(["Running", "Failed"], Tell(null, Build("Failed")).Phases);
    }

    [Fact]
    public void The_same_phase_and_other_words_are_no_news() =>
        Assert.Empty(Tell(Build("Running"), Build("Running") with { Message = "waiting for a node", ActualReplicas = 1 }).Phases);

    [Fact]
    public void A_build_that_is_gone_is_told_as_failed_unless_its_end_was_told()
    {
        Assert.Equal(["Running", "Failed"], Tell(Build("Running"), null).Phases);
        Assert.Empty(Tell(Build("Succeeded"), null).Phases);
        Assert.Empty(Tell(Build("Error"), null).Phases);
        Assert.Equal(["Pending"], Tell(Build("Failed"), Build("Pending") with { Uid = "uid-2" }).Phases);
    }

    [Fact]
    public void A_task_that_another_object_carries_on_has_not_failed()
    {
        Assert.Equal(["Running"], Tell(Build("Running"), Build("Running") with { Uid = "uid-2" }).Phases);
        Assert.Equal(["Running", "Succeeded"], Tell(Build("Pending"), Build("Succeeded") with { Uid = "uid-2" }).Phases);
    }

    [Fact]
    public void The_end_of_a_build_is_the_last_word_on_it()
    {
        Assert.Empty(Tell(Build("Failed"), Build("Running")).Phases);
        Assert.Empty(Tell(Build("Succeeded"), Build("Failed")).Phases);
    }

    [Fact]
    public void Ids_and_image_are_told_in_the_types_that_the_hub_reads_also_at_the_end()
    {
        foreach (var after in new[] { Build("Running"), null })
        {
            var events = Tell(Build("Pending"), after).Events;
            var root = JsonDocument.Parse(events[0].Body).RootElement;
            Assert.Equal(("runner.builder.change", "cluster-1", "object"), (root.GetProperty("event_type").GetString(), root.GetProperty("cluster_id").GetString(), root.GetProperty("data_type").GetString()));
            Assert.Equal(
                """{"deploy_id":"4712","task_id":9002,"status":"Running","message":"","imaget_path":"acme/sketch-demo-221:0a1b2c3d4e"}""", root.GetProperty("data").GetRawText());
        }
    }

    private static (IReadOnlyList<HubEvent> Events, IEnumerable<string> Phases) Tell(Workload? before, Workload? after)
    {
        var told = before is null ? null : Telling.Decide(null, before, Now).Told;
        var events = Telling.Decide(told, after, Now).Events;
        return (events, events.Select(e => JsonDocument.Parse(e.Body).RootElement.GetProperty("data").GetProperty("status").GetString()!));
    }

    private static Workload Build(string phase) => new()
    {
        Key = new("c", WorkloadKind.ImageBuild, "spaces", "sib-acme-sketch-d-4712-9002"),
        Uid = "uid-1",
        ClusterId = "cluster-1",
        CreatedAt = Now,
        DeployId = 4712,
        TaskId = 9002,
        Image = "acme/sketch-demo-221:0a1b2c3d4e",
        Status = phase switch
        {
            "Pending" => DeployStatus.BuildQueued,
            "Running" => DeployStatus.Building,
            "Succeeded" => DeployStatus.BuildSuccess,
            _ => DeployStatus.BuildFailed,
        },
        Job = new() { TaskId = "sib-acme-sketch-d-4712-9002", TaskType = WorkflowTaskTypes.ImageBuild, Status = phase },
    };
}
