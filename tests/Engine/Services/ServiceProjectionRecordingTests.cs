using Runner.Engine.Workloads;

namespace Runner.Tests.Engine.Services;

/// <summary>
/// What the hub and an administrator see of each recorded scenario: a line per change of code or reason. 0 is a pod that nobody prepares yet,
/// 20 a start in progress, 21 a start that failed or waits for room, 23 running, 25 scaled to zero, 26 on its way out.
/// </summary>
public sealed class ServiceProjectionRecordingTests
{
    public static TheoryData<string, string[]> Stories => new()
    {
        { "01-create-to-ready", ["20", "0", "20", "23"] },
        { "04-unschedulable", ["20", "0", "21 Unschedulable"] },
        { "04b-unschedulable-node-selector", ["20", "0", "21 Unschedulable"] },
        { "04c-unschedulable-then-room", ["20", "0", "21 Unschedulable", "0", "20", "23"] },

        // Not a line per attempt, although the kubelet swings between two reasons.
        { "05-image-pull-failure", ["20", "0", "20", "21 ImagePullBackOff"] },

        // No pod is ever made: only the revision knows.
        { "05b-tag-resolution-fails", ["20", "21 ContainerMissing"] },

        // Each attempt is a start in progress, each back-off a failed one; why it ended stays known throughout.
        {
            "06-crash-loop",
            ["20", "0", "20", "20 Error", "21 Error", "20 Error", "21 Error", "20 Error", "21 Error", "20 Error", "21 Error"]
        },
        {
            "06b-crash-after-ready",
            ["20", "0", "20", "23", "20 Error", "23 Error", "20 Error", "21 Error", "20 Error", "21 Error", "20 Error", "21 Error", "20 Error", "21 Error"]
        },
        { "08-slow-start", ["20", "0", "20", "23"] },
        { "09-never-ready", ["20", "0", "20", "20 ProgressDeadlineExceeded"] },
        { "10-scale-to-zero-and-wake", ["20", "0", "20", "23", "25", "20", "0", "20", "23", "25"] },
        { "11-delete-foreground", ["26 Deleting", "gone"] },
        { "14-some-replicas-unschedulable", ["20", "0", "0 Unschedulable", "20 Unschedulable"] },

        // The old revision serves on; the reason tells that the new one does not come.
        { "15-update-to-broken-revision", ["20", "0", "20", "23", "23 ImagePullBackOff"] },
    };

    [Theory]
    [MemberData(nameof(Stories))]
    public void A_scenario_is_told_as_a_sequence_of_codes_and_reasons(string scenario, string[] story) =>
        Assert.Equal(story, KnativeRecording.Play(scenario).Story());

    [Fact]
    public void An_update_that_works_is_running_throughout()
    {
        var recording = KnativeRecording.Play("02-update-env", before: "01-create-to-ready");

        Assert.Equal(["23"], recording.Story());
        var last = Assert.IsType<Workload>(recording.Changes[^1].Workload);
        Assert.Equal([0, 100], last.Revisions.Select(revision => revision.TrafficPercent));
        Assert.Single(last.Instances);
    }

    [Fact]
    public void Every_recorded_scenario_is_told()
    {
        var told = Stories.Select(row => row.Data.Item1).Append("02-update-env");

        // The service is gone with its first event, before any state of it was seen.
        Assert.Empty(KnativeRecording.Play("11b-delete-background").Changes);
        Assert.Equal(KnativeRecording.Scenarios(), told.Append("11b-delete-background").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("04-unschedulable", "2 Insufficient nvidia.com/gpu")]
    [InlineData("04b-unschedulable-node-selector", "5 node(s) didn't match Pod's node affinity/selector")]
    public void A_request_that_no_node_can_take_waits_for_room_with_the_schedulers_own_message(string scenario, string message)
    {
        var last = Assert.IsType<Workload>(KnativeRecording.Play(scenario).Changes[^1].Workload);

        Assert.True(last.WaitingForRoom);
        Assert.Contains(message, last.Message, StringComparison.Ordinal);
        Assert.Equal("Failed", Assert.Single(last.Instances).Status);
    }

    [Fact]
    public void What_waited_for_room_runs_without_a_trace_of_it_once_there_is_room()
    {
        var recording = KnativeRecording.Play("04c-unschedulable-then-room");

        Assert.Contains(recording.Changes, change => change.Workload is { WaitingForRoom: true, Status: DeployStatus.DeployFailed });
        var last = Assert.IsType<Workload>(recording.Changes[^1].Workload);
        Assert.False(last.WaitingForRoom);
        Assert.Equal("", last.Message);
        Assert.Equal((1, 1), (last.ActualReplicas, last.DesiredReplicas));
        Assert.Equal("http://u-acme-wait-4c1.spaces.app.example.com", last.Endpoint);
    }

    [Fact]
    public void The_message_of_a_failing_image_stays_the_same_over_all_attempts()
    {
        var messages = KnativeRecording.Play("05-image-pull-failure").Changes
            .Where(change => change.Workload is { Status: DeployStatus.DeployFailed })
            .Select(change => change.Workload!.Message)
            .Distinct();

        Assert.StartsWith("rpc error: code = NotFound", Assert.Single(messages), StringComparison.Ordinal);
    }

    [Fact]
    public void A_crash_tells_what_the_container_said_last_and_how_often_it_was_restarted()
    {
        var last = Assert.IsType<Workload>(KnativeRecording.Play("06b-crash-after-ready").Changes[^1].Workload);

        Assert.Contains("No CUDA GPUs are available", last.Message, StringComparison.Ordinal);
        Assert.Equal(4, last.Restarts);
        Assert.False(last.WaitingForRoom);
    }

    [Fact]
    public void The_hubs_facts_are_read_back_from_the_cluster()
    {
        var last = Assert.IsType<Workload>(KnativeRecording.Play("01-create-to-ready").Changes[^1].Workload);

        Assert.Equal((4711, 5011, 1), (last.DeployId, last.TaskId, last.DeployType));
        Assert.Equal("1", last.Requests["nvidia.com/gpu"]);
        Assert.Equal("46Gi", last.Requests["memory"]);
        Assert.Equal("5f0b02c75b57c5855da9ae460ce51323ea669d8a", Assert.Single(last.Revisions).CommitId);
        var instance = Assert.Single(last.Instances);
        Assert.Equal(("node-0", true, "Running"), (instance.Node, instance.Ready, instance.Status));
        Assert.Equal(["queue-proxy", "user-container"], instance.Containers.Select(container => container.Name));
    }
}
