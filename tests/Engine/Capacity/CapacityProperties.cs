using System.Globalization;
using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using k8s.Models;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Configuration;

namespace Runner.Tests.Engine.Capacity;

/// <summary>What holds of the inventory for any nodes, pods and quantities.</summary>
public sealed class CapacityProperties
{
    private static readonly (string Suffix, BigInteger Numerator, BigInteger Denominator)[] Suffixes =
    [
        ("", 1, 1), ("m", 1, 1000), ("k", 1000, 1), ("M", 1_000_000, 1), ("G", 1_000_000_000, 1), ("T", 1_000_000_000_000, 1),
        ("Ki", 1024, 1), ("Mi", 1 << 20, 1), ("Gi", 1 << 30, 1), ("Ti", 1L << 40, 1), ("e3", 1000, 1), ("E2", 100, 1),
    ];

    [Fact]
    public void Pods_that_come_change_and_go_in_any_order_leave_the_same_figures_as_counting_those_that_are_left()
    {
        var steps = (from pod in Gen.Choose(0, 12)
                     from node in Gen.Choose(0, 3)
                     from phase in Gen.Choose(0, 4)
                     from milli in Gen.Choose(1, 5000)
                     select (pod, node, phase, milli)).ListOf(60);
        Prop.ForAll(steps.ToArbitrary(), changes =>
        {
            var kept = NewLedger();
            var pods = new Dictionary<int, V1Pod>();
            foreach (var (number, node, phase, milli) in changes)
            {
                if (phase == 4)
                {
                    pods.Remove(number);
                    kept.RemovePod(new ResourceKey("spaces", $"pod-{number}"), default);
                    continue;
                }

                // Phase 2 has ended and claims nothing; node 3 is not known.
                var pod = Pod($"pod-{number}", $"node-{node}", phase == 2 ? "Succeeded" : "Running", milli);
                pods[number] = pod;
                kept.Set(pod, default);
                _ = kept.Nodes();
            }

            var counted = NewLedger();
            foreach (var pod in pods.Values)
            {
                counted.Set(pod, default);
            }

            return Figures(kept.Nodes()).SequenceEqual(Figures(counted.Nodes()));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_change_of_one_pod_builds_no_other_node_anew()
    {
        var ledger = NewLedger();
        ledger.Set(Pod("a", "node-0", "Running", 100), default);
        var before = ledger.Nodes();
        ledger.Set(Pod("b", "node-1", "Running", 100), default);
        var after = ledger.Nodes();

        Assert.Same(before[0], after[0]);
        Assert.NotSame(before[1], after[1]);
        Assert.Same(before[2], after[2]);
        Assert.False(ledger.Set(Pod("b", "node-1", "Running", 100), default));
        Assert.Same(after, ledger.Nodes());
    }

    [Fact]
    public void Quantities_are_read_exactly_whatever_their_suffix()
    {
        var quantities = from number in Gen.Choose(0, 8_000_000)
                         from decimals in Gen.Choose(0, 3)
                         from suffix in Gen.Elements(Suffixes)
                         select (number, decimals, suffix);
        Prop.ForAll(quantities.ToArbitrary(), quantity =>
        {
            var (number, decimals, suffix) = quantity;
            var scale = BigInteger.Pow(10, decimals);
            var text = decimals == 0
                ? number.ToString(CultureInfo.InvariantCulture)
                : $"{number / (long)scale}.{(number % (long)scale).ToString(CultureInfo.InvariantCulture).PadLeft(decimals, '0')}";
            var exact = (decimal)(number * suffix.Numerator) / (decimal)(scale * suffix.Denominator);
            var pod = Pod("a", "node-0", "Running", 1);
            pod.Spec.Containers[0].Resources.Requests["cpu"] = new ResourceQuantity(text + suffix.Suffix);
            var read = PodRequests.Of(pod)["cpu"];

            // What is finer than a thousandth is rounded up, as the API server does; nothing here is beyond 2^63.
            return read == exact || (read > exact && read - exact < 0.001m);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_configured_label_wins_over_every_known_one_and_vendor_and_model_come_from_its_value()
    {
        string[] known =
        [
            "aliyun.accelerator/nvidia_name", "machine.cluster.vke.volcengine.com/gpu-name", "eks.tke.cloud.tencent.com/gpu-type", "nvidia.com/nvidia_name", "nvidia.com/gpu.product",
            "kubemore_xpu_type", "huawei.accelerator", "accelerator/huawei-npu", "hygon.com/dcu.name", "enflame.com/gcu", "enflame.com/gcu.count", "amd.com/gpu", "chipltech.com/tpu.product",
        ];
        var present = Gen.SubListOf(known);
        Prop.ForAll(present.ToArbitrary(), labels =>
        {
            var node = labels.ToDictionary(label => label, label => $"Vendor-{label}");
            var found = AcceleratorLabels.Find(node, []);
            var first = known.FirstOrDefault(node.ContainsKey);
            node["our.example.com/xpu"] = "Own-One-Two";
            var own = AcceleratorLabels.Find(node, [new("not.there", "x/y", ""), new("our.example.com/xpu", "our.example.com/xpus", "")])!;
            return (own.Vendor, own.Model, own.Resource) == ("Own", "One-Two", "our.example.com/xpus")
                && (first is null ? found is null : found!.TypeLabel == TypeLabelOf(first));
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("NVIDIA-A100-SXM4-80GB", "nvidia.com/gpu", "NVIDIA", "A100-SXM4-80GB")]
    [InlineData("Ascend910B3", "huawei.com/Ascend910", "huawei", "Ascend910B3")]
    [InlineData("", "nvidia.com/gpu", "nvidia", "")]
    [InlineData("S60", "gcu", "gcu", "S60")]
    public void Vendor_and_model_are_split_at_the_first_dash_or_taken_from_the_resource(string type, string resource, string vendor, string model) =>
        Assert.Equal((vendor, model), AcceleratorLabels.Split(type, resource));

    [Theory]
    [InlineData("nvidia.com/gpu.memory", "81920", "80 GiB")]
    [InlineData("nvidia.com/gpu.mem", "80GB", "75 GiB")]
    [InlineData("nvidia.com/gpu.mem", "48Gi", "48 GiB")]
    [InlineData("nvidia.com/gpu.mem", "much", "")]
    public void The_memory_of_one_accelerator_is_read_with_or_without_a_unit(string label, string value, string memory) =>
        Assert.Equal(memory, AcceleratorLabels.Find(new Dictionary<string, string> { ["nvidia.com/gpu.product"] = "NVIDIA-X", [label] = value }, [])!.Memory);

    [Theory]
    [InlineData("GPU-1,10,46068,100,NVIDIA-L40S,0,true:", 46068, 100, "NVIDIA-L40S")]
    [InlineData("GPU-1,10,46068,100,NVIDIA-L40S,0,true,3,hami-core:", 46068, 100, "NVIDIA-L40S")]
    [InlineData("GPU-1,10,81920,NVIDIA-A100,true:", 81920, 100, "NVIDIA-A100")]
    [InlineData("GPU-1,10,81920,NVIDIA-A100,true,hami-core:garbage:,,", 81920, 100, "NVIDIA-A100")]
    public void Each_way_to_register_a_shared_device_is_understood(string annotation, long memory, long cores, string type)
    {
        var device = Assert.Single(SharedDevices.ReadNode(annotation));
        Assert.Equal(("GPU-1", 10L, memory, cores, type, true), (device.Id, device.Slots, device.MemoryMiB, device.CorePercent, device.Type, device.Healthy));
    }

    [Fact]
    public void Annotations_that_are_nonsense_give_no_devices() => Prop.ForAll<string?>(text =>
    {
        _ = SharedDevices.ReadNode(text ?? "");
        _ = SharedDevices.ReadNode("[" + text);
        _ = SharedDevices.ReadPod(text ?? "");
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_sidecar_that_starts_late_does_not_count_in_the_peak_of_the_init_containers_before_it()
    {
        // 3 for the first init container alone; later 1 of the sidecar beside 1.5 of the second; in the end 1 beside 2 of the container.
        var pod = Pod("a", "node-0", "Running", 2000);
        pod.Spec.InitContainers = [Container("first", "3", null), Container("sidecar", "1", "Always"), Container("second", "1500m", null)];
        Assert.Equal(3m, PodRequests.Of(pod)["cpu"]);

        pod.Spec.InitContainers[2] = Container("second", "2500m", null);
        Assert.Equal(3.5m, PodRequests.Of(pod)["cpu"]);

        pod.Spec.Overhead = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("250m") };
        Assert.Equal(3.75m, PodRequests.Of(pod)["cpu"]);
    }

    private static string TypeLabelOf(string label) => label switch
    {
        "enflame.com/gcu" or "enflame.com/gcu.count" => "enflame.com/gcu.model",
        "amd.com/gpu" => "amd.com/gpu.product-name",
        _ => label,
    };

    private static CapacityLedger NewLedger()
    {
        var ledger = new CapacityLedger(new CapacityProjection(new AcceleratorOptions()));
        for (var i = 0; i < 3; i++)
        {
            ledger.Set(
                new V1Node
                {
                    Metadata = new() { Name = $"node-{i}" },
                    Status = new() { Allocatable = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("32") }, Capacity = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("32") } },
                },
                default);
        }

        return ledger;
    }

    private static V1Pod Pod(string name, string node, string phase, int milli) => new()
    {
        Metadata = new() { Name = name, NamespaceProperty = "spaces" },
        Spec = new() { NodeName = node, Containers = [Container("main", $"{milli}m", null)] },
        Status = new() { Phase = phase },
    };

    private static V1Container Container(string name, string cpu, string? restartPolicy) => new()
    {
        Name = name,
        RestartPolicy = restartPolicy,
        Resources = new() { Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu) } },
    };

    private static IEnumerable<(string Node, ResourceFigures Cpu, string Pods)> Figures(IReadOnlyList<NodeCapacity> nodes) =>
        nodes.Select(node => (node.Name, node.Cpu, string.Join(' ', node.Pods.Select(pod => pod.Name))));
}
