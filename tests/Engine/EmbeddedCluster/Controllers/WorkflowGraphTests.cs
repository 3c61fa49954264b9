using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>Workflows of several pods: steps, tasks, what they hand on, and how they fail.</summary>
public sealed class WorkflowGraphTests
{
    private const string Work = """{"name":"work","inputs":{"parameters":[{"name":"tag","default":"1"}]},"container":{"image":"registry.example.com/work:{{inputs.parameters.tag}}"}}""";

    private const string Make = """
        {"name":"make","metadata":{"annotations":{"embedded.csghub.io/files":"{\"/tmp/model\":\"acme/model-7\"}"}},
         "outputs":{"parameters":[{"name":"model","valueFrom":{"path":"/tmp/model"},"globalName":"best"}]},"container":{"image":"registry.example.com/make:1"}}
        """;

    [Fact]
    public async Task Steps_run_one_after_the_other_and_hand_on_what_they_made()
    {
        await using var simulation = Start("""
            {"name":"all","steps":[[{"name":"train","template":"make"}],
              [{"name":"a","template":"work","arguments":{"parameters":[{"name":"tag","value":"{{steps.train.outputs.parameters.model}}"}]}},{"name":"b","template":"work"},
               {"name":"never","template":"work","when":"{{steps.train.status}} != Succeeded"}]],
             "outputs":{"parameters":[{"name":"made","valueFrom":{"parameter":"{{steps.train.outputs.parameters.model}}"}}]}}
            """, Make, Work);

        simulation.RunSeconds(5);
        var first = simulation.List(ObjectKind.Pod).Select(Node).ToList();
        simulation.RunSeconds(6);
        var second = simulation.List(ObjectKind.Pod).Select(Node).Order().ToList();
        var image = simulation.List(ObjectKind.Pod).Single(p => Node(p) == "w[1].a").Items("spec", "containers").Last().Text("image");
        simulation.RunSeconds(10);

        Assert.Equal(["w[0].train"], first);
        Assert.Equal(["w[0].train", "w[1].a", "w[1].b"], second);
        Assert.Equal("registry.example.com/work:acme/model-7", image);
        var status = Status(simulation);
        Assert.Equal(("Succeeded", "3/3"), (status.Text("phase"), status.Text("progress")));
        Assert.Equal("acme/model-7", status.Items("outputs", "parameters").Single().Text("value"));
        var steps = status.Object("nodes", "w");
        Assert.Equal(("Steps", "acme/model-7"), (steps.Text("type"), steps.Items("outputs", "parameters").Single().Text("value")));
        var skipped = NodeOf(status, "w[1].never");
        Assert.Equal(("Skipped", "when 'Succeeded != Succeeded' evaluated false"), (skipped.Text("phase"), skipped.Text("message")));
        var group = NodeOf(status, "w[1]");
        Assert.Equal(("StepGroup", "[1]", "w"), (group.Text("type"), group.Text("displayName"), group.Text("boundaryID")));
        Assert.Equal(3, group.Array("children")!.Count);
        Assert.Contains(group.Text("id"), NodeOf(status, "w[0].train").Array("children")!.Select(c => c.Text()));
    }

    [Fact]
    public async Task A_pod_of_a_step_bears_the_name_that_argo_gives_it()
    {
        await using var simulation = Start("""{"name":"all","steps":[[{"name":"hello","template":"work"}]]}""", Work);

        simulation.RunSeconds(2);

        // FNV-1a of "w[0].hello", counted by hand with another program.
        Assert.Equal("w-work-1171774778", simulation.List(ObjectKind.Pod).Single().Name());
        Assert.Equal("w-1171774778", simulation.List(ObjectKind.Pod).Single().Annotation("workflows.argoproj.io/node-id"));
    }

    [Fact]
    public async Task A_failed_step_fails_its_group_and_nothing_comes_after_it()
    {
        await using var simulation = Start("""
            {"name":"all","steps":[[{"name":"bad","template":"work","arguments":{"parameters":[{"name":"tag","value":"fails"}]}}],[{"name":"after","template":"work"}]]}
            """, Work);

        simulation.RunSeconds(30);

        var status = Status(simulation);
        var bad = NodeOf(status, "w[0].bad");
        Assert.Equal(("Failed", $"child '{bad.Text("id")}' failed"), (status.Text("phase"), status.Text("message")));
        Assert.Equal("Error (exit code 1)", bad.Text("message"));
        Assert.Single(simulation.List(ObjectKind.Pod));
    }

    [Fact]
    public async Task Tasks_wait_for_those_they_depend_on()
    {
        await using var simulation = Start("""
            {"name":"all","dag":{"tasks":[
              {"name":"join","template":"work","dependencies":["left","right"],"arguments":{"parameters":[{"name":"tag","value":"{{tasks.left.outputs.parameters.model}}"}]}},
              {"name":"left","template":"make"},{"name":"right","template":"work","arguments":{"parameters":[{"name":"tag","value":"completed-12s"}]}},
              {"name":"mourn","template":"work","depends":"left.Failed || right.Errored"},{"name":"cheer","template":"work","depends":"left && !right.Failed"}]}}
            """, Make, Work);

        simulation.RunSeconds(10);
        var early = simulation.List(ObjectKind.Pod).Select(Node).Order().ToList();
        simulation.RunSeconds(25);

        Assert.Equal(["w.left", "w.right"], early);
        var status = Status(simulation);
        Assert.Equal("Succeeded", status.Text("phase"));
        Assert.Equal(["w.cheer", "w.join", "w.left", "w.right"], simulation.List(ObjectKind.Pod).Select(Node).Order());
        Assert.Equal(("Omitted", "omitted: depends condition not met"), (NodeOf(status, "w.mourn").Text("phase"), NodeOf(status, "w.mourn").Text("message")));
        Assert.Contains(NodeOf(status, "w.join").Text("id"), NodeOf(status, "w.left").Array("children")!.Select(c => c.Text()));
    }

    [Fact]
    public async Task A_loop_of_tasks_is_a_group_whose_results_come_as_a_list()
    {
        await using var simulation = Start("""
            {"name":"all","dag":{"tasks":[
              {"name":"each","template":"make","withParam":"[\"a\",\"b\"]"},
              {"name":"sum","template":"work","depends":"each.AnySucceeded","arguments":{"parameters":[{"name":"tag","value":"{{tasks.each.outputs.parameters.model}}"}]}}]}}
            """, Make, Work);

        simulation.RunSeconds(30);

        var status = Status(simulation);
        Assert.Equal(("Succeeded", "3/3"), (status.Text("phase"), status.Text("progress")));
        Assert.Equal(("TaskGroup", 2), (NodeOf(status, "w.each").Text("type"), NodeOf(status, "w.each").Array("children")!.Count));
        var sum = NodeOf(status, "w.sum");
        Assert.Equal("""["acme/model-7","acme/model-7"]""", sum.Items("inputs", "parameters").Single().Text("value"));
        Assert.All(["w.each(0:a)", "w.each(1:b)"], round => Assert.Equal([sum.Text("id")], NodeOf(status, round).Array("children")!.Select(c => c.Text())));
    }

    [Fact]
    public async Task A_failed_task_omits_what_needs_it_and_fails_the_whole_once_the_others_have_ended()
    {
        await using var simulation = Start("""
            {"name":"all","dag":{"tasks":[
              {"name":"bad","template":"work","arguments":{"parameters":[{"name":"tag","value":"oom"}]}},{"name":"after","template":"work","dependencies":["bad"]},
              {"name":"long","template":"work","arguments":{"parameters":[{"name":"tag","value":"completed-20s"}]}}]}}
            """, Work);

        simulation.RunSeconds(12);
        Assert.Equal("Running", Status(simulation).Text("phase"));
        simulation.RunSeconds(20);

        var status = Status(simulation);
        Assert.Equal("Failed", status.Text("phase"));
        Assert.Equal("OOMKilled (exit code 137)", NodeOf(status, "w.bad").Text("message"));
        Assert.Equal("Omitted", NodeOf(status, "w.after").Text("phase"));
        Assert.Equal("Succeeded", NodeOf(status, "w.long").Text("phase"));
    }

    [Fact]
    public async Task A_loop_runs_as_many_pods_at_once_as_parallelism_allows()
    {
        await using var simulation = Start("""
            {"name":"all","steps":[[{"name":"each","template":"work","withItems":["1","2","3","4","5"],"arguments":{"parameters":[{"name":"tag","value":"{{item}}"}]}}]]}
            """, Work, more: ""","parallelism":2""");

        simulation.RunSeconds(60);

        Assert.Equal(("Succeeded", "5/5"), (Status(simulation).Text("phase"), Status(simulation).Text("progress")));
        Assert.Equal("Succeeded", NodeOf(Status(simulation), "w[0].each(4:5)").Text("phase"));
        var most = simulation.History.Where(h => h.Change.Object.Key.Plural == "workflows")
            .Max(h => h.Change.Object.Json.Object("status", "nodes")?.Count(n => n.Value.Text("type") == "Pod" && n.Value.Text("phase") is "Pending" or "Running") ?? 0);
        Assert.Equal(2, most);
    }

    [Fact]
    public async Task Retries_are_nodes_of_their_own_until_none_are_left()
    {
        await using var simulation = Start("""{"name":"all","retryStrategy":{"limit":"2","backoff":{"duration":"4"}},"container":{"image":"a:crash"}}""");

        simulation.RunSeconds(60);

        var status = Status(simulation);
        Assert.Equal(("Failed", "No more retries left"), (status.Text("phase"), status.Text("message")));
        Assert.Equal(["w(0)", "w(1)", "w(2)"], simulation.List(ObjectKind.Pod).Select(Node).Order());
        Assert.Equal(("Retry", 3), (status.Text("nodes", "w", "type"), status.Array("nodes", "w", "children")!.Count));
    }

    [Fact]
    public async Task Templates_that_cannot_be_carried_out_end_the_workflow_with_the_reason()
    {
        await using var endless = Start("""{"name":"all","steps":[[{"name":"again","template":"all"}]]}""");
        await using var circle = Start("""{"name":"all","dag":{"tasks":[{"name":"a","template":"all","dependencies":["b"]},{"name":"b","template":"all","dependencies":["a"]}]}}""");
        await using var bush = Start("""{"name":"all","steps":[[{"name":"a","template":"all"},{"name":"b","template":"all"}]]}""");
        await using var strange = Start("""{"name":"all","dag":{"tasks":[{"name":"a","template":"all","depends":"x/y && ("}]}}""");
        await using var unknown = Start("""{"name":"other","container":{"image":"a:1"}}""");
        await using var poor = Start("""{"name":"all","inputs":{"parameters":[{"name":"model"}]},"container":{"image":"a:1"}}""");

        foreach (var simulation in (Simulation[])[endless, bush, strange, circle, unknown, poor])
        {
            simulation.RunSeconds(5);
        }

        Assert.All([endless, bush], simulation => Assert.Equal("Failed", Status(simulation).Text("phase")));
        Assert.Equal("Error", Status(strange).Text("phase"));
        Assert.Contains("cycle", Status(circle).Text("message"), StringComparison.Ordinal);
        Assert.Equal("invalid spec: template name 'all' undefined", Status(unknown).Text("message"));
        Assert.Equal(("Error", "inputs.parameters.model was not supplied"), (Status(poor).Text("phase"), Status(poor).Text("message")));
    }

    private static string Node(JsonObject pod) => pod.Annotation("workflows.argoproj.io/node-name")!;

    private static JsonObject Status(Simulation simulation) => simulation.Get(ObjectKind.Workflow, "w").Object("status")!;

    private static JsonNode NodeOf(JsonObject status, string name) => status.Object("nodes")!.Select(n => n.Value!).Single(n => n.Text("name") == name);

    private static Simulation Start(string entrypoint, string? second = null, string? third = null, string more = "")
    {
        var simulation = new Simulation();
        simulation.Node("node");
        simulation.RunSeconds(5);
        var templates = string.Join(',', new[] { entrypoint, second, third }.OfType<string>());
        simulation.Create(ObjectKind.Workflow, $$$"""{"metadata":{"name":"w","namespace":"spaces"},"spec":{"entrypoint":"all","templates":[{{{templates}}}]{{{more}}} }}""");
        return simulation;
    }
}
