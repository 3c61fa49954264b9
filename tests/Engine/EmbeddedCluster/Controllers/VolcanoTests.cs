using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Scheduling;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>Pods that name a scheduler of their own, their groups and queues, and shares of GPUs.</summary>
public sealed class VolcanoTests
{
    [Fact]
    public async Task Volcano_places_a_pod_and_makes_its_group()
    {
        await using var simulation = new Simulation();
        simulation.Node("gpu-1", 2);
        simulation.RunSeconds(5);
        Pod(simulation, "worker", "volcano", """{"nvidia.com/gpu":"1"}""");
        simulation.RunSeconds(5);

        var pod = simulation.Get(ObjectKind.Pod, "worker")!;
        Assert.Equal("gpu-1", pod.Text("spec", "nodeName"));
        var group = simulation.Get(ObjectKind.PodGroup, pod.Annotation("scheduling.k8s.io/group-name")!)!;
        Assert.Equal(("default", "Running", "1"), (group.Text("spec", "queue"), group.Text("status", "phase"), group.Text("status", "running")));
        Assert.Contains(simulation.List(ObjectKind.Event), e => e.Text("reason") == "Scheduled" && e.Text("source", "component") == "volcano");
    }

    [Fact]
    public async Task A_pod_of_a_scheduler_that_does_not_exist_waits_without_a_word()
    {
        await using var simulation = new Simulation();
        simulation.Node("gpu-1", 2);
        simulation.RunSeconds(5);
        Pod(simulation, "nobodys", "my-scheduler", "{}");
        simulation.RunSeconds(60);

        var pod = simulation.Get(ObjectKind.Pod, "nobodys")!;
        Assert.Equal("Pending", pod.Text("status", "phase"));
        Assert.Null(pod.At("status", "conditions"));
        Assert.DoesNotContain(simulation.List(ObjectKind.Event), e => e.Text("involvedObject", "name") == "nobodys");
    }

    [Fact]
    public async Task A_group_waits_for_its_queue_and_for_all_who_must_start_together()
    {
        await using var simulation = new Simulation();
        simulation.Node("gpu-1", 4);
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.PodGroup, """{"metadata":{"name":"team","namespace":"spaces"},"spec":{"minMember":2,"queue":"research"}}""");
        Pod(simulation, "first", "volcano", """{"nvidia.com/gpu":"1"}""", group: "team");
        Pod(simulation, "second", "volcano", """{"nvidia.com/gpu":"1"}""", group: "team");
        simulation.RunSeconds(10);
        Assert.Null(simulation.Get(ObjectKind.Pod, "first").Text("spec", "nodeName"));
        Assert.Equal("Pending", simulation.Get(ObjectKind.PodGroup, "team").Text("status", "phase"));

        simulation.Create(ObjectKind.Queue, """{"metadata":{"name":"research"},"spec":{"weight":1},"status":{"state":"Open"}}""");
        simulation.RunSeconds(10);
        Assert.Equal("gpu-1", simulation.Get(ObjectKind.Pod, "first").Text("spec", "nodeName"));
        Assert.Equal("gpu-1", simulation.Get(ObjectKind.Pod, "second").Text("spec", "nodeName"));

        simulation.Create(ObjectKind.PodGroup, """{"metadata":{"name":"pair","namespace":"spaces"},"spec":{"minMember":2,"queue":"research"}}""");
        Pod(simulation, "alone", "volcano", "{}", group: "pair");
        simulation.RunSeconds(10);
        Assert.Null(simulation.Get(ObjectKind.Pod, "alone").Text("spec", "nodeName"));
    }

    [Fact]
    public async Task Shares_of_cards_are_written_to_the_pod_and_a_full_card_takes_no_more()
    {
        await using var simulation = new Simulation(seed: true);
        simulation.RunSeconds(10);
        Pod(simulation, "hami-1", "default-scheduler", """{"nvidia.com/vgpu":"1","nvidia.com/vgpumem":"40000"}""");
        simulation.RunSeconds(2);
        Pod(simulation, "hami-2", "default-scheduler", """{"nvidia.com/vgpu":"1","nvidia.com/vgpumem":"40000"}""");
        simulation.RunSeconds(2);
        Pod(simulation, "hami-3", "default-scheduler", """{"nvidia.com/vgpu":"1","nvidia.com/vgpumem":"40000"}""");
        Pod(simulation, "volcano-1", "volcano", """{"volcano.sh/vgpu-number":"1","volcano.sh/vgpu-memory":"20480","volcano.sh/vgpu-cores":"25"}""");
        simulation.RunSeconds(10);

        var (first, second) = (simulation.Get(ObjectKind.Pod, "hami-1")!, simulation.Get(ObjectKind.Pod, "hami-2")!);
        Assert.Matches("^GPU-[0-9a-f-]+,NVIDIA,40000,0:;$", first.Annotation("hami.io/vgpu-devices-allocated"));
        Assert.NotEqual(first.Annotation("hami.io/vgpu-devices-allocated"), second.Annotation("hami.io/vgpu-devices-allocated"));
        Assert.Contains("1 CardInsufficientMemory", simulation.Get(ObjectKind.Pod, "hami-3").Condition("PodScheduled").Text("message"), StringComparison.Ordinal);
        Assert.Matches("^GPU-[0-9a-f-]+,NVIDIA,20480,25:$", simulation.Get(ObjectKind.Pod, "volcano-1")!.Annotation("volcano.sh/vgpu-ids-new"));
    }

    [Fact]
    public void Registers_and_shares_are_read_in_every_recorded_format()
    {
        var folder = Path.Combine(Repository.Root, "tests", "Engine", "Recordings", "nodes");
        var nodes = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "nodes.json"))).Items("items").ToList();
        var shares = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "pods.json"))).Items("items")
            .Where(p => VirtualDevices.SharesOf(p) is not null).ToLookup(p => p.Text("spec", "nodeName")!, p => VirtualDevices.SharesOf(p)!);

        // Used: 31000 and 0 of 46068 MiB; 16000 of 46068 MiB, the other card is sick; 20480 and 0 of 81920 MiB.
        Assert.Equal(
            ["gpu-hami-01: True False", "gpu-hami-02: True False", "gpu-vc-vgpu-01: True False"],
            nodes.Where(n => shares.Contains(n.Name()) && n.Name().Contains('-', StringComparison.Ordinal)).Select(n => n.Name()).Order(StringComparer.Ordinal).Select(name =>
            {
                var node = nodes.Single(n => n.Name() == name);
                var (number, memory) = name.Contains("vc", StringComparison.Ordinal) ? ("volcano.sh/vgpu-number", "volcano.sh/vgpu-memory") : ("nvidia.com/gpu", "nvidia.com/gpumem");
                var (fits, tooMuch) = name switch { "gpu-hami-01" => (46068, 46069), "gpu-hami-02" => (30068, 30069), _ => (81920, 81921) };
                return $"{name}: {Place(fits)} {Place(tooMuch)}";

                bool Place(int megabytes) => VirtualDevices.Place(
                    new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["resources"] = new JsonObject { ["limits"] = new JsonObject { [number] = "1", [memory] = $"{megabytes}" } } }) } }, node, shares[name]) is not null;
            }));
    }

    private static void Pod(Simulation simulation, string name, string scheduler, string limits, string? group = null)
    {
        simulation.Create(ObjectKind.Pod, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "spaces", ["annotations"] = group is null ? new JsonObject() : new JsonObject { ["scheduling.k8s.io/group-name"] = group } },
            ["spec"] = new JsonObject
            {
                ["schedulerName"] = scheduler,
                ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "x/y:1", ["resources"] = new JsonObject { ["limits"] = JsonNode.Parse(limits) } }),
            },
        }.ToJsonString());
    }
}
