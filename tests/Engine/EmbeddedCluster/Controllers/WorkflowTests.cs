using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>Workflows of one container, as evaluations and image builds are.</summary>
public sealed class WorkflowTests
{
    [Fact]
    public async Task A_workflow_of_one_container_runs_its_pod_and_keeps_what_the_pod_left_behind()
    {
        await using var simulation = Start("""
            {"name":"job","inputs":{"parameters":[{"name":"model"}]},"outputs":{"parameters":[{"name":"result","valueFrom":{"path":"/tmp/output.txt"}}]},
             "container":{"image":"registry.example.com/eval:1","command":["eval"],"args":["{{inputs.parameters.model}}","{{workflow.name}}"]}}
            """, ""","arguments":{"parameters":[{"name":"model","value":"acme/m"}]},"podMetadata":{"labels":{"csghub_deploy_id":"job-1"}}""");

        simulation.RunSeconds(4);
        var pod = simulation.Get(ObjectKind.Pod, "w")!;
        var running = simulation.Get(ObjectKind.Workflow, "w");
        simulation.RunSeconds(8);

        Assert.Equal(["init"], pod.Items("spec", "initContainers").Select(c => c.Text("name")));
        Assert.Equal(["wait", "main"], pod.Items("spec", "containers").Select(c => c.Text("name")));
        Assert.Equal("[\"acme/m\",\"w\"]", pod.Items("spec", "containers").Last()["args"]!.ToJsonString());
        Assert.Equal(("w", "job-1", "w"), (pod.Label("workflows.argoproj.io/workflow"), pod.Label("csghub_deploy_id"), pod.Annotation("workflows.argoproj.io/node-id")));
        Assert.Equal(("Running", "Running"), (running.Text("status", "phase"), running.Text("status", "nodes", "w", "phase")));
        var done = simulation.Get(ObjectKind.Workflow, "w");
        Assert.Equal(("Succeeded", "1/1", "true"), (done.Text("status", "phase"), done.Text("status", "progress"), done.Label("workflows.argoproj.io/completed")));
        Assert.True(done.HasCondition("Completed"));
        var node = done.Object("status", "nodes", "w");
        Assert.Equal(("Pod", "Succeeded", "node", "0"), (node.Text("type"), node.Text("phase"), node.Text("hostNodeName"), node.Text("outputs", "exitCode")));
        Assert.Contains(',', node.Items("outputs", "parameters").Single().Text("value")!);
        Assert.Equal("true", simulation.Get(ObjectKind.Pod, "w").Label("workflows.argoproj.io/completed"));
        Assert.Equal(
            ["WorkflowNodeRunning", "WorkflowNodeSucceeded", "WorkflowRunning", "WorkflowSucceeded"],
            simulation.List(ObjectKind.Event).Where(e => e.Text("involvedObject", "kind") == "Workflow").Select(e => e.Text("reason")).Order());
    }

    [Theory]
    [InlineData("fails", "Failed", "Error (exit code 1)")]
    [InlineData("oom", "Failed", "OOMKilled (exit code 137)")]
    [InlineData("slow", "Succeeded", null)]
    [InlineData("completed-20s", "Succeeded", null)]
    public async Task The_image_decides_how_a_workflow_ends(string tag, string phase, string? message)
    {
        await using var simulation = Start(Container(tag));

        simulation.RunSeconds(40);

        var workflow = simulation.Get(ObjectKind.Workflow, "w");
        Assert.Equal((phase, message), (workflow.Text("status", "phase"), workflow.Text("status", "message")));
    }

    [Fact]
    public async Task A_pod_that_cannot_start_says_why_in_its_node()
    {
        await using var missing = Start(Container("missing"));
        await using var large = Start("""{"name":"job","container":{"image":"a:1","resources":{"limits":{"nvidia.com/gpu":"4"}}}}""");

        missing.RunSeconds(10);
        large.RunSeconds(10);

        var node = missing.Get(ObjectKind.Workflow, "w").Object("status", "nodes", "w");
        Assert.Equal("Pending", node.Text("phase"));
        Assert.StartsWith("ImagePullBackOff: Back-off pulling image", node.Text("message"), StringComparison.Ordinal);
        node = large.Get(ObjectKind.Workflow, "w").Object("status", "nodes", "w");
        Assert.Equal("Unschedulable: 0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.", node.Text("message"));
    }

    [Fact]
    public async Task Deleting_a_workflow_deletes_its_pods()
    {
        await using var simulation = Start(Container("running"));
        simulation.RunSeconds(20);
        Assert.Equal("Running", simulation.Get(ObjectKind.Pod, "w").Text("status", "phase"));

        simulation.Store.Delete(ObjectKind.Workflow.Key("spaces", "w"));
        simulation.RunSeconds(5);

        Assert.Empty(simulation.List(ObjectKind.Pod));
    }

    private static string Container(string tag) => $$$"""{"name":"job","container":{"image":"registry.example.com/eval:{{{tag}}}"}}""";

    private static Simulation Start(string template, string more = "")
    {
        var simulation = new Simulation();
        simulation.Node("node");
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.Workflow, $$$"""{"metadata":{"name":"w","namespace":"spaces"},"spec":{"entrypoint":"job","templates":[{{{template}}}]{{{more}}} }}""");
        return simulation;
    }
}
