using System.Net;
using System.Text.Json;
using k8s;
using Runner.Engine.Workloads;
using Runner.Tests.Engine.RunnerApi;

namespace Runner.Tests.Engine.Workflows;

/// <summary>Workflows of every task type, by Volcano, and such as cannot even begin.</summary>
public sealed class JobKindsTests
{
    private const string Task = "eval-wanghh-8f3c2a";

    private static string Sample => RunnerApiHost.Sample("workflow-evaluation");

    [Fact]
    public async Task Every_task_type_runs_and_is_told_and_listed_under_its_name()
    {
        await using var host = await JobRunnerHost.StartAsync();
        string[] types = [WorkflowTaskTypes.ClawEvaluation, WorkflowTaskTypes.Training, WorkflowTaskTypes.Comparison, WorkflowTaskTypes.Leaderboard];
        foreach (var type in types)
        {
            // One accelerator each: they run beside each other.
            var body = Sample.Replace("\"task_type\": \"evaluation\"", $"\"task_type\": \"{type}\"", StringComparison.Ordinal).Replace(Task, TaskOf(type), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(HttpMethod.Post, "workflows", body)).Status);
        }

        foreach (var type in types)
        {
            await host.ToldAsync(TaskOf(type), "Succeeded");
            Assert.Single(host.Told(TaskOf(type)), told => told.Type == "runner.evaluation.create");
            Assert.All(host.Told(TaskOf(type)), told => Assert.Equal(type, JobRunnerHost.Text(told.Data, "task_type")));
            var (_, list) = await host.CallAsync(HttpMethod.Get, $"workflows?username=wanghh&taskType={type}");
            Assert.Equal([TaskOf(type)], list.GetProperty("list").EnumerateArray().Select(record => JobRunnerHost.Text(record, "task_id")));

            // Only evaluations leave results in a file.
            var template = (await host.WorkflowAsync(TaskOf(type))).GetProperty("spec").GetProperty("templates")[0];
            Assert.Equal(type == WorkflowTaskTypes.ClawEvaluation, template.TryGetProperty("outputs", out _));
        }

        static string TaskOf(string type) => "kind-" + type.Replace('_', '-');
    }

    [Fact]
    public async Task A_workflow_that_ends_before_it_has_a_node_is_told_with_Argos_reason()
    {
        await using var host = await JobRunnerHost.StartAsync();

        await host.CallAsync(HttpMethod.Post, "workflows", Sample.Replace("/etc/csghub/start.sh", "{{inputs.parameters.none}}", StringComparison.Ordinal));

        await Eventually.TrueAsync(() => host.Statuses(Task) is [.., "Error" or "Failed"], "the end is told", 30);
        var last = host.Told(Task)[^1].Data;
        Assert.Contains("failed to resolve {{inputs.parameters.none}}", JobRunnerHost.Text(last, "reason"), StringComparison.Ordinal);
        Assert.Equal("", JobRunnerHost.Text(last, "cluster_node"));
        var (_, record) = await host.CallAsync(HttpMethod.Get, $"workflows/{Task}", """{"username":"wanghh"}""");
        Assert.Equal((host.Statuses(Task)[^1], JobRunnerHost.Text(last, "reason")), (JobRunnerHost.Text(record, "status"), JobRunnerHost.Text(record, "reason")));
    }

    [Fact]
    public async Task A_workflow_for_Volcano_waits_in_its_queue_which_the_hub_is_told()
    {
        await using var host = await JobRunnerHost.StartAsync();
        var body = Sample.Replace(
            "\"share_mode\": false", """ "share_mode": false, "scheduler": {"volcano": {"queue": "research", "minAvailable": 1, "volcano.sh/vgpu-mode": "hami-core"}} """, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(HttpMethod.Post, "workflows", body)).Status);
        await Eventually.TrueAsync(() => host.Told(Task).Count > 0, "the hub is told", 30);

        Assert.All(host.Told(Task), told => Assert.Equal("research", JobRunnerHost.Text(told.Data, "queue_name")));
        var workflow = await host.WorkflowAsync(Task);
        Assert.Equal("research", JobRunnerHost.Text(workflow.GetProperty("metadata").GetProperty("annotations"), "volcano.sh/queue-name"));
        var pods = await PodsAsync(host);
        Assert.All(pods, pod =>
        {
            Assert.Equal("volcano", JobRunnerHost.Text(pod.GetProperty("spec"), "schedulerName"));
            var annotations = pod.GetProperty("metadata").GetProperty("annotations");
            Assert.Equal(
                ("research", "1", "hami-core"),
                (JobRunnerHost.Text(annotations, "scheduling.volcano.sh/queue-name"), JobRunnerHost.Text(annotations, "scheduling.volcano.sh/group-min-member"), JobRunnerHost.Text(annotations, "volcano.sh/vgpu-mode")));
        });
    }

    private static async Task<List<JsonElement>> PodsAsync(JobRunnerHost host)
    {
        List<JsonElement> pods = [];
        await Eventually.TrueAsync(
            async () =>
            {
                var list = await host.Api.CoreV1.ListNamespacedPodAsync("spaces", labelSelector: $"workflows.argoproj.io/workflow={Task}", cancellationToken: TestContext.Current.CancellationToken);
                pods = [.. list.Items.Select(pod => JsonSerializer.SerializeToElement(JsonDocument.Parse(KubernetesJson.Serialize(pod)).RootElement))];
                return pods.Count > 0;
            },
            "the workflow has a pod",
            30);
        return pods;
    }
}
