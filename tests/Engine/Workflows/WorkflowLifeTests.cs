using System.Net;
using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub.Payloads;
using Runner.Engine.Logs.Collector;
using Runner.Engine;
using Runner.Engine.Workloads;
using Runner.Tests.Engine.RunnerApi;

namespace Runner.Tests.Engine.Workflows;

/// <summary>Evaluations and finetunes from the hub's request to the last event.</summary>
public sealed class WorkflowLifeTests
{
    private const string Evaluation = "eval-wanghh-8f3c2a";
    private const string Finetune = "ft-wanghh-1d44b0";
    private const string Token = "tok-9f2e";

    private static string Sample => RunnerApiHost.Sample("workflow-evaluation");

    [Fact]
    public async Task The_hub_hears_of_an_evaluation_from_its_creation_to_its_result()
    {
        await using var host = await JobRunnerHost.StartAsync();

        var (status, answer) = await host.CallAsync(HttpMethod.Post, "workflows", Sample);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((Evaluation, "evaluation", "wanghh", "gsm8k run", "weekly", "model"), (
            JobRunnerHost.Text(answer, "task_id"), JobRunnerHost.Text(answer, "task_type"), JobRunnerHost.Text(answer, "username"),
            JobRunnerHost.Text(answer, "task_name"), JobRunnerHost.Text(answer, "task_desc"), JobRunnerHost.Text(answer, "repo_type")));
        Assert.Equal("acme/Qwen2.5-7B-Instruct", answer.GetProperty("repo_ids")[0].GetString());
        Assert.InRange(answer.GetProperty("id").GetInt64(), 1, 1L << 53);
        await host.ToldAsync(Evaluation, "Succeeded");

        Assert.Equal(["runner.evaluation.create", "runner.evaluation.change"], host.Told(Evaluation).Select(told => told.Type).Distinct());
        Assert.Single(host.Told(Evaluation), told => told.Type == "runner.evaluation.create");
        Assert.Equal(["Pending", "Running", "Succeeded"], host.Statuses(Evaluation).Distinct());
        var last = host.Told(Evaluation)[^1].Data;
        Assert.Equal(
            "id,username,user_uuid,task_name,task_id,task_type,cluster_id,namespace,repo_ids,repo_type,task_desc,status,reason,image,datasets,resource_id,resource_name,"
            + "status_update_at,submit_time,start_time,end_time,result_url,download_url,failures_url,cluster_node,queue_name,dag_tasks",
            string.Join(',', last.EnumerateObject().Select(property => property.Name)));
        Assert.Equal("http://minio.example.com/evaluation/result.json", JobRunnerHost.Text(last, "result_url"));
        Assert.Equal("http://minio.example.com/evaluation/result.xlsx", JobRunnerHost.Text(last, "download_url"));
        Assert.Equal((0, 3, "", "spaces"), (last.GetProperty("id").GetInt64(), last.GetProperty("resource_id").GetInt64(), JobRunnerHost.Text(last, "reason"), JobRunnerHost.Text(last, "namespace")));
        Assert.StartsWith("gpu-a100", JobRunnerHost.Text(last, "cluster_node"), StringComparison.Ordinal);
        Assert.All(["status_update_at", "submit_time", "start_time", "end_time"], time => Assert.StartsWith("20", JobRunnerHost.Text(last, time), StringComparison.Ordinal));
        Assert.All(host.Told(Evaluation), told => Assert.StartsWith("20", JobRunnerHost.Text(told.Data, "status_update_at"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_runner_without_its_data_folder_knows_the_job_again_and_tells_nothing_as_new()
    {
        await using var host = await JobRunnerHost.StartAsync();
        await host.CallAsync(HttpMethod.Post, "workflows", Sample.Replace("0.4.9", "completed-60s", StringComparison.Ordinal));
        await host.ToldAsync(Evaluation, "Running");
        await host.StopAsync();

        await host.RunAsync();
        await host.ToldAsync(Evaluation, "Succeeded");

        Assert.Single(host.Told(Evaluation), told => told.Type == "runner.evaluation.create");
        Assert.Equal(["Pending", "Running", "Succeeded"], host.Statuses(Evaluation).Distinct());
        var (status, record) = await host.CallAsync(HttpMethod.Get, $"workflows/{Evaluation}", """{"username":"wanghh"}""");
        Assert.Equal((HttpStatusCode.OK, "gsm8k run", "NVIDIA A100 · 8 vCPU · 32 GB"), (status, JobRunnerHost.Text(record, "task_name"), JobRunnerHost.Text(record, "resource_name")));
    }

    [Fact]
    public async Task A_finetune_in_shared_mode_runs_beside_the_quota_and_its_result_is_the_model()
    {
        await using var host = await JobRunnerHost.StartAsync();
        await host.Api.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new() { Name = "shared" } }, cancellationToken: TestContext.Current.CancellationToken);

        await host.CallAsync(HttpMethod.Post, "workflows", RunnerApiHost.Sample("workflow-finetune"));
        await host.ToldAsync(Finetune, "Succeeded");

        var last = host.Told(Finetune)[^1].Data;
        Assert.Equal(("shared", "wanghh/Qwen2.5-7B-alpaca", "finetune"), (JobRunnerHost.Text(last, "namespace"), JobRunnerHost.Text(last, "result_url"), JobRunnerHost.Text(last, "task_type")));
        var spec = (await host.WorkflowAsync(Finetune, "shared")).GetProperty("spec");
        Assert.Equal((3, "executor"), (spec.GetProperty("priority").GetInt32(), spec.GetProperty("serviceAccountName").GetString()));
        Assert.False(spec.GetProperty("templates")[0].TryGetProperty("outputs", out _));

        // What is refused there is told by events there.
        await Eventually.TrueAsync(() => host.EventsOf(Finetune, "shared").Any(e => e.Object == $"Workflow/{Finetune}"), "the events beside the quota are shown", 20);
        Assert.Empty(host.EventsOf(Finetune, "spaces"));
        var scope = LogScope.Of(host.Services.GetRequiredService<RunnerOptions>(), host.Services.GetRequiredService<ClusterDirectory>(), new WorkloadFeed());
        Assert.Equal(("", "", false), (scope.Refusal("shared").English, scope.Refusal("spaces").English, scope.Refusal("other") == LocalText.None));

        // It is deleted there too, as the hub asks.
        var (status, json) = await host.CallAsync(HttpMethod.Delete, "workflows/12", $$"""{"task_id":"{{Finetune}}","namespace":"shared","cluster_id":"","username":"wanghh"}""");
        Assert.Equal((HttpStatusCode.OK, "OK"), (status, JobRunnerHost.Text(json, "msg")));
        await JobRunnerHost.GoneAsync(() => host.WorkflowAsync(Finetune, "shared"), "the workflow beside the quota is deleted");
    }

    [Fact]
    public async Task A_task_that_is_known_is_deleted_where_it_is_whatever_namespace_the_hub_says()
    {
        await using var host = await JobRunnerHost.StartAsync();
        await host.Api.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new() { Name = "shared" } }, cancellationToken: TestContext.Current.CancellationToken);
        var evaluation = await host.CallAsync(HttpMethod.Post, "workflows", Sample.Replace("0.4.9", "running", StringComparison.Ordinal));
        await host.CallAsync(HttpMethod.Post, "workflows", RunnerApiHost.Sample("workflow-finetune"));

        // Of some evaluations the hub notes the namespace of its own spaces, not the one that was answered.
        var known = await host.CallAsync(HttpMethod.Delete, "workflows/12", $$"""{"task_id":"{{Finetune}}","namespace":"hub-spaces","cluster_id":"","username":"wanghh"}""");
        Assert.Equal((HttpStatusCode.OK, "OK"), (known.Status, JobRunnerHost.Text(known.Json, "msg")));
        await JobRunnerHost.GoneAsync(() => host.WorkflowAsync(Finetune, "shared"), "the finetune is deleted");

        var byNumber = await host.CallAsync(HttpMethod.Delete, $"workflows/{evaluation.Json.GetProperty("id").GetInt64()}", """{"namespace":"shared"}""");
        Assert.Equal(HttpStatusCode.OK, byNumber.Status);
        await JobRunnerHost.GoneAsync(() => host.WorkflowAsync(Evaluation), "the evaluation is deleted");

        var unknown = await host.CallAsync(HttpMethod.Delete, "workflows/13", """{"task_id":"eval-unknown","namespace":"hub-spaces"}""");
        Assert.Equal(HttpStatusCode.BadRequest, unknown.Status);
        Assert.Contains("spaces and shared, not in 'hub-spaces'", JobRunnerHost.Text(unknown.Json, "msg"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_job_is_told_with_the_end_of_its_log_which_outlives_its_objects()
    {
        await using var host = await JobRunnerHost.StartAsync(ttl: TimeSpan.FromSeconds(20));
        await host.CallAsync(HttpMethod.Post, "workflows", Sample.Replace("0.4.9", "fails", StringComparison.Ordinal));
        await host.ToldAsync(Evaluation, "Failed");
        await Eventually.TrueAsync(
            () => JobRunnerHost.Text(host.Told(Evaluation)[^1].Data, "reason").Contains("ERROR: the job failed", StringComparison.Ordinal), "the log is told as the reason", 30);

        await JobRunnerHost.GoneAsync(() => host.WorkflowAsync(Evaluation), "Argo removed the workflow after its time to live");
        var (status, record) = await host.CallAsync(HttpMethod.Get, "workflows/1", $$"""{"task_id":"{{Evaluation}}","username":"wanghh"}""");
        Assert.Equal((HttpStatusCode.OK, "Failed"), (status, JobRunnerHost.Text(record, "status")));
        Assert.Contains("ERROR: the job failed", JobRunnerHost.Text(record, "reason"), StringComparison.Ordinal);
        Assert.Equal("Failed", host.Statuses(Evaluation)[^1]);

        // By this the hub makes up for events that it missed; it takes what is not found for failed.
        var (_, batch) = await host.CallAsync(HttpMethod.Post, "batch-status", $$"""{"cluster_id":"","items":[{"type":"workflow","name":"{{Evaluation}}","id":1}]}""");
        Assert.Equal($$"""{"type":"workflow","name":"{{Evaluation}}","phase":"Failed"}""", batch.GetProperty("items")[0].GetRawText());
    }

    [Fact]
    public async Task A_job_deleted_before_its_end_is_told_as_failed_and_every_call_may_be_repeated()
    {
        await using var host = await JobRunnerHost.StartAsync();
        var endless = Sample.Replace("0.4.9", "running", StringComparison.Ordinal);
        var first = await host.CallAsync(HttpMethod.Post, "workflows", endless);
        await host.ToldAsync(Evaluation, "Running");
        var uid = (await host.WorkflowAsync(Evaluation)).GetProperty("metadata").GetProperty("uid").GetString();

        var again = await host.CallAsync(HttpMethod.Post, "workflows", endless);
        Assert.Equal((HttpStatusCode.OK, first.Json.GetProperty("id").GetInt64()), (again.Status, again.Json.GetProperty("id").GetInt64()));
        Assert.Equal(uid, (await host.WorkflowAsync(Evaluation)).GetProperty("metadata").GetProperty("uid").GetString());
        var other = await host.CallAsync(HttpMethod.Post, "workflows", endless.Replace("weekly", "monthly", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, other.Status);
        Assert.Contains("must not be used again", JobRunnerHost.Text(other.Json, "msg"), StringComparison.Ordinal);

        var delete = $$"""{"task_id":"{{Evaluation}}","namespace":"spaces","cluster_id":"","username":"wanghh"}""";
        for (var i = 0; i < 2; i++)
        {
            var (status, json) = await host.CallAsync(HttpMethod.Delete, "workflows/12", delete);
            Assert.Equal((HttpStatusCode.OK, "OK"), (status, JobRunnerHost.Text(json, "msg")));
        }

        await host.ToldAsync(Evaluation, "Failed");
        Assert.Equal(WorkflowPayloads.DeletedReason, JobRunnerHost.Text(host.Told(Evaluation)[^1].Data, "reason"));
        await JobRunnerHost.GoneAsync(() => host.Api.CoreV1.ReadNamespacedSecretAsync($"{Evaluation}-env", "spaces"), "the job's Secret went with it");
        var kept = await host.CallAsync(HttpMethod.Get, $"workflows/{first.Json.GetProperty("id").GetInt64()}", """{"username":"wanghh"}""");
        Assert.Equal("Failed", JobRunnerHost.Text(kept.Json, "status"));
    }

    [Fact]
    public async Task Lists_show_a_users_jobs_of_a_type_page_by_page_and_nobody_reads_anothers()
    {
        await using var host = await JobRunnerHost.StartAsync();
        var sample = Sample.Replace("\"wanghh\"", "\"zhouyu\"", StringComparison.Ordinal);
        await host.CallAsync(HttpMethod.Post, "workflows", sample);
        await host.CallAsync(HttpMethod.Post, "workflows", sample.Replace(Evaluation, "eval-two", StringComparison.Ordinal));

        var (_, list) = await host.CallAsync(HttpMethod.Get, "workflows?username=zhouyu&taskType=evaluation&per=1&page=2");
        Assert.Equal((2, 1), (list.GetProperty("total").GetInt32(), list.GetProperty("list").GetArrayLength()));
        Assert.Equal(0, (await host.CallAsync(HttpMethod.Get, "workflows?username=nobody")).Json.GetProperty("total").GetInt32());
        Assert.Equal(0, (await host.CallAsync(HttpMethod.Get, "workflows?username=zhouyu&taskType=finetune")).Json.GetProperty("total").GetInt32());
        Assert.All(["per=0", "per=101", "per=x", "page=0"], query => Assert.Equal(HttpStatusCode.BadRequest, host.CallAsync(HttpMethod.Get, $"workflows?{query}").Result.Status));

        var stranger = await host.CallAsync(HttpMethod.Get, $"workflows/{Evaluation}", """{"username":"liwei"}""");
        Assert.Equal(HttpStatusCode.Forbidden, stranger.Status);
        Assert.Equal(JobRunnerHost.Text(stranger.Json, "msg"), JobRunnerHost.Text(stranger.Json, "error"));
        Assert.Equal(HttpStatusCode.NotFound, (await host.CallAsync(HttpMethod.Get, "workflows/999", """{"username":"wanghh"}""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.CallAsync(HttpMethod.Delete, "workflows/1", """{"task_id":"x","namespace":"kube-system"}""")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.CallAsync(HttpMethod.Post, "workflows", Sample.Replace("\"cluster_id\": \"\"", "\"cluster_id\": \"nowhere\"", StringComparison.Ordinal))).Status);
        var bad = await host.CallAsync(HttpMethod.Post, "workflows", "{}");
        Assert.Equal(HttpStatusCode.BadRequest, bad.Status);
        Assert.Contains("task_id", JobRunnerHost.Text(bad.Json, "msg"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_and_tokens_are_in_Secrets_alone()
    {
        await using var host = await JobRunnerHost.StartAsync();
        var answer = await host.CallAsync(HttpMethod.Post, "workflows", Sample.Replace("0.4.9", "fails", StringComparison.Ordinal));
        await host.ToldAsync(Evaluation, "Failed");

        var token = TestContext.Current.CancellationToken;
        string[] texts =
        [
            (await host.WorkflowAsync(Evaluation)).GetRawText(),
            KubernetesJson.Serialize(await host.Api.CoreV1.ListNamespacedPodAsync("spaces", cancellationToken: token)),
            string.Concat(host.Hub.Taken.Select(taken => taken.Body)),
            host.Log,
            answer.Json.GetRawText(),
        ];
        Assert.All(texts, Assert.NotEmpty);
        Assert.All(texts, text => Assert.All([JobRunnerHost.S3Key, JobRunnerHost.S3Secret, Token], secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal)));
        var own = await host.Api.CoreV1.ReadNamespacedSecretAsync($"{Evaluation}-env", "spaces", cancellationToken: token);
        Assert.Equal((Token, "Workflow"), (Encoding.UTF8.GetString(own.Data["0.ACCESS_TOKEN"]), Assert.Single(own.Metadata.OwnerReferences).Kind));
        var store = await host.Api.CoreV1.ReadNamespacedSecretAsync("csghub-object-store", "spaces", cancellationToken: token);
        Assert.Equal(JobRunnerHost.S3Secret, Encoding.UTF8.GetString(store.Data["S3_ACCESS_SECRET"]));
        var variables = (await host.WorkflowAsync(Evaluation)).GetProperty("spec").GetProperty("templates")[0].GetProperty("container").GetProperty("env").EnumerateArray()
            .ToDictionary(variable => JobRunnerHost.Text(variable, "name"));
        Assert.Equal("csghub-object-store", variables["S3_ACCESS_ID"].GetProperty("valueFrom").GetProperty("secretKeyRef").GetProperty("name").GetString());
        Assert.Equal(("results", "void"), (variables["S3_BUCKET"].GetProperty("value").GetString(), variables["ASCEND_VISIBLE_DEVICES"].GetProperty("value").GetString()));
        Assert.False(variables.ContainsKey("NVIDIA_VISIBLE_DEVICES"));
    }
}
