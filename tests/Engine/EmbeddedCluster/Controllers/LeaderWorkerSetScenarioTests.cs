using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Kubelet;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>Plays what was done to LeaderWorkerSets of a real cluster on an embedded one and compares the states that every object went through.</summary>
public sealed class LeaderWorkerSetScenarioTests
{
    private const string A100 = "NVIDIA-A100-SXM4-80GB";

    [Theory]
    [InlineData("01-create-to-available")]
    [InlineData("02-worker-fails")]
    [InlineData("03-delete-background")]
    [InlineData("04-unschedulable-worker")]
    public async Task A_scenario_goes_through_the_recorded_states(string name)
    {
        var scenario = new RecordedScenario(name, "lws");
        await using var simulation = Fleet();
        var set = SetOf(scenario);
        var create = name[..2] is "01" or "04";
        if (!create)
        {
            Create(simulation, set);
            simulation.RunSeconds(20);
        }

        var start = simulation.History.Count;
        if (create)
        {
            Create(simulation, set);
        }
        else if (name == "02-worker-fails")
        {
            simulation.Edit(ObjectKind.Pod, $"{set.Name()}-0-1", pod => pod.Ensure("metadata", "annotations")[PodBehaviour.FailAnnotation] = "1");
        }
        else
        {
            simulation.Store.Delete(ObjectKind.LeaderWorkerSet.Key("spaces", set.Name()), "Background");
        }

        simulation.Run(scenario.Duration);
        var recorded = LeaderWorkerSetHistory.Recorded(scenario);
        var simulated = LeaderWorkerSetHistory.Simulated(simulation.History.Skip(start).Select(h => h.Change));
        var differences = Sequences(name, recorded, simulated).Concat(Forms(recorded, simulated)).Concat(Events(recorded, simulated)).ToList();
        Assert.True(differences.Count == 0, $"{differences.Count} differences\n{string.Join("\n", differences)}");
    }

    [Fact]
    public async Task A_foreground_deletion_does_not_end_and_a_background_deletion_ends_it()
    {
        var set = SetOf(new RecordedScenario("01-create-to-available", "lws"));
        var key = ObjectKind.LeaderWorkerSet.Key("spaces", set.Name());
        await using var simulation = Fleet();
        Create(simulation, set);
        simulation.RunSeconds(20);

        var start = simulation.History.Count;
        simulation.Store.Delete(key, "Foreground");
        simulation.RunSeconds(60);

        var seen = LeaderWorkerSetHistory.Simulated(simulation.History.Skip(start).Select(h => h.Change)).Sequences;
        Assert.NotNull(simulation.Store.Get(key));
        foreach (var made in (string[])[$"statefulsets {set.Name()}", $"pods {set.Name()}-0", $"pods {set.Name()}-0-1", $"k8s-services {set.Name()}"])
        {
            Assert.True(seen[$"{made} life"].Count(life => life == "ADDED") > 1, $"{made} was made {seen[$"{made} life"].Count} times");
        }

        simulation.Store.Delete(key, "Background");
        simulation.RunSeconds(30);
        Assert.Null(simulation.Store.Get(key));
        Assert.DoesNotContain(simulation.List(ObjectKind.Pod), p => p.Label("leaderworkerset.sigs.k8s.io/name") is not null);
        Assert.Empty(simulation.List(ObjectKind.StatefulSet));
        Assert.Empty(simulation.List(ObjectKind.ControllerRevision));
    }

    [Fact]
    public async Task A_changed_template_makes_the_groups_anew_one_after_the_other()
    {
        var set = SetOf(new RecordedScenario("01-create-to-available", "lws"));
        set["spec"]!["replicas"] = 2;
        await using var simulation = Fleet();
        Create(simulation, set);
        simulation.RunSeconds(20);
        Assert.True(simulation.Get(ObjectKind.LeaderWorkerSet, set.Name()).HasCondition("Available"));

        var start = simulation.History.Count;
        simulation.Edit(ObjectKind.LeaderWorkerSet, set.Name(), json =>
            json.Object("spec", "leaderWorkerTemplate", "workerTemplate").Items("spec", "containers").Single()["image"] = "registry.example.com/opencsghq/vllm:v0.25.0");
        simulation.RunSeconds(60);

        var stopped = simulation.History.Skip(start).Where(h => h.Change.Type == StoreEventType.Deleted && ObjectKind.Pod.Owns(h.Change.Object.Key)).Select(h => h.Change.Object.Key.Name).ToList();
        Assert.Equal([$"{set.Name()}-1", $"{set.Name()}-1-1", $"{set.Name()}-0", $"{set.Name()}-0-1"], stopped);
        Assert.All(simulation.List(ObjectKind.Pod).Where(p => p.Label("role") == "worker"), p => Assert.EndsWith(":v0.25.0", p.Items("spec", "containers").Single().Text("image"), StringComparison.Ordinal));
        var status = simulation.Get(ObjectKind.LeaderWorkerSet, set.Name())!;
        Assert.True(status.HasCondition("Available") && status.HasCondition("UpdateInProgress", "False") && status.HasCondition("Progressing", "False"));
        Assert.Equal(("2", "2", "2"), (status.Text("status", "replicas"), status.Text("status", "readyReplicas"), status.Text("status", "updatedReplicas")));
    }

    private static IEnumerable<string> Sequences(string scenario, LeaderWorkerSetHistory recorded, LeaderWorkerSetHistory simulated)
    {
        foreach (var key in recorded.Sequences.Keys.Union(simulated.Sequences.Keys).Where(k => !LeaderWorkerSetDifferences.LeftOut(scenario, k)).Order(StringComparer.Ordinal))
        {
            var expected = recorded.Sequences.GetValueOrDefault(key) ?? [];
            var actual = simulated.Sequences.GetValueOrDefault(key) ?? [];
            if (!expected.SequenceEqual(actual))
            {
                yield return $"{key}\n  recorded:  {string.Join(" → ", expected)}\n  simulated: {string.Join(" → ", actual)}";
            }
        }
    }

    private static IEnumerable<string> Forms(LeaderWorkerSetHistory recorded, LeaderWorkerSetHistory simulated)
    {
        foreach (var (key, form) in recorded.Forms)
        {
            if (simulated.Forms.GetValueOrDefault(key) is not { } actual || !JsonNode.DeepEquals(form, actual))
            {
                yield return $"{key}\n  recorded:  {form.ToJsonString()}\n  simulated: {simulated.Forms.GetValueOrDefault(key)?.ToJsonString()}";
            }
        }
    }

    private static IEnumerable<string> Events(LeaderWorkerSetHistory recorded, LeaderWorkerSetHistory simulated) =>
        recorded.Events.Except(simulated.Events).Select(e => $"event missing: {e}")
            .Concat(simulated.Events.Except(recorded.Events).Select(e => $"event too much: {e}"));

    private static Simulation Fleet()
    {
        var simulation = new Simulation();
        simulation.Node("node-0", 8, A100, cpu: 128, memory: "1000Gi");
        simulation.Node("node-1", 8, A100, cpu: 128, memory: "1000Gi");
        simulation.Node("node-2");
        simulation.Node("node-3", 4, "NVIDIA-L40S");
        simulation.Node("node-4", 4, "NVIDIA-L40S");

        simulation.RunSeconds(5);

        // The image was on the nodes already when the recordings were made.
        foreach (var node in (string[])["node-0", "node-1"])
        {
            simulation.Create(ObjectKind.Pod, $$$"""
                {"metadata":{"name":"pull-on-{{{node}}}","namespace":"spaces"},
                 "spec":{"nodeName":"{{{node}}}","restartPolicy":"Never","containers":[{"name":"user-container","image":"registry.example.com/opencsghq/vllm:v0.24.0"}]}}
                """);
        }

        simulation.RunSeconds(20);
        return simulation;
    }

    // The set as the API server completed it.
    private static JsonObject SetOf(RecordedScenario scenario)
    {
        var set = (scenario.Actions.Select(a => a.Action.Object("response")).FirstOrDefault(r => r.Text("kind") == "LeaderWorkerSet")
            ?? scenario.Lines("leaderworkersets").First().Object("object"))!;
        var fresh = (JsonObject)set.DeepClone();
        fresh.Remove("status");
        foreach (var field in (string[])["uid", "resourceVersion", "creationTimestamp", "generation", "finalizers", "deletionTimestamp", "deletionGracePeriodSeconds"])
        {
            fresh["metadata"]!.AsObject().Remove(field);
        }

        return fresh;
    }

    private static void Create(Simulation simulation, JsonObject set) => simulation.Create(ObjectKind.LeaderWorkerSet, set.ToJsonString());
}
