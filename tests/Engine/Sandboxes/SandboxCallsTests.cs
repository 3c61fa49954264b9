using System.Net;
using System.Text.Json;
using k8s;
using Runner.EmbeddedCluster.Storage;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Sandboxes;

/// <summary>The hub's calls about sandboxes and its batch question, against the running program and a simulated cluster.</summary>
public sealed class SandboxCallsTests(RunnerApiHost host) : IClassFixture<RunnerApiHost>
{
    private static readonly HttpMethod Get = HttpMethod.Get;
    private static readonly HttpMethod Post = HttpMethod.Post;
    private static readonly HttpMethod Delete = HttpMethod.Delete;

    [Fact]
    public async Task A_sandbox_is_made_runs_is_asked_about_and_is_deleted()
    {
        var made = await host.CallAsync(Post, "sandboxes", Sample("sbx-a"));
        Assert.Equal(HttpStatusCode.OK, made.Status);
        var answer = RunnerApiHost.Json(made.Text);
        Assert.Equal("sbx-a", answer.GetProperty("id").GetString());
        Assert.Equal(3600, (answer.GetProperty("expires_at").GetDateTimeOffset() - answer.GetProperty("created_at").GetDateTimeOffset()).TotalSeconds, 2.0);

        // Known at once, and a repeated request changes nothing, its end included.
        Assert.Equal(HttpStatusCode.OK, (await FindAsync("sbx-a")).Status);
        Assert.Equal(made, await host.CallAsync(Post, "sandboxes", Sample("sbx-a")));

        var running = await ReachesAsync("sbx-a", 23);
        Assert.Equal(("sbx-a", "opencsghq/agent-sandbox:0.2", ""), (Text(running, "id"), Text(running, "image"), Text(running, "reason")));
        Assert.Equal(("agents", "4720"), (Text(running.GetProperty("labels"), "team"), Text(running.GetProperty("annotations"), "deploy_id")));
        Assert.Equal(Text(answer, "created_at"), Text(running, "created_at"));
        Assert.NotEqual("", Text(running, "cluster_id"));

        Assert.Equal((HttpStatusCode.OK, """{"msg":"OK"}"""), await host.CallAsync(Delete, "sandboxes", """{"sandbox_id":"sbx-a","cluster_id":""}"""));
        await Eventually.TrueAsync(async () => (await FindAsync("sbx-a")).Status == HttpStatusCode.NotFound, "the sandbox is gone");
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Delete, "sandboxes", """{"sandbox_id":"sbx-a"}""")).Status);
    }

    [Fact]
    public async Task A_sandbox_that_is_asked_for_differently_takes_the_place_of_the_old_one()
    {
        await host.CallAsync(Post, "sandboxes", Sample("sbx-b"));
        await ReachesAsync("sbx-b", 23);

        var again = await host.CallAsync(Post, "sandboxes", Sample("sbx-b").Replace("agent-sandbox:0.2", "agent-sandbox:0.3", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal("opencsghq/agent-sandbox:0.3", Text(await ReachesAsync("sbx-b", 23), "image"));
    }

    [Fact]
    public async Task What_another_one_makes_in_place_of_a_sandbox_while_that_is_deleted_stays()
    {
        await host.CallAsync(Post, "sandboxes", Sample("sbx-f"));
        await ReachesAsync("sbx-f", 23);
        var key = new ObjectKey("agents.x-k8s.io", "sandboxes", "spaces", "sbx-f");
        var uid = "";
        host.Cluster.Faults.Fails = (method, path) =>
        {
            if (uid.Length == 0 && method == "DELETE" && path.EndsWith("/sandboxes/sbx-f", StringComparison.Ordinal))
            {
                uid = host.Cluster.Store.PutAnother(key);
            }

            return false;
        };

        var (status, _) = await host.CallAsync(Delete, "sandboxes", """{"sandbox_id":"sbx-f","cluster_id":""}""");

        host.Cluster.Faults.Fails = null;
        Assert.Equal(HttpStatusCode.OK, status);
        var left = host.Cluster.Store.Get(key)!.Json["metadata"]!;
        Assert.Equal((uid, null), ((string?)left["uid"], left["deletionTimestamp"]));
    }

    [Fact]
    public async Task A_sandbox_ends_when_its_time_has_come()
    {
        var made = await host.CallAsync(Post, "sandboxes", Sample("sbx-c").Replace("3600", "2", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, made.Status);

        await Eventually.TrueAsync(async () => (await FindAsync("sbx-c")).Status == HttpStatusCode.NotFound, "the sandbox has ended", 20);
    }

    [Theory]
    [InlineData("\"timeout\": 3600", "\"timeout\": -1", "timeout")]
    [InlineData("\"image\": \"opencsghq/agent-sandbox:0.2\"", "\"image\": \"\", \"templateID\": \"t1\"", "image")]
    [InlineData("\"sandbox_mount_subpath\": \"41\"", "\"sandbox_mount_subpath\": \"../other\"", "sandbox_mount_subpath")]
    [InlineData("\"sandbox_mount_path\": \"/work\"", "\"sandbox_mount_path\": \"work\"", "sandbox_mount_path")]
    [InlineData("\"user_id\": \"7b1f0f5e\"", "\"user_id\": \"\"", "user_id")]
    [InlineData("\"protocol\": \"http\"", "\"protocol\": \"ftp\"", "readiness_probe.protocol")]
    [InlineData("\"team\": \"agents\"", "\"team\": \"a b\"", "labels")]
    [InlineData("\"num\": \"1\"", "\"num\": \"one\"", "hardware.cpu.num")]
    [InlineData("\"sandbox_name\": \"sbx-bad\"", "\"sandbox_name\": \"Bad_Name\"", "sandbox_name")]
    [InlineData("\"cluster_id\": \"\"", "\"cluster_id\": \"nowhere\"", "nowhere")]
    public async Task What_is_wrong_with_a_request_is_said(string sent, string instead, string named)
    {
        var body = Sample("sbx-bad");
        Assert.Contains(sent, body, StringComparison.Ordinal);

        var (status, text) = await host.CallAsync(Post, "sandboxes", body.Replace(sent, instead, StringComparison.Ordinal));

        Assert.Equal(named == "nowhere" ? HttpStatusCode.NotFound : HttpStatusCode.BadRequest, status);
        Assert.Contains(named, Text(RunnerApiHost.Json(text), "msg"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await FindAsync("sbx-bad")).Status);
    }

    [Fact]
    public async Task Many_workloads_are_told_at_once_in_the_order_they_were_asked_for()
    {
        await host.CallAsync(Post, "service/batch-space/run", RunnerApiHost.Sample("run-space"));
        await host.CallAsync(Post, "sandboxes", Sample("sbx-d"));
        await host.ReachesAsync("batch-space", 23);
        await ReachesAsync("sbx-d", 23);

        var (status, text) = await host.CallAsync(Post, "batch-status", """
            {"cluster_id":"","items":[{"type":"sandbox","name":"sbx-d"},{"type":"ksvc","name":"nobody"},{"type":"ksvc","name":"batch-space","id":7},
             {"type":"sandbox","name":"batch-space"},{"type":"workflow","name":"none"},{"type":"cronjob","name":"x"},null]}
            """);

        Assert.Equal(HttpStatusCode.OK, status);
        var items = RunnerApiHost.Json(text).GetProperty("items").EnumerateArray().Select(item => item.GetRawText()).ToList();
        Assert.Equal("""{"type":"sandbox","name":"sbx-d","code":23,"instances":[{"name":"sbx-d","status":"Running"}],"status":23}""", items[0]);
        Assert.Equal("""{"type":"ksvc","name":"nobody","code":26,"error":"service not found in cluster"}""", items[1]);
        var pod = (await host.StatusAsync("batch-space")).GetProperty("instance")[0].GetProperty("name").GetString();
        Assert.Equal($$"""{"type":"ksvc","name":"batch-space","code":23,"instances":[{"name":"{{pod}}","status":"Running"}],"actual_replica":1,"desired_replica":1}""", items[2]);
        Assert.Equal("""{"type":"sandbox","name":"batch-space","error":"sandbox not found in cluster"}""", items[3]);
        Assert.Equal("""{"type":"workflow","name":"none","error":"workflow not found in cluster"}""", items[4]);
        Assert.Equal("""{"type":"cronjob","name":"x","error":"unsupported type: cronjob"}""", items[5]);
        Assert.Equal(7, items.Count);
        Assert.Equal((HttpStatusCode.OK, """{"items":[]}"""), await host.CallAsync(Post, "batch-status", """{"cluster_id":""}"""));
        Assert.Equal(HttpStatusCode.NotFound, (await host.CallAsync(Post, "batch-status", """{"cluster_id":"nowhere"}""")).Status);
    }

    [Fact]
    public async Task The_pod_gets_what_was_asked_for_and_no_credentials_of_the_cluster()
    {
        await host.CallAsync(Post, "sandboxes", Sample("sbx-e"));
        await ReachesAsync("sbx-e", 23);

        using var cluster = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(host.Cluster.Kubeconfig()))));
        var pod = await cluster.CoreV1.ReadNamespacedPodAsync("sbx-e", "spaces", cancellationToken: TestContext.Current.CancellationToken);

        var container = Assert.Single(pod.Spec.Containers);
        Assert.Equal(("/work", "41"), (container.VolumeMounts[0].MountPath, container.VolumeMounts[0].SubPath));
        Assert.Equal("7b1f0f5e", pod.Spec.Volumes[0].PersistentVolumeClaim.ClaimName);
        Assert.Equal(("/ready", "8000", 2), (container.ReadinessProbe.HttpGet.Path, container.ReadinessProbe.HttpGet.Port.Value, container.ReadinessProbe.InitialDelaySeconds));
        Assert.Equal(("1", "2Gi"), (container.Resources.Limits["cpu"].ToString(), container.Resources.Limits["memory"].ToString()));
        Assert.Equal("shell", container.Env.Single(entry => entry.Name == "MODE").Value);
        Assert.Equal("none", container.Env.Single(entry => entry.Name == "NVIDIA_VISIBLE_DEVICES").Value);
        Assert.False(pod.Spec.AutomountServiceAccountToken);
        Assert.Single(pod.Spec.Volumes);
    }

    private static string Sample(string name) => RunnerApiHost.Sample("sandbox").Replace("sbx-agent-41", name, StringComparison.Ordinal);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private Task<(HttpStatusCode Status, string Text)> FindAsync(string name) => host.CallAsync(Get, $"sandboxes?cluster_id=&sandbox_name={name}");

    private async Task<JsonElement> ReachesAsync(string name, int status)
    {
        var last = "";
        await Eventually.TrueAsync(
            async () => (last = (await FindAsync(name)).Text).Contains($"\"status\":{status},", StringComparison.Ordinal), $"sandbox {name} has status {status}", 30);
        return RunnerApiHost.Json(last);
    }
}
