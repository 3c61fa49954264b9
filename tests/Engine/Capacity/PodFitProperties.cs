using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using k8s.Models;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Scheduling;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Capacity;
using Runner.Engine.Capacity.Fit;
using Runner.Engine.Configuration;
using Runner.Tests.Engine.Support;
using ApiJson = Runner.Engine.Clusters.Api.ApiJson;

namespace Runner.Tests.Engine.Capacity;

/// <summary>"Would it fit?" against the scheduler of the embedded cluster.</summary>
public sealed class PodFitProperties
{
    private static readonly Gen<JsonObject> Nodes =
        from cpu in Gen.Choose(0, 8)
        from gpus in Gen.Choose(0, 4)
        from pods in Gen.Choose(1, 3)
        from zone in Gen.Elements("a", "b", "")
        from taint in Gen.Elements("", "NoSchedule", "NoExecute", "PreferNoSchedule")
        from value in Gen.Elements("", "x")
        from cordoned in Gen.Choose(0, 4)
        from shared in Gen.Choose(0, 2)
        select Node(cpu, gpus, pods, zone, taint, value, cordoned == 0, shared == 0);

    private static readonly Gen<JsonObject> Pods =
        from cpus in Gen.Choose(0, 3000).ListOf(3)
        from gpu in Gen.Choose(0, 3)
        from vgpu in Gen.Choose(0, 3)
        from memory in Gen.Elements(0, 2000, 5000, 9000)
        from sidecar in Gen.Elements(true, false)
        from overhead in Gen.Elements("0", "250m")
        from zone in Gen.Elements("a", "b", "")
        from operation in Gen.Elements("", "In", "NotIn", "Exists", "DoesNotExist")
        from toleration in Gen.Elements("", "Exists", "Equal", "Other", "All")
        select Pod(cpus, gpu, vgpu, memory, sidecar, overhead, zone, operation, toleration);

    [Fact]
    public void Every_node_answers_as_the_scheduler_does_and_in_its_words()
    {
        var worlds = from nodes in Nodes.NonEmptyListOf()
                     from there in Pods.ListOf()
                     from asked in Pods
                     select (nodes: nodes.Take(5).ToList(), there: there.Take(6).ToList(), asked);
        Prop.ForAll(worlds.ToArbitrary(), world =>
        {
            var ledger = new CapacityLedger(new CapacityProjection(new AcceleratorOptions()));
            var infos = new List<NodeInfo>();
            for (var i = 0; i < world.nodes.Count; i++)
            {
                var json = world.nodes[i].DeepClone().AsObject();
                json["metadata"]!["name"] = $"node-{i}";
                var info = new NodeInfo();
                info.SetNode(new StoredObject(ObjectKind.Node.Key("", $"node-{i}"), json, 1));
                infos.Add(info);
                ledger.Set(Held.Node(json), default);
            }

            for (var i = 0; i < world.there.Count; i++)
            {
                var json = world.there[i].DeepClone().AsObject();
                json["metadata"]!["name"] = $"pod-{i}";
                json["spec"]!["nodeName"] = $"node-{i % infos.Count}";
                infos[i % infos.Count].Add(new StoredObject(ObjectKind.Pod.Key("spaces", $"pod-{i}"), json, 1));
                ledger.Set(Held.Pod(json), default);
            }

            var requests = Runner.EmbeddedCluster.Controllers.Scheduling.PodRequests.Of(world.asked);
            var misfits = infos.Select(info => Runner.EmbeddedCluster.Controllers.Scheduling.NodeFit.Check(world.asked, requests, info)).ToList();
            var answers = PodFit.Check(world.asked.Deserialize<V1Pod>(ApiJson.Options)!, ledger.Nodes());
            return answers.Select(answer => answer.Fits).SequenceEqual(misfits.Select(misfit => misfit is null))
                && answers.Zip(misfits).All(pair => pair.First.Reasons.Order().SequenceEqual((pair.Second?.Reasons ?? []).Order()))
                && (misfits.Contains(null) || SchedulingMessage.Of(misfits!).StartsWith(PodFit.Message(answers), StringComparison.Ordinal));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void As_many_copies_fit_on_a_node_as_can_be_put_there_one_after_the_other()
    {
        Prop.ForAll((from node in Nodes from pod in Pods select (node, pod)).ToArbitrary(), world =>
        {
            var json = world.node.DeepClone().AsObject();
            json["metadata"]!["name"] = "node-0";
            var ledger = new CapacityLedger(new CapacityProjection(new AcceleratorOptions()));
            ledger.Set(Held.Node(json), default);
            var pod = world.pod.Deserialize<V1Pod>(ApiJson.Options)!;

            // Parts of shared devices are given out by their own plugin, which these pods have no annotation of.
            if (world.pod.ToJsonString().Contains("nvidia.com/vgpu", StringComparison.Ordinal))
            {
                return true;
            }

            var told = PodFit.Check(pod, ledger.Nodes(), copies: 50)[0].Copies;
            var placed = 0;
            for (; placed < 50 && PodFit.Check(pod, ledger.Nodes())[0].Fits; placed++)
            {
                var next = world.pod.DeepClone().AsObject();
                next["metadata"]!["name"] = $"pod-{placed}";
                next["spec"]!["nodeName"] = "node-0";
                ledger.Set(Held.Pod(next), default);
            }

            return told == placed;
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("4 × A100, 64 CPU, 256Gi", "4 × A100, 64 CPU, 256Gi")]
    [InlineData("4xA100,64cpu,256 GiB", "4 × A100, 64 CPU, 256Gi")]
    [InlineData("A100; memory 10G; cpu 500m; 3 replicas", "1 × A100, 500m CPU, 10G, 3 replicas")]
    [InlineData("2 * nvidia.com/mig-1g.10gb, tolerate npu=ascend:NoSchedule, zone=a", "2 × nvidia.com/mig-1g.10gb, zone=a, tolerate npu=ascend:NoSchedule")]
    [InlineData("1 × A100 80GB，16核，副本 2", "1 × A100 80GB, 16 CPU, 2 replicas")]
    public void What_people_type_is_understood_and_written_back_in_one_form(string typed, string written)
    {
        var request = FitRequest.Parse(typed, out var unread);

        Assert.Empty(unread);
        Assert.Empty(request.Problems);
        Assert.Equal(written, request.ToString());
        Assert.Equal(request, FitRequest.Parse(request.ToString(), out _));
    }

    [Fact]
    public void What_says_nothing_is_pointed_at()
    {
        FitRequest.Parse("2 × A100, 17!!, 99999999 replicas", out var unread);

        Assert.Equal(["17!!", "99999999 replicas"], unread);
        Assert.Equal(["lots"], new FitRequest { Memory = "lots" }.Problems);
    }

    private static JsonObject Node(int cpu, int gpus, int pods, string zone, string taint, string value, bool cordoned, bool shared)
    {
        var labels = new JsonObject();
        if (zone.Length > 0)
        {
            labels["zone"] = zone;
        }

        var allocatable = new JsonObject { ["cpu"] = $"{cpu}", ["nvidia.com/gpu"] = $"{gpus}", ["pods"] = $"{pods}" };
        var annotations = new JsonObject();
        if (shared)
        {
            annotations["hami.io/node-nvidia-register"] = "GPU-a,2,8000,100,NVIDIA-L40S,0,true:GPU-b,2,8000,100,NVIDIA-L40S,0,true:";
            allocatable["nvidia.com/vgpu"] = "4";
            allocatable["nvidia.com/gpu"] = "0";
        }

        return new()
        {
            ["metadata"] = new JsonObject { ["name"] = "", ["labels"] = labels, ["annotations"] = annotations },
            ["spec"] = new JsonObject
            {
                ["unschedulable"] = cordoned,
                ["taints"] = taint.Length == 0 ? new JsonArray() : new JsonArray(new JsonObject { ["key"] = "dedicated", ["value"] = value, ["effect"] = taint }),
            },
            ["status"] = new JsonObject { ["capacity"] = allocatable.DeepClone(), ["allocatable"] = allocatable },
        };
    }

    private static JsonObject Pod(IEnumerable<int> cpus, int gpu, int vgpu, int memory, bool sidecar, string overhead, string zone, string operation, string toleration)
    {
        var milli = cpus.ToList();
        JsonObject Container(string name, int amount, bool devices)
        {
            var requests = new JsonObject { ["cpu"] = $"{amount}m" };
            if (devices && gpu > 0)
            {
                requests["nvidia.com/gpu"] = $"{gpu}";
            }
            else if (devices && vgpu > 0)
            {
                requests["nvidia.com/vgpu"] = $"{vgpu}";
                requests["nvidia.com/vgpumem"] = $"{memory}";
            }

            return new() { ["name"] = name, ["resources"] = new JsonObject { ["requests"] = requests, ["limits"] = requests.DeepClone() } };
        }

        var first = Container("first", milli[1], false);
        if (sidecar)
        {
            first["restartPolicy"] = "Always";
        }

        var spec = new JsonObject
        {
            ["containers"] = new JsonArray(Container("main", milli[0], true)),
            ["initContainers"] = new JsonArray(first, Container("second", milli[2], false)),
            ["overhead"] = new JsonObject { ["cpu"] = overhead },
        };
        if (operation.Length > 0)
        {
            var expression = new JsonObject { ["key"] = "zone", ["operator"] = operation };
            if (operation is "In" or "NotIn")
            {
                expression["values"] = new JsonArray(zone.Length > 0 ? zone : "a");
            }

            spec["affinity"] = new JsonObject
            {
                ["nodeAffinity"] = new JsonObject
                {
                    ["requiredDuringSchedulingIgnoredDuringExecution"] = new JsonObject { ["nodeSelectorTerms"] = new JsonArray(new JsonObject { ["matchExpressions"] = new JsonArray(expression) }) },
                },
            };
        }
        else if (zone.Length > 0)
        {
            spec["nodeSelector"] = new JsonObject { ["zone"] = zone };
        }

        spec["tolerations"] = toleration switch
        {
            "Exists" => new JsonArray(new JsonObject { ["key"] = "dedicated", ["operator"] = "Exists" }),
            "Equal" => new JsonArray(new JsonObject { ["key"] = "dedicated", ["value"] = "x", ["effect"] = "NoSchedule" }),
            "Other" => new JsonArray(new JsonObject { ["key"] = "other", ["operator"] = "Exists" }),
            "All" => new JsonArray(new JsonObject { ["operator"] = "Exists" }),
            _ => new JsonArray(),
        };
        return new() { ["metadata"] = new JsonObject { ["name"] = "asked", ["namespace"] = "spaces" }, ["spec"] = spec };
    }
}
