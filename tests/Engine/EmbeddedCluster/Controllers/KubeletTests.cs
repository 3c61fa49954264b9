using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

public sealed class KubeletTests
{
    [Fact]
    public async Task A_container_that_runs_out_of_memory_is_killed_and_restarted_with_growing_pauses()
    {
        await using var simulation = Start("registry.example.com/web:oom");

        simulation.RunSeconds(12);

        var container = Container(simulation);
        Assert.Equal("CrashLoopBackOff", container.Text("state", "waiting", "reason"));
        Assert.Equal("OOMKilled", container.Text("lastState", "terminated", "reason"));
        Assert.Equal(137, container.Number("lastState", "terminated", "exitCode"));
        simulation.RunSeconds(60);
        Assert.True(Container(simulation).Number("restartCount") >= 3);
    }

    [Fact]
    public async Task A_job_pod_ends_and_its_job_is_complete()
    {
        await using var simulation = new Simulation();
        simulation.Node("node");
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.Job, """
            {"metadata":{"name":"job","namespace":"spaces"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1"}]}}}}
            """);

        simulation.RunSeconds(15);

        Assert.Equal("Succeeded", simulation.List(ObjectKind.Pod).Single().Text("status", "phase"));
        Assert.True(simulation.Get(ObjectKind.Job, "job").HasCondition("Complete"));
    }

    [Fact]
    public async Task A_job_whose_pods_keep_failing_fails()
    {
        await using var simulation = new Simulation();
        simulation.Node("node");
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.Job, """
            {"metadata":{"name":"job","namespace":"spaces"},"spec":{"backoffLimit":2,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:crash"}]}}}}
            """);

        simulation.RunSeconds(60);

        Assert.Equal(3, simulation.List(ObjectKind.Pod).Count(p => p.Text("status", "phase") == "Failed"));
        Assert.Equal("BackoffLimitExceeded", simulation.Get(ObjectKind.Job, "job").Condition("Failed").Text("reason"));
    }

    [Fact]
    public async Task A_deleted_pod_is_told_of_four_times_and_its_log_goes()
    {
        await using var simulation = Start("registry.example.com/web:1");
        simulation.RunSeconds(5);
        var before = simulation.Elapsed;
        var uid = simulation.Get(ObjectKind.Pod, "pod").Uid();

        simulation.Store.Delete(ObjectKind.Pod.Key("spaces", "pod"));
        simulation.RunSeconds(5);

        var told = simulation.History.Where(h => h.At >= before && h.Change.Object.Key.Plural == "pods").Select(h => h.Change.Type.ToString());
        Assert.Equal(["Modified", "Modified", "Modified", "Deleted"], told);
        Assert.False(simulation.Logs.Has(uid, "main"));
    }

    [Fact]
    public async Task A_flood_of_numbered_lines_arrives_complete_and_in_order()
    {
        await using var simulation = new Simulation(timeScale: 0.5);
        simulation.Node("node");
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.Pod, SchedulerTests.Pod(
            "{}", null, environment: """[{"name":"EMBEDDED_LOG_LINES","value":"3000"},{"name":"EMBEDDED_LOG_RATE","value":"1000"}]"""));

        simulation.RunSeconds(8);

        var lines = new List<string>();
        await foreach (var (_, line) in simulation.Logs.ReadAsync(
            simulation.Get(ObjectKind.Pod, "pod").Uid(), "main", previous: false, follow: false, TestContext.Current.CancellationToken))
        {
            lines.Add(line);
        }

        Assert.Equal(Enumerable.Range(1, 3000).Select(n => $"line {n} of 3000"), lines);
    }

    [Fact]
    public async Task A_claim_of_the_default_class_is_bound_and_its_pod_starts()
    {
        await using var simulation = new Simulation(seed: true);
        simulation.Create(ObjectKind.Pod, SchedulerTests.Pod("{}", """ "volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"data"}}] """));
        simulation.RunSeconds(1);
        Assert.Contains("persistentvolumeclaim \"data\" not found", simulation.Get(ObjectKind.Pod, "pod").Condition("PodScheduled").Text("message"), StringComparison.Ordinal);

        simulation.Create(ObjectKind.PersistentVolumeClaim, """
            {"metadata":{"name":"data","namespace":"spaces"},"spec":{"accessModes":["ReadWriteMany"],"resources":{"requests":{"storage":"50Gi"}}}}
            """);
        simulation.RunSeconds(5);

        Assert.Equal("Bound", simulation.Get(ObjectKind.PersistentVolumeClaim, "data").Text("status", "phase"));
        Assert.True(simulation.Get(ObjectKind.Pod, "pod").HasCondition("Ready"));
    }

    private static Simulation Start(string image)
    {
        var simulation = new Simulation();
        simulation.Node("node");
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.Pod, SchedulerTests.Pod("{}", null, image: image));
        return simulation;
    }

    private static JsonObject Container(Simulation simulation) => simulation.Get(ObjectKind.Pod, "pod").Items("status", "containerStatuses").Single();
}
