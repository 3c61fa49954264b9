using System.Text.Json.Nodes;
using Runner.Engine;
using Runner.Engine.Capacity;
using Runner.Engine.Configuration;

namespace Runner.Tests.Engine.Capacity;

/// <summary>The inventory against figures that were computed another way from the same nodes and pods.</summary>
public sealed class CapacityRecordingTests
{
    private static readonly CapacitySnapshot Snapshot = Take();

    public static TheoryData<string> Nodes => [.. NodeRecording.NodeNames];

    [Theory]
    [MemberData(nameof(Nodes))]
    public void Every_figure_of_a_node_agrees(string name)
    {
        var expected = NodeRecording.Expected["nodes"]!.AsArray().Single(node => (string)node!["name"]! == name)!;
        var node = Snapshot.Nodes.Single(node => node.Name == name);

        Assert.Equal((bool)expected["ready"]!, node.Ready);
        Assert.Equal((bool)expected["cordoned"]!, node.Cordoned);
        Assert.Equal(expected["taints"]!.AsArray().Select(taint => (string?)taint), node.Taints.Select(taint => taint.ToString()));
        Assert.Equal(expected["pods"]!.AsArray().Select(pod => (string)pod!), node.Pods.Select(pod => $"{pod.Namespace}/{pod.Name}"));
        AssertFigures(expected["cpuMilli"]!, node.Cpu, 1000);
        AssertFigures(expected["memoryBytes"]!, node.Memory, 1);
        Assert.Equal((string?)expected["typeLabel"], node.Accelerator?.TypeLabel);
        Assert.Equal((string?)expected["model"], node.Accelerator?.Type);
        Assert.Equal((string?)expected["capacityResource"], node.Accelerator?.Resource);
        foreach (var (resource, figures) in expected["accelerators"]!.AsObject())
        {
            AssertFigures(figures!, node.Resources[resource], 1);
        }

        Assert.Equal(
            expected["requestedButNotOffered"]!.AsObject().Select(pair => (pair.Key, (decimal)pair.Value!)),
            node.Resources.Where(pair => pair.Value.Total == 0 && pair.Value.Requested > 0).Select(pair => (pair.Key, pair.Value.Requested)));
        AssertShared(expected["vgpu"], node);
    }

    [Theory]
    [InlineData("models", false)]
    [InlineData("modelsSchedulable", true)]
    public void The_sums_by_model_agree(string field, bool schedulable)
    {
        var totals = Snapshot.Accelerators(schedulable);
        var expected = NodeRecording.Expected[field]!.AsObject();

        Assert.Equal(expected.Select(pair => pair.Key).Order(StringComparer.Ordinal), totals.Select(total => $"{total.Model}|{total.Resource}").Order(StringComparer.Ordinal));
        foreach (var total in totals)
        {
            var figures = expected[$"{total.Model}|{total.Resource}"]!;
            AssertFigures(figures, total.Figures, 1);
            Assert.Equal(figures["nodes"]!.AsArray().Select(node => (string)node!), total.Nodes);
        }
    }

    private static CapacitySnapshot Take()
    {
        var ledger = new CapacityLedger(new CapacityProjection(new AcceleratorOptions()));
        foreach (var pod in NodeRecording.Pods)
        {
            ledger.Set(pod, DateTimeOffset.UnixEpoch);
        }

        foreach (var node in NodeRecording.Nodes)
        {
            ledger.Set(node, DateTimeOffset.UnixEpoch);
        }

        return new("test", CapacitySource.ClusterWide, ledger.Nodes(), LocalText.None);
    }

    private static void AssertFigures(JsonNode expected, ResourceFigures actual, decimal unit) => Assert.Equal(
        ((decimal)expected["total"]!, (decimal)expected["allocatable"]!, (decimal)expected["requested"]!, (decimal)expected["free"]!),
        (actual.Total * unit, actual.Allocatable * unit, actual.Requested * unit, actual.Free * unit));

    private static void AssertShared(JsonNode? expected, NodeCapacity node)
    {
        Assert.Equal((int?)expected?["physicalDevices"] ?? 0, node.SharedDevices.Count);
        foreach (var (device, use) in (expected?["devices"]?.AsArray() ?? []).Zip(node.SharedDevices))
        {
            Assert.Equal(
                ((string)device!["uuid"]!, (string)device["type"]!, (long)device["slots"]!, (long)device["memMiB"]!, (bool)device["healthy"]!),
                (use.Device.Id, use.Device.Type, use.Device.Slots, use.Device.MemoryMiB, use.Device.Healthy));
            Assert.Equal((device["corePercent"] is { } cores ? (long)cores : 100, (int)device["usedSlots"]!, (long)device["usedMemMiB"]!), (use.Device.CorePercent, use.UsedSlots, use.UsedMemoryMiB));
            Assert.Equal((long)device["usedCorePercent"]!, use.UsedCorePercent);
        }
    }
}
