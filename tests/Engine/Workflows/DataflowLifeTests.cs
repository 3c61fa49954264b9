using System.Net;
using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Workflows;

/// <summary>Dataflow jobs from the hub's request to the last event.</summary>
public sealed class DataflowLifeTests
{
    private const string Task = "df-job-5c1e9";
    private const string Volume = "df-df-job-5c1e9";

    private static readonly string[] Phases = ["Pending", "Running", "Succeeded"];

    private static string Sample => RunnerApiHost.Sample("dataflow-job");

    [Fact]
    public async Task The_hub_hears_of_a_job_and_of_each_of_its_tasks()
    {
        await using var host = await JobRunnerHost.StartAsync();

        var (status, answer) = await host.CallAsync(HttpMethod.Post, "dataflow/jobs", Sample);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((77, Task, "job-5c1e9", "clean crawl", "Pending"), (
            answer.GetProperty("id").GetInt64(), JobRunnerHost.Text(answer, "argo_task_id"), JobRunnerHost.Text(answer, "job_id"), JobRunnerHost.Text(answer, "job_name"), JobRunnerHost.Text(answer, "status")));
        var claim = await host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, "spaces", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(("20Gi", "embedded-nfs", "ReadWriteMany"), (claim.Spec.Resources.Requests["storage"].ToString(), claim.Spec.StorageClassName, claim.Spec.AccessModes.Single()));
        await host.ToldAsync(Task, "Succeeded");

        var told = host.Told(Task);
        Assert.Equal(["runner.dataflow.change", "runner.dataflow.pod.update"], told.Select(entry => entry.Type).Distinct().Order());
        AssertInOrder(host.Statuses(Task));
        var tasks = told.Where(entry => entry.Type == "runner.dataflow.pod.update").Select(entry => JsonDocument.Parse(JobRunnerHost.Text(entry.Data, "dag_tasks")).RootElement).ToList();
        Assert.All(["t1", "t2", "t3"], id => Assert.Equal("Succeeded", tasks.Last(task => task.TryGetProperty(id, out _)).GetProperty(id).GetProperty("status").GetString()));
        Assert.Equal(["name", "status", "start_time", "end_time"], tasks[^1].EnumerateObject().Single().Value.EnumerateObject().Select(property => property.Name));
        var last = told[^1].Data;
        Assert.Equal(("dataflow", "dataset", "c3d9a1b2", "clean crawl", "wanghh"), (
            JobRunnerHost.Text(last, "task_type"), JobRunnerHost.Text(last, "repo_type"), JobRunnerHost.Text(last, "user_uuid"), JobRunnerHost.Text(last, "task_name"), JobRunnerHost.Text(last, "username")));
        var (_, read) = await host.CallAsync(HttpMethod.Get, $"dataflow/jobs/{Task}?cluster_id=");
        Assert.Equal(("Succeeded", "job-5c1e9"), (JobRunnerHost.Text(read, "status"), JobRunnerHost.Text(read, "job_id")));
        Assert.Equal(3, JsonDocument.Parse(JobRunnerHost.Text(read, "dag_tasks")).RootElement.EnumerateObject().Count());
    }

    [Fact]
    public async Task A_deleted_job_takes_its_volume_and_token_along_and_is_told_as_deleted()
    {
        await using var host = await JobRunnerHost.StartAsync();
        var endless = Sample.Replace("dataflow:2.1", "dataflow:running", StringComparison.Ordinal);
        await host.CallAsync(HttpMethod.Post, "dataflow/jobs", endless);
        await host.ToldAsync(Task, "Running");
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(HttpMethod.Post, "dataflow/jobs", endless)).Status);
        var token = TestContext.Current.CancellationToken;
        var secret = await host.Api.CoreV1.ReadNamespacedSecretAsync($"{Task}-env", "spaces", cancellationToken: token);
        Assert.Equal("tok-9f2e", Encoding.UTF8.GetString(secret.Data["0.ACCESS_TOKEN"]));
        Assert.Equal("Workflow", (await host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, "spaces", cancellationToken: token)).Metadata.OwnerReferences.Single().Kind);
        Assert.DoesNotContain("tok-9f2e", (await host.WorkflowAsync(Task)).GetRawText() + host.Log, StringComparison.Ordinal);

        for (var i = 0; i < 2; i++)
        {
            var (status, json) = await host.CallAsync(HttpMethod.Delete, $"dataflow/jobs/{Task}?cluster_id=");
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.NotEmpty(JobRunnerHost.Text(json, "message"));
        }

        await Eventually.TrueAsync(() => host.Told(Task) is [.., var last] && last.Type == "runner.dataflow.delete", "the hub heard that the job is deleted", 30);
        Assert.Contains(host.Told(Task), told => told.Type == "runner.dataflow.pod.delete");
        await JobRunnerHost.GoneAsync(() => host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, "spaces"), "the volume is gone");
        await JobRunnerHost.GoneAsync(() => host.Api.CoreV1.ReadNamespacedSecretAsync($"{Task}-env", "spaces"), "the token is gone");
    }

    [Fact]
    public async Task A_runner_without_its_data_folder_knows_the_job_again_and_tells_nothing_as_new()
    {
        await using var host = await JobRunnerHost.StartAsync();
        await host.CallAsync(HttpMethod.Post, "dataflow/jobs", Sample.Replace("dataflow:2.1", "dataflow:completed-20s", StringComparison.Ordinal));
        await Eventually.TrueAsync(() => Tasks(host).GetValueOrDefault("t1") is [.., "Succeeded"], "the hub heard of the end of the first task", 60);
        await host.StopAsync();
        var before = host.Told(Task).Count;

        await host.RunAsync();
        await host.ToldAsync(Task, "Succeeded");
        await Eventually.TrueAsync(() => Tasks(host) is { Count: 3 } tasks && tasks.Values.All(statuses => statuses[^1] == "Succeeded"), "the hub heard of the end of every task", 30);

        // The hub knows the job already and is told how it and its tasks stand, nothing going back.
        var again = host.Told(Task)[before..];
        Assert.Equal(["runner.dataflow.change", "runner.dataflow.pod.update"], again.Select(told => told.Type).Distinct().Order());
        AssertInOrder(host.Statuses(Task));
        Assert.All(Tasks(host).Values, AssertInOrder);
        Assert.Equal(["t1", "t2", "t3"], Tasks(host).Keys.Order());

        // What was asked for is known from the cluster alone, and the same request is the same job.
        var (_, read) = await host.CallAsync(HttpMethod.Get, $"dataflow/jobs/{Task}?cluster_id=");
        Assert.Equal(("Succeeded", "job-5c1e9", "clean crawl"), (JobRunnerHost.Text(read, "status"), JobRunnerHost.Text(read, "job_id"), JobRunnerHost.Text(read, "job_name")));
        var uid = (await host.WorkflowAsync(Task)).GetProperty("metadata").GetProperty("uid").GetString();
        var (status, _) = await host.CallAsync(HttpMethod.Post, "dataflow/jobs", Sample.Replace("dataflow:2.1", "dataflow:completed-20s", StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.OK, uid), (status, (await host.WorkflowAsync(Task)).GetProperty("metadata").GetProperty("uid").GetString()));
    }

    [Fact]
    public async Task A_job_that_the_cluster_refuses_leaves_nothing_behind()
    {
        await using var host = await JobRunnerHost.StartAsync();

        // Its annotations are larger than an object may have.
        var (status, json) = await host.CallAsync(HttpMethod.Post, "dataflow/jobs", Sample.Replace("dedup then split", new string('x', 300_000), StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.NotEmpty(JobRunnerHost.Text(json, "msg"));
        await JobRunnerHost.GoneAsync(() => host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, "spaces"), "the volume is gone");
        await JobRunnerHost.GoneAsync(() => host.Api.CoreV1.ReadNamespacedSecretAsync($"{Task}-env", "spaces"), "the token is gone");
        Assert.Equal(HttpStatusCode.NotFound, (await host.CallAsync(HttpMethod.Get, $"dataflow/jobs/{Task}")).Status);
    }

    [Theory]
    [InlineData("\"load\"\n      ]", "\"nobody\"\n      ]", "deps must name other tasks")]
    [InlineData("\"deps\": []", "\"deps\": [\"split\"]", "circle")]
    [InlineData("20Gi", "much", "storage_size")]
    [InlineData("\"resource_id\": 2", "\"resource_id\": 0", "resource_id")]
    public async Task A_request_that_cannot_run_is_refused_with_the_reason(string what, string by, string problem)
    {
        await using var host = await JobRunnerHost.StartAsync();
        Assert.Contains(what, Sample, StringComparison.Ordinal);

        var (status, json) = await host.CallAsync(HttpMethod.Post, "dataflow/jobs", Sample.Replace(what, by, StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(problem, JobRunnerHost.Text(json, "msg"), StringComparison.Ordinal);
    }

    /// <summary>Nothing goes back, and it ends well. A phase that passes before the watch tells of the first one is not told.</summary>
    private static void AssertInOrder(IReadOnlyList<string> statuses)
    {
        Assert.Equal("Succeeded", statuses[^1]);
        Assert.Subset(new HashSet<string>(Phases), new HashSet<string>(statuses));
        Assert.Equal(statuses.OrderBy(status => Array.IndexOf(Phases, status)), statuses);
    }

    /// <summary>What the hub heard of each task of the graph, in order.</summary>
    private static Dictionary<string, List<string>> Tasks(JobRunnerHost host) => host.Told(Task).Where(told => told.Type == "runner.dataflow.pod.update")
        .SelectMany(told => JsonDocument.Parse(JobRunnerHost.Text(told.Data, "dag_tasks")).RootElement.EnumerateObject())
        .GroupBy(task => task.Name, task => JobRunnerHost.Text(task.Value, "status")).ToDictionary(task => task.Key, task => task.ToList());
}
