using Runner.Engine.Workloads;
using Runner.Tests.Engine.Services;

namespace Runner.Tests.Engine.MultiHost;

/// <summary>What the hub sees of each recorded LeaderWorkerSet: a line per change of code or reason.</summary>
public sealed class MultiHostRecordingTests
{
    public static TheoryData<string, string?, string[]> Stories => new()
    {
        { "01-create-to-available", null, ["20", "0", "20", "23"] },

        // A container that ended is started again before the manager makes the group anew: never told as running in between.
        { "02-worker-fails", "01-create-to-available", ["20 Error", "20", "0", "20", "23"] },

        // The set goes with its first event; its pods are nobody's from then on.
        { "03-delete-background", null, [] },
        { "03b-delete-foreground", null, ["26 Deleting"] },

        // The set is Available all the same: only the pods tell that half of the group is missing.
        { "04-unschedulable-worker", null, ["20", "0", "21 Unschedulable"] },
    };

    [Theory]
    [MemberData(nameof(Stories))]
    public void A_scenario_is_told_as_a_sequence_of_codes_and_reasons(string scenario, string? before, string[] story) =>
        Assert.Equal(story, Play(scenario, before).Story());

    [Fact]
    public void Every_recorded_scenario_is_told() =>
        Assert.Equal(KnativeRecording.Scenarios(KnativeRecording.LeaderWorkerSets), Stories.Select(row => row.Data.Item1).Order(StringComparer.Ordinal));

    [Fact]
    public void A_group_is_one_instance_of_the_service_and_lists_its_hosts_leader_first()
    {
        var last = Assert.IsType<Workload>(Play("01-create-to-available").Changes[^1].Workload);

        Assert.Equal((1, 1, 4740L, 1), (last.ActualReplicas, last.DesiredReplicas, last.DeployId, last.DeployType));
        Assert.Equal(["u-acme-multihost-c01-0", "u-acme-multihost-c01-0-1"], last.Instances.Select(instance => instance.PodName));
        Assert.All(last.Instances, instance => Assert.Equal(("Running", true), (instance.Status, instance.Ready)));
        Assert.Equal(["node-0", "node-1"], last.Instances.Select(instance => instance.Node));
        Assert.Equal("4", last.Requests["nvidia.com/gpu"]);
        Assert.Equal("http://u-acme-multihost-c01.spaces.svc.cluster.local", last.Endpoint);
    }

    [Fact]
    public void A_worker_without_room_keeps_the_whole_group_waiting_with_the_schedulers_message()
    {
        var last = Assert.IsType<Workload>(Play("04-unschedulable-worker").Changes[^1].Workload);

        Assert.True(last.WaitingForRoom);
        Assert.Contains("Insufficient nvidia.com/gpu", last.Message, StringComparison.Ordinal);
        Assert.Equal(["Running", "Failed"], last.Instances.Select(instance => instance.Status));
        Assert.Equal(0, last.ActualReplicas);
    }

    private static KnativeRecording Play(string scenario, string? before = null) => KnativeRecording.Play(scenario, before, KnativeRecording.LeaderWorkerSets);
}
