using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Sandboxes;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>The life of a Sandbox: its pod, its Service, its claims, its end.</summary>
public sealed class SandboxTests
{
    [Fact]
    public async Task A_sandbox_gets_its_pod_its_service_and_its_claims_and_is_ready_when_the_pod_is()
    {
        await using var simulation = new Simulation(seed: true);
        Create(simulation);
        simulation.RunSeconds(20);

        var sandbox = simulation.Get(ObjectKind.Sandbox, "box")!;
        var pod = simulation.Get(ObjectKind.Pod, "box")!;
        Assert.Equal(
            [
                "False DependenciesNotReady: Pod exists with phase: Pending; Service Exists",
                "False DependenciesNotReady: Pod is Running but not Ready; Service Exists",
                "True DependenciesReady: Pod is Ready; Service Exists",
            ],
            ReadyStates(simulation));
        Assert.Equal(("1", "box", "box.spaces.svc.cluster.local"), (sandbox.Text("status", "replicas"), sandbox.Text("status", "service"), sandbox.Text("status", "serviceFQDN")));
        Assert.Equal(("Sandbox", "box"), (pod.ControllerReference().Text("kind"), pod.ControllerReference().Text("name")));
        Assert.Equal(SandboxObjects.NameHash("box"), pod.Label(SandboxObjects.NameLabel));
        Assert.Equal("yes", pod.Label("mine"));
        Assert.Contains(pod.Items("spec", "volumes"), v => v.Text("persistentVolumeClaim", "claimName") == "work-box");
        Assert.Equal("None", simulation.Get(ObjectKind.Service, "box").Text("spec", "clusterIP"));
        Assert.Equal("Bound", simulation.Get(ObjectKind.PersistentVolumeClaim, "work-box").Text("status", "phase"));
    }

    [Theory]
    [InlineData("Retain")]
    [InlineData("Delete")]
    public async Task A_sandbox_whose_time_has_come_loses_pod_and_service_and_stays_only_when_its_policy_says_so(string policy)
    {
        await using var simulation = new Simulation(seed: true);
        Create(simulation, spec =>
        {
            spec["shutdownTime"] = "2026-11-23T19:01:00Z";
            spec["shutdownPolicy"] = policy;
        });
        simulation.RunSeconds(50);
        Assert.True(simulation.Get(ObjectKind.Sandbox, "box").HasCondition("Ready"));

        simulation.RunSeconds(30);
        Assert.Null(simulation.Get(ObjectKind.Pod, "box"));
        Assert.Null(simulation.Get(ObjectKind.Service, "box"));
        var left = simulation.Get(ObjectKind.Sandbox, "box");
        Assert.Equal(policy == "Retain", left is not null);
        Assert.Equal(policy == "Delete", simulation.Get(ObjectKind.PersistentVolumeClaim, "work-box").IsDeleting());
        if (left is not null)
        {
            Assert.Equal("False SandboxExpired: Sandbox has expired", ReadyStates(simulation)[^1]);
        }
    }

    [Fact]
    public async Task A_sandbox_without_replicas_has_no_pod_and_gets_one_again_and_a_deleted_pod_comes_back()
    {
        await using var simulation = new Simulation(seed: true);
        Create(simulation);
        simulation.RunSeconds(20);
        simulation.Edit(ObjectKind.Sandbox, "box", s => s["spec"]!["replicas"] = 0);
        simulation.RunSeconds(20);
        Assert.Null(simulation.Get(ObjectKind.Pod, "box"));
        Assert.Equal("True DependenciesReady: Pod does not exist, replicas is 0; Service Exists", ReadyStates(simulation)[^1]);

        simulation.Edit(ObjectKind.Sandbox, "box", s => s["spec"]!["replicas"] = 1);
        simulation.RunSeconds(20);
        var first = simulation.Get(ObjectKind.Pod, "box")!.Uid();
        simulation.Store.Delete(ObjectKind.Pod.Key("spaces", "box"));
        simulation.RunSeconds(30);
        Assert.NotEqual(first, simulation.Get(ObjectKind.Pod, "box")!.Uid());
        Assert.True(simulation.Get(ObjectKind.Sandbox, "box").HasCondition("Ready"));
    }

    private static void Create(Simulation simulation, Action<JsonObject>? change = null)
    {
        var sandbox = JsonNode.Parse("""
            {"metadata":{"name":"box","namespace":"spaces"},"spec":{
              "podTemplate":{"metadata":{"labels":{"mine":"yes"}},"spec":{"containers":[{"name":"main","image":"registry.example.com/acme/box:1",
                "ports":[{"containerPort":8888}],"readinessProbe":{"httpGet":{"path":"/","port":8888}},"resources":{"requests":{"cpu":"1","memory":"1Gi"}}}]}},
              "volumeClaimTemplates":[{"metadata":{"name":"work"},"spec":{"accessModes":["ReadWriteMany"],"storageClassName":"embedded-nfs","resources":{"requests":{"storage":"1Gi"}}}}]}}
            """)!.AsObject();
        change?.Invoke(sandbox["spec"]!.AsObject());
        simulation.Create(ObjectKind.Sandbox, sandbox.ToJsonString());
    }

    private static List<string> ReadyStates(Simulation simulation)
    {
        var states = new List<string>();
        foreach (var (_, change) in simulation.History.Where(h => ObjectKind.Sandbox.Owns(h.Change.Object.Key)))
        {
            if (change.Object.Json.Condition("Ready") is { } ready)
            {
                var state = $"{ready.Text("status")} {ready.Text("reason")}: {ready.Text("message")}";
                if (states.Count == 0 || states[^1] != state)
                {
                    states.Add(state);
                }
            }
        }

        return states;
    }
}
