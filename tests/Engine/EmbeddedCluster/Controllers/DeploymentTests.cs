using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

public sealed class DeploymentTests
{
    private const string Web =
        """
        {"metadata":{"name":"web","namespace":"spaces"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},
        "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"main","image":"registry.example.com/web:1",
        "resources":{"requests":{"cpu":"1"}},"readinessProbe":{"httpGet":{"path":"/","port":80}}}]}}}}
        """;

    [Fact]
    public async Task A_deployment_becomes_pods_that_run_and_are_ready()
    {
        await using var simulation = new Simulation();
        simulation.Node("cpu-1");
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.Deployment, Web);

        simulation.RunSeconds(5);

        var pods = simulation.List(ObjectKind.Pod);
        Assert.Equal(2, pods.Count);
        Assert.All(pods, p => Assert.Equal("Running", p.Text("status", "phase")));
        Assert.All(pods, p => Assert.True(p.HasCondition("Ready")));
        var deployment = simulation.Get(ObjectKind.Deployment, "web");
        Assert.Equal(2, deployment.Number("status", "availableReplicas"));
        Assert.Equal("NewReplicaSetAvailable", deployment.Condition("Progressing").Text("reason"));
        Assert.Equal(
            ["Scheduled", "Pulling", "Pulled", "Created", "Started"],
            simulation.List(ObjectKind.Event).Where(e => e.Text("involvedObject", "name") == pods[0].Name()).OrderBy(e => e.Number("metadata", "resourceVersion")).Select(e => e.Text("reason")));
    }

    [Fact]
    public async Task A_changed_template_replaces_the_pods_without_a_gap()
    {
        await using var simulation = new Simulation();
        simulation.Node("cpu-1");
        simulation.Create(ObjectKind.Deployment, Web);
        simulation.RunSeconds(10);

        simulation.Edit(ObjectKind.Deployment, "web", d => d["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "registry.example.com/web:2");
        simulation.RunSeconds(30);

        var pods = simulation.List(ObjectKind.Pod);
        Assert.Equal(2, pods.Count);
        Assert.All(pods, p => Assert.Equal("registry.example.com/web:2", p.Items("spec", "containers").Single().Text("image")));
        Assert.DoesNotContain(
            simulation.History.Where(h => h.At > TimeSpan.FromSeconds(10) && h.Change.Object.Key.Plural == "deployments"),
            h => (h.Change.Object.Json.Number("status", "availableReplicas") ?? 0) < 2);
    }

    [Fact]
    public async Task A_deployment_that_does_not_come_forward_exceeds_its_deadline()
    {
        await using var simulation = new Simulation();
        simulation.Node("cpu-1");
        simulation.Create(ObjectKind.Deployment, Web.Replace("web:1", "web:never-ready", StringComparison.Ordinal).Replace("\"replicas\":2", "\"replicas\":1,\"progressDeadlineSeconds\":60", StringComparison.Ordinal));

        simulation.RunSeconds(70);

        Assert.Equal("ProgressDeadlineExceeded", simulation.Get(ObjectKind.Deployment, "web").Condition("Progressing").Text("reason"));
    }
}
