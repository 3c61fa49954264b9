using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Hub.Events;
using Runner.Engine.Hub.Payloads;
using Runner.Engine.Workloads.Argo;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Workflows;

/// <summary>A job that ends while no runner is there to see it keeps its outcome for the one that comes.</summary>
public sealed class OutcomeTests
{
    private const string Evaluation = "eval-wanghh-8f3c2a";
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_that_ends_and_outlives_its_time_while_no_runner_is_there_is_told_as_it_ended_and_goes_then()
    {
        await using var host = await JobRunnerHost.StartAsync(TimeToLive);
        await host.CallAsync(HttpMethod.Post, "workflows", Sample("completed-30s"));
        await host.ToldAsync(Evaluation, "Running");
        var job = JsonNode.Parse((await host.WorkflowAsync(Evaluation)).GetRawText())!;
        await host.StopAsync();

        // One that is nobody's begins later, ends later and is removed after the time that was configured.
        await CreateLikeAsync(host, job, "nobodys");
        await JobRunnerHost.GoneAsync(() => host.WorkflowAsync("nobodys"), "Argo removed the other workflow after its time to live");
        Assert.Equal("Succeeded", (await host.WorkflowAsync(Evaluation)).GetProperty("status").GetProperty("phase").GetString());
        await host.RunAsync(TimeToLive, keepsData: true);

        await host.ToldAsync(Evaluation, "Succeeded");
        await JobRunnerHost.GoneAsync(() => host.WorkflowAsync(Evaluation), "the workflow goes once its end is told");
        Assert.Equal(["Pending", "Running", "Succeeded"], host.Statuses(Evaluation).Distinct());
        Assert.Equal("http://minio.example.com/evaluation/result.json", JobRunnerHost.Text(host.Told(Evaluation)[^1].Data, "result_url"));
    }

    [Fact]
    public async Task A_job_that_somebody_removed_while_no_runner_was_there_is_told_as_failed_for_want_of_knowledge()
    {
        await using var host = await JobRunnerHost.StartAsync();
        await host.CallAsync(HttpMethod.Post, "workflows", Sample("running"));
        await host.ToldAsync(Evaluation, "Running");
        await host.StopAsync();

        await host.Api.CustomObjects.DeleteNamespacedCustomObjectAsync("argoproj.io", "v1alpha1", "spaces", "workflows", Evaluation, cancellationToken: Cancel);
        await JobRunnerHost.GoneAsync(() => host.WorkflowAsync(Evaluation), "the workflow is gone");
        await host.RunAsync(keepsData: true);

        await host.ToldAsync(Evaluation, "Failed");
        Assert.Equal(WorkflowPayloads.MissedReason, JobRunnerHost.Text(host.Told(Evaluation)[^1].Data, "reason"));
        var (_, record) = await host.CallAsync(HttpMethod.Get, "workflows/1", $$"""{"task_id":"{{Evaluation}}","username":"wanghh"}""");
        Assert.Equal(("Failed", WorkflowPayloads.MissedReason), (JobRunnerHost.Text(record, "status"), JobRunnerHost.Text(record, "reason")));
    }

    [Fact]
    public async Task Why_a_job_failed_is_known_to_the_next_process_though_its_pod_is_gone()
    {
        const string End = "ERROR: the job failed";
        await using var host = await JobRunnerHost.StartAsync();
        await host.CallAsync(HttpMethod.Post, "workflows", Sample("fails"));
        await host.ToldAsync(Evaluation, "Failed");
        await Eventually.TrueAsync(() => JobRunnerHost.Text(host.Told(Evaluation)[^1].Data, "reason").Contains(End, StringComparison.Ordinal), "the end of the log is told as the reason", 30);
        await host.StopAsync();
        foreach (var pod in (await host.Api.CoreV1.ListNamespacedPodAsync("spaces", labelSelector: $"workflows.argoproj.io/workflow={Evaluation}", cancellationToken: Cancel)).Items)
        {
            await host.Api.CoreV1.DeleteNamespacedPodAsync(pod.Metadata.Name, "spaces", gracePeriodSeconds: 0, cancellationToken: Cancel);
            await JobRunnerHost.GoneAsync(() => host.Api.CoreV1.ReadNamespacedPodAsync(pod.Metadata.Name, "spaces"), "the pod is gone");
        }

        await host.RunAsync(keepsData: true);

        // What comes later is told after everything that was there.
        await host.CallAsync(HttpMethod.Post, "dataflow/jobs", RunnerApiHost.Sample("dataflow-job"));
        await host.ToldAsync("df-job-5c1e9", "Succeeded");
        Assert.Contains(End, JobRunnerHost.Text(host.Told(Evaluation)[^1].Data, "reason"), StringComparison.Ordinal);
        var (_, record) = await host.CallAsync(HttpMethod.Get, "workflows/1", $$"""{"task_id":"{{Evaluation}}","username":"wanghh"}""");
        Assert.Contains(End, JobRunnerHost.Text(record, "reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_jobs_that_may_not_be_seen_when_the_program_starts_nothing_is_said()
    {
        const string Finetune = "ft-wanghh-1d44b0";
        await using var host = await JobRunnerHost.StartAsync();
        await host.Api.CoreV1.CreateNamespaceAsync(new() { Metadata = new() { Name = "shared" } }, cancellationToken: Cancel);
        await host.CallAsync(HttpMethod.Post, "workflows", Sample("running"));
        await host.CallAsync(HttpMethod.Post, "workflows", RunnerApiHost.Sample("workflow-finetune").Replace("ms-swift:3.8", "ms-swift:running", StringComparison.Ordinal));
        await host.ToldAsync(Evaluation, "Running");
        await host.ToldAsync(Finetune, "Running");
        await host.StopAsync();

        host.Faults.FailsWith = (_, path) => path.Contains("/namespaces/shared/workflows", StringComparison.Ordinal) ? 403 : 0;
        await RemoveAsync(Evaluation, "spaces");
        await host.RunAsync(keepsData: true);

        // What is found to be gone is told at once, whatever it is.
        await host.ToldAsync(Evaluation, "Failed");
        await Eventually.TrueAsync(() => host.Services.GetRequiredService<Outbox>().Status.Waiting == 0, "all is told");
        Assert.Equal("Running", host.Statuses(Finetune)[^1]);
        Assert.Equal("Running", await StatusAsync());

        // It goes meanwhile, and once that can be seen it is told.
        await host.StopAsync();
        host.Faults.FailsWith = null;
        await RemoveAsync(Finetune, "shared");
        await host.RunAsync(keepsData: true);
        await host.ToldAsync(Finetune, "Failed");
        Assert.Equal(WorkflowPayloads.MissedReason, JobRunnerHost.Text(host.Told(Finetune)[^1].Data, "reason"));
        Assert.Equal("Failed", await StatusAsync());

        async Task<string> StatusAsync() => JobRunnerHost.Text((await host.CallAsync(HttpMethod.Get, "workflows/1", $$"""{"task_id":"{{Finetune}}","username":"wanghh"}""")).Json, "status");

        async Task RemoveAsync(string job, string place)
        {
            await host.Api.CustomObjects.DeleteNamespacedCustomObjectAsync("argoproj.io", "v1alpha1", place, "workflows", job, cancellationToken: Cancel);
            await JobRunnerHost.GoneAsync(() => host.WorkflowAsync(job, place), "the workflow is gone");
        }
    }

    [Theory]
    [InlineData("Running", false, 120, 604800)]
    [InlineData("Running", false, 604800, null)]
    [InlineData("Running", false, 999999, null)]
    [InlineData("Succeeded", false, 604800, null)]
    [InlineData("Succeeded", true, 604800, 300)]
    [InlineData("Failed", true, 300, null)]
    [InlineData("Failed", true, 10, null)]
    [InlineData("Error", true, null, null)]
    public void A_workflow_stays_long_until_its_end_is_told_and_as_configured_then(string phase, bool isTold, int? now, int? then)
    {
        var workflow = new ArgoWorkflow
        {
            Metadata = new() { Name = "job" },
            Spec = new() { TtlStrategy = new() { SecondsAfterCompletion = now } },
            Status = new() { Phase = phase },
        };

        Assert.Equal(then, JobTimeToLive.Other(workflow, isTold, TimeSpan.FromSeconds(300), TimeSpan.FromDays(7)));
    }

    /// <summary>A replica that does not speak to the hub goes by this before it makes room for a build that is run again.</summary>
    [Theory]
    [InlineData(300, 604800, 604800)]
    [InlineData(7200, 0, 7201)]
    [InlineData(300, 300, 301)]
    [InlineData(0, 0, 1)]
    public void Whether_an_end_is_told_can_be_read_from_the_workflow_however_long_it_is_to_stay(int configured, int untold, int first)
    {
        var (stays, waits) = (TimeSpan.FromSeconds(configured), TimeSpan.FromSeconds(untold));
        var workflow = new ArgoWorkflow
        {
            Metadata = new() { Name = "job" },
            Spec = new() { TtlStrategy = JobTimeToLive.UntilTold(stays, waits) },
            Status = new() { Phase = "Succeeded" },
        };
        Assert.Equal(first, workflow.Spec.TtlStrategy.SecondsAfterCompletion);
        Assert.False(JobTimeToLive.IsTold(workflow, stays));
        Assert.Null(JobTimeToLive.Other(workflow, isTold: false, stays, waits));

        workflow.Spec.TtlStrategy.SecondsAfterCompletion = JobTimeToLive.Other(workflow, isTold: true, stays, waits);
        Assert.True(JobTimeToLive.IsTold(workflow, stays));

        workflow.Spec.TtlStrategy.SecondsAfterCompletion = null;
        Assert.False(JobTimeToLive.IsTold(workflow, stays));
    }

    private static string Sample(string tag) => RunnerApiHost.Sample("workflow-evaluation").Replace("0.4.9", tag, StringComparison.Ordinal);

    private static async Task CreateLikeAsync(JobRunnerHost host, JsonNode job, string name)
    {
        var spec = job["spec"]!.DeepClone();
        spec["ttlStrategy"] = new JsonObject { ["secondsAfterCompletion"] = (int)TimeToLive.TotalSeconds };
        var other = new JsonObject { ["apiVersion"] = "argoproj.io/v1alpha1", ["kind"] = "Workflow", ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec };
        await host.Api.CustomObjects.CreateNamespacedCustomObjectAsync(
            JsonSerializer.SerializeToElement(other), "argoproj.io", "v1alpha1", "spaces", "workflows", cancellationToken: Cancel);
    }
}
