using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>Plays what was done to a real cluster on an embedded one and compares the states that every object went through.</summary>
public sealed class KnativeScenarioTests
{
    private const string A100 = "NVIDIA-A100-SXM4-80GB";

    [Theory]
    [InlineData("01-create-to-ready")]
    [InlineData("02-update-env")]
    [InlineData("04-unschedulable")]
    [InlineData("04b-unschedulable-node-selector")]
    [InlineData("04c-unschedulable-then-room")]
    [InlineData("05-image-pull-failure")]
    [InlineData("05b-tag-resolution-fails")]
    [InlineData("06-crash-loop")]
    [InlineData("06b-crash-after-ready")]
    [InlineData("08-slow-start")]
    [InlineData("09-never-ready")]
    [InlineData("10-scale-to-zero-and-wake")]
    [InlineData("11-delete-foreground")]
    [InlineData("11b-delete-background")]
    [InlineData("14-some-replicas-unschedulable")]
    [InlineData("15-update-to-broken-revision")]
    public async Task A_scenario_goes_through_the_recorded_states(string name)
    {
        var scenario = new RecordedScenario(name);
        await using var simulation = new Simulation();
        Fleet(simulation);
        if (name == "04c-unschedulable-then-room")
        {
            Cordon(simulation, "node-3", true);
            Cordon(simulation, "node-4", true);
        }

        simulation.RunSeconds(5);
        if (name == "02-update-env")
        {
            Play(simulation, new RecordedScenario("01-create-to-ready"));
        }

        else if (name.StartsWith("11", StringComparison.Ordinal))
        {
            simulation.Create(ObjectKind.KnativeService, Fresh(scenario.Before).ToJsonString());
            simulation.RunSeconds(10);
        }

        var start = simulation.Elapsed;
        Play(simulation, scenario);

        var differences = Compare(name, scenario.History(), Observed(simulation, start));
        Assert.True(differences.Count == 0, $"{differences.Count} differences\n{string.Join("\n", differences)}");
    }

    private static List<string> Compare(string name, ConditionHistory recorded, ConditionHistory simulated)
    {
        var differences = new List<string>();
        foreach (var key in recorded.Sequences.Keys.Union(simulated.Sequences.Keys).Order(StringComparer.Ordinal))
        {
            var expected = KnownDifferences.Normalise(name, key, recorded.Sequences.GetValueOrDefault(key) ?? []);
            var actual = KnownDifferences.Normalise(name, key, simulated.Sequences.GetValueOrDefault(key) ?? []);
            if (!expected.SequenceEqual(actual))
            {
                differences.Add($"{key}\n  recorded:  {string.Join(" → ", expected)}\n  simulated: {string.Join(" → ", actual)}");
            }
        }

        return differences;
    }

    private static ConditionHistory Observed(Simulation simulation, TimeSpan start)
    {
        var history = new ConditionHistory();
        foreach (var (at, change) in simulation.History.Where(h => h.At >= start))
        {
            foreach (var (kind, _) in RecordedScenario.Kinds.Where(k => k.Value.Owns(change.Object.Key)))
            {
                history.Observe(kind, change.Object.Json);
            }
        }

        return history;
    }

    private static void Fleet(Simulation simulation)
    {
        simulation.Node("node-0", 8, A100, cpu: 128, memory: "1000Gi");
        simulation.Node("node-1", 8, A100, cpu: 128, memory: "1000Gi");
        simulation.Node("node-2");
        simulation.Node("node-3", 4, "NVIDIA-L40S");
        simulation.Node("node-4", 4, "NVIDIA-L40S");
    }

    private static void Cordon(Simulation simulation, string node, bool unschedulable) =>
        simulation.Edit(ObjectKind.Node, node, n => n.Ensure("spec")["unschedulable"] = unschedulable, @namespace: "");

    private static void Play(Simulation simulation, RecordedScenario scenario)
    {
        var start = simulation.Elapsed;
        foreach (var (at, action) in scenario.Actions)
        {
            simulation.Run(start + at - simulation.Elapsed);
            Do(simulation, action);
        }

        simulation.Run(start + scenario.Duration - simulation.Elapsed);
    }

    private static void Do(Simulation simulation, JsonObject action)
    {
        var response = action.Object("response");
        switch (action.Text("method"))
        {
            case "POST":
                simulation.Create(ObjectKind.KnativeService, Fresh(response!).ToJsonString());
                break;
            case "PUT":
                simulation.Edit(ObjectKind.KnativeService, response.Name(), service => service["spec"] = response!["spec"].Copy());
                break;
            case "DELETE":
                simulation.Store.Delete(ObjectKind.KnativeService.Key("spaces", action.Text("path")!.Split('/')[^1]), action.Text("body", "propagationPolicy") ?? "Background");
                break;
            case null when action.Text("note") == "node-3 is uncordoned":
                Cordon(simulation, "node-3", false);
                break;
            case null when action.Text("note")!.Contains("request", StringComparison.Ordinal) && !action.Text("note")!.StartsWith("Ready", StringComparison.Ordinal):
            case null when action.Text("note") == "idle again":
                Assert.True(simulation.Wake("spaces", "u-acme-sketch-demo-3ka"));
                break;
        }
    }

    private static JsonObject Fresh(JsonObject service)
    {
        var fresh = (JsonObject)service.DeepClone();
        fresh.Remove("status");
        foreach (var field in (string[])["uid", "resourceVersion", "creationTimestamp", "finalizers", "deletionTimestamp", "deletionGracePeriodSeconds"])
        {
            fresh["metadata"]!.AsObject().Remove(field);
        }

        return fresh;
    }
}
