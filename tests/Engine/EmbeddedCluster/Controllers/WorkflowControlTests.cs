using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>How workflows are stopped, limited, cleaned up after, and what their pods inherit from them.</summary>
public sealed class WorkflowControlTests
{
    private const string Endless = """{"name":"job","container":{"image":"registry.example.com/train:running"}}""";
    private const string Farewell = """{"name":"bye","container":{"image":"registry.example.com/bye:1","args":["{{workflow.status}}"]}}""";

    [Theory]
    [InlineData("Stop", true)]
    [InlineData("Terminate", false)]
    public async Task A_shut_down_workflow_fails_and_its_exit_handler_runs_unless_it_was_terminated(string strategy, bool handled)
    {
        await using var simulation = Start(Endless, ""","onExit":"bye" """, Farewell);
        simulation.RunSeconds(10);

        simulation.Edit(ObjectKind.Workflow, "w", json => json["spec"]!["shutdown"] = strategy);
        simulation.RunSeconds(30);

        var workflow = simulation.Get(ObjectKind.Workflow, "w");
        Assert.Equal(("Failed", $"Stopped with strategy '{strategy}'"), (workflow.Text("status", "phase"), workflow.Text("status", "message")));
        Assert.Equal($"workflow shutdown with strategy:  {strategy}", workflow.Text("status", "nodes", "w", "message"));
        var pod = simulation.Get(ObjectKind.Pod, "w");
        Assert.Equal("Failed", pod.Text("status", "phase"));
        Assert.Equal(143, pod.Items("status", "containerStatuses").Single(c => c.Text("name") == "main").Number("state", "terminated", "exitCode"));
        var farewell = simulation.List(ObjectKind.Pod).SingleOrDefault(p => p.Annotation("workflows.argoproj.io/node-name") == "w.onExit");
        Assert.Equal(handled ? "[\"Failed\"]" : null, farewell?.Items("spec", "containers").Last()["args"]!.ToJsonString());
    }

    [Fact]
    public async Task A_workflow_past_its_deadline_is_ended()
    {
        await using var simulation = Start(Endless, ""","activeDeadlineSeconds":20""");

        simulation.RunSeconds(18);
        var before = simulation.Get(ObjectKind.Workflow, "w").Text("status", "phase");
        simulation.RunSeconds(8);

        var workflow = simulation.Get(ObjectKind.Workflow, "w");
        Assert.Equal(("Running", "Failed", "Step exceeded its deadline"), (before, workflow.Text("status", "phase"), workflow.Text("status", "message")));
        Assert.Equal("Failed", simulation.Get(ObjectKind.Pod, "w").Text("status", "phase"));
    }

    [Fact]
    public async Task A_template_past_its_own_deadline_fails_by_its_pod()
    {
        await using var simulation = Start("""{"name":"job","activeDeadlineSeconds":10,"container":{"image":"a:running"}}""");

        simulation.RunSeconds(20);

        var workflow = simulation.Get(ObjectKind.Workflow, "w");
        Assert.Equal(("Failed", "Pod was active on the node longer than the specified deadline"), (workflow.Text("status", "phase"), workflow.Text("status", "message")));
        Assert.Equal("DeadlineExceeded", simulation.Get(ObjectKind.Pod, "w").Text("status", "reason"));
    }

    [Theory]
    [InlineData("1", "secondsAfterCompletion", true)]
    [InlineData("1", "secondsAfterSuccess", true)]
    [InlineData("1", "secondsAfterFailure", false)]
    [InlineData("fails", "secondsAfterFailure", true)]
    public async Task A_finished_workflow_goes_when_its_time_to_live_is_over_and_its_pods_with_it(string tag, string strategy, bool goes)
    {
        await using var simulation = Start($$$"""{"name":"job","container":{"image":"a:{{{tag}}}"}}""", $$$""","ttlStrategy":{"{{{strategy}}}":30}""");

        simulation.RunSeconds(20);
        Assert.Equal("true", simulation.Get(ObjectKind.Workflow, "w").Label("workflows.argoproj.io/completed"));
        simulation.RunSeconds(30);

        Assert.Equal(goes, simulation.Get(ObjectKind.Workflow, "w") is null);
        Assert.Equal(goes, simulation.List(ObjectKind.Pod).Count == 0);
    }

    [Theory]
    [InlineData("OnPodCompletion", "fails", true)]
    [InlineData("OnPodSuccess", "fails", false)]
    [InlineData("OnWorkflowSuccess", "1", true)]
    public async Task Pods_are_collected_as_podGC_says(string strategy, string tag, bool collected)
    {
        await using var simulation = Start($$$"""{"name":"job","container":{"image":"a:{{{tag}}}"}}""", $$$""","podGC":{"strategy":"{{{strategy}}}"}""");

        simulation.RunSeconds(30);

        Assert.Equal(collected, simulation.List(ObjectKind.Pod).Count == 0);
        Assert.Equal(tag == "1" ? "Succeeded" : "Failed", simulation.Get(ObjectKind.Workflow, "w").Text("status", "nodes", "w", "phase"));
    }

    [Fact]
    public async Task A_suspended_workflow_starts_nothing_until_it_is_resumed()
    {
        await using var simulation = Start("""{"name":"job","container":{"image":"a:1"}}""", ""","suspend":true""");
        simulation.RunSeconds(10);
        Assert.Empty(simulation.List(ObjectKind.Pod));

        simulation.Edit(ObjectKind.Workflow, "w", json => json["spec"]!.AsObject().Remove("suspend"));
        simulation.RunSeconds(15);

        Assert.Equal("Succeeded", simulation.Get(ObjectKind.Workflow, "w").Text("status", "phase"));
    }

    [Fact]
    public async Task A_pod_takes_over_what_workflow_and_template_say_of_it()
    {
        await using var simulation = Start(
            """
            {"name":"job","nodeSelector":{"disk":"fast"},"initContainers":[{"name":"clone","image":"alpine/git:1"}],"sidecars":[{"name":"proxy","image":"proxy:1"}],
             "volumes":[{"name":"scripts","configMap":{"name":"scripts"}}],"container":{"image":"a:1","volumeMounts":[{"name":"work","mountPath":"/work"}]}}
            """,
            """
            ,"serviceAccountName":"executor","nodeSelector":{"disk":"slow"},"tolerations":[{"key":"gpu","operator":"Exists"}],"imagePullSecrets":[{"name":"registry"}],
             "podSpecPatch":"terminationGracePeriodSeconds: 7\ncontainers:\n- name: main\n  resources: {limits: {cpu: '2'}}",
             "volumeClaimTemplates":[{"metadata":{"name":"work"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]
            """);

        simulation.RunSeconds(3);

        var pod = simulation.Get(ObjectKind.Pod, "w");
        Assert.Equal(("executor", "fast", "7", "registry"), (pod.Text("spec", "serviceAccountName"), pod.Text("spec", "nodeSelector", "disk"), pod.Text("spec", "terminationGracePeriodSeconds"), pod.Items("spec", "imagePullSecrets").Single().Text("name")));
        Assert.Contains(pod.Items("spec", "tolerations"), t => t.Text("key") == "gpu");
        Assert.Equal(["init", "clone"], pod.Items("spec", "initContainers").Select(c => c.Text("name")));
        Assert.Equal(["wait", "main", "proxy"], pod.Items("spec", "containers").Select(c => c.Text("name")));
        Assert.Equal("2", pod.Items("spec", "containers").Single(c => c.Text("name") == "main").Text("resources", "limits", "cpu"));
        Assert.Equal("w-work", pod.Items("spec", "volumes").Single(v => v.Text("name") == "work").Text("persistentVolumeClaim", "claimName"));
        Assert.NotNull(simulation.Get(ObjectKind.PersistentVolumeClaim, "w-work"));
    }

    [Theory]
    [InlineData("{}", "invalid spec: spec.entrypoint is required")]
    [InlineData("""{"entrypoint":"a","templates":"b"}""", "invalid spec: template name 'a' undefined")]
    [InlineData("""{"entrypoint":"a","templates":[{"name":"a","container":"b"}]}""", "Template 'a' missing specification")]
    [InlineData("""{"entrypoint":"a","templates":[{"name":"a","container":{}}],"podSpecPatch":"containers: 5"}""", "PodSpecPatch")]
    [InlineData("""{"entrypoint":"a","templates":[{"name":"a","container":{"args":["{{inputs.parameters.b}}"]}}]}""", "failed to resolve {{inputs.parameters.b}}")]
    [InlineData("""{"entrypoint":"a","templates":[{"name":"a","steps":[[{"name":"b","withParam":"c","template":"a"}]]}]}""", "withParam")]
    [InlineData("""{"workflowTemplateRef":{"name":"none"}}""", "workflowtemplates.argoproj.io \"none\" not found")]
    public async Task A_specification_that_makes_no_sense_ends_the_workflow_and_says_why(string spec, string reason)
    {
        await using var simulation = new Simulation();
        simulation.Create(ObjectKind.Workflow, $$$"""{"metadata":{"name":"w","namespace":"spaces"},"spec":{{{spec}}} }""");

        simulation.RunSeconds(5);

        var workflow = simulation.Get(ObjectKind.Workflow, "w");
        Assert.Equal(("Error", "true"), (workflow.Text("status", "phase"), workflow.Label("workflows.argoproj.io/completed")));
        Assert.Contains(reason, workflow.Text("status", "message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_init_container_fails_the_workflow_and_is_named_as_the_cause()
    {
        await using var simulation = Start("""{"name":"job","initContainers":[{"name":"clone","image":"alpine/git:fails"}],"container":{"image":"a:1"}}""");

        simulation.RunSeconds(20);

        var workflow = simulation.Get(ObjectKind.Workflow, "w");
        Assert.Equal(("Failed", "Error (exit code 1)"), (workflow.Text("status", "phase"), workflow.Text("status", "message")));
        Assert.Equal("Failed", simulation.Get(ObjectKind.Pod, "w").Text("status", "phase"));
    }

    [Fact]
    public async Task A_sidecar_ends_with_the_container_it_serves()
    {
        await using var simulation = Start("""{"name":"job","sidecars":[{"name":"proxy","image":"proxy:running"}],"container":{"image":"a:completed-30s"}}""");

        simulation.RunSeconds(25);
        Assert.Equal("Running", simulation.Get(ObjectKind.Workflow, "w").Text("status", "phase"));
        simulation.RunSeconds(15);

        Assert.Equal("Succeeded", simulation.Get(ObjectKind.Workflow, "w").Text("status", "phase"));
        Assert.All(simulation.Get(ObjectKind.Pod, "w").Items("status", "containerStatuses"), c => Assert.NotNull(c.Object("state", "terminated")));
    }

    private static Simulation Start(string template, string more = "", string? second = null)
    {
        var simulation = new Simulation();
        simulation.Node("node");
        simulation.RunSeconds(5);
        var templates = second is null ? template : $"{template},{second}";
        simulation.Create(ObjectKind.Workflow, $$$"""{"metadata":{"name":"w","namespace":"spaces"},"spec":{"entrypoint":"job","templates":[{{{templates}}}]{{{more}}} }}""");
        return simulation;
    }
}
