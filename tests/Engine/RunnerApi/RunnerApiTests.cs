using System.Net;
using System.Text;
using System.Text.Json;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.RunnerApi;

/// <summary>The hub's calls against the running program and a simulated cluster.</summary>
public sealed class RunnerApiTests(RunnerApiHost host) : IClassFixture<RunnerApiHost>
{
    private static readonly HttpMethod Get = HttpMethod.Get;
    private static readonly HttpMethod Post = HttpMethod.Post;
    private static readonly HttpMethod Delete = HttpMethod.Delete;

    [Theory]
    [InlineData("run-inference", "a-inference", 4711, 1)]
    [InlineData("run-space", "a-space", 4712, 0)]
    [InlineData("run-notebook", "a-notebook", 4713, 5)]
    public async Task A_sample_runs_is_asked_about_and_is_stopped(string sample, string name, int deployId, int deployType)
    {
        var run = await host.CallAsync(Post, $"service/{name}/run", RunnerApiHost.Sample(sample));
        Assert.Equal((HttpStatusCode.OK, """{"message":"Service created successfully"}"""), run);

        // Answered from memory, and yet never "deleted" right after it was made.
        Assert.NotEqual(26, (await host.StatusAsync(name)).GetProperty("code").GetInt32());

        var status = await host.ReachesAsync(name, 23);
        Assert.Equal((deployId, deployType, name), (status.GetProperty("deploy_id").GetInt32(), status.GetProperty("deploy_type").GetInt32(), status.GetProperty("service_name").GetString()));
        var pod = status.GetProperty("instance")[0].GetProperty("name").GetString();
        Assert.Equal("Running", status.GetProperty("instance")[0].GetProperty("status").GetString());
        Assert.Equal(100, status.GetProperty("revision")[0].GetProperty("traffic_percent").GetInt32());
        Assert.NotEqual("", status.GetProperty("url").GetString());

        var got = RunnerApiHost.Json((await host.CallAsync(Get, $"service/{name}/get", """{"id":1,"svc_name":"x"}""")).Text);
        Assert.Equal((23, name), (got.GetProperty("code").GetInt32(), got.GetProperty("message").GetString()));
        var replica = RunnerApiHost.Json((await host.CallAsync(Get, $"service/{name}/replica", "{}")).Text);
        Assert.Equal((1, name, 1, 1), (replica.GetProperty("code").GetInt32(), replica.GetProperty("message").GetString(), replica.GetProperty("actual_replica").GetInt32(), replica.GetProperty("desired_replica").GetInt32()));
        var info = RunnerApiHost.Json((await host.CallAsync(Get, $"service/{name}/info", "{}")).Text);
        Assert.Equal((name, pod), (info.GetProperty("service_name").GetString(), info.GetProperty("pod_names")[0].GetString()));

        var stop = await host.CallAsync(Post, $"service/{name}/stop", $$"""{"id":{{deployId}},"svc_name":"{{name}}"}""");
        Assert.Equal((HttpStatusCode.OK, $$"""{"deploy_id":{{deployId}},"code":0,"message":"service deleted"}"""), stop);
        Assert.Equal("service was deleted", (await host.ReachesAsync(name, 26)).GetProperty("message").GetString());
        Assert.Equal(stop, await host.CallAsync(Post, $"service/{name}/stop", $$"""{"id":{{deployId}}}"""));
    }

    [Fact]
    public async Task The_log_of_a_service_that_is_gone_is_still_answered()
    {
        await host.CallAsync(Post, "service/k-kept/run", RunnerApiHost.Sample("run-inference"));
        var pod = (await host.ReachesAsync("k-kept", 23)).GetProperty("instance")[0].GetProperty("name").GetString()!;
        await host.CallAsync(Post, "service/k-kept/stop", "{}");
        await host.ReachesAsync("k-kept", 26);

        var log = "";
        await Eventually.TrueAsync(async () => (log = (await host.CallAsync(Get, $"service/k-kept/logs/{pod}", "{}")).Text).Contains('\n', StringComparison.Ordinal) && !log.StartsWith("No log", StringComparison.Ordinal), "the log is kept", 60);

        Assert.Equal(log, (await host.CallAsync(Get, "service/k-kept/logs", "{}")).Text);
        Assert.StartsWith("No log was found for pod other", (await host.CallAsync(Get, "service/k-kept/logs/other", "{}")).Text, StringComparison.Ordinal);
        Assert.StartsWith("No log was found for pod", (await host.CallAsync(Get, $"service/k-other/logs/{pod}", "{}")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_no_node_can_take_waits_with_the_schedulers_message_and_has_no_log()
    {
        await host.CallAsync(Post, "service/b-big/run", RunnerApiHost.Sample("run-does-not-fit"));

        var status = await host.ReachesAsync("b-big", 21);
        Assert.Equal("Unschedulable", status.GetProperty("reason").GetString());
        Assert.Contains("nodes are available", status.GetProperty("message").GetString(), StringComparison.Ordinal);
        var log = await host.CallAsync(Get, "service/b-big/logs", "{}");
        Assert.Equal(HttpStatusCode.BadRequest, log.Status);
        Assert.Contains("Unschedulable", Message(log.Text), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repeated_run_changes_nothing_and_another_one_replaces_the_service()
    {
        var request = RunnerApiHost.Sample("run-space");
        await host.CallAsync(Post, "service/c-space/run", request);
        var first = Pod(await host.ReachesAsync("c-space", 23));

        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Post, "service/c-space/run", request)).Status);
        Assert.Equal(first, Pod(await host.ReachesAsync("c-space", 23)));

        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Post, "service/c-space/run", request.Replace("4712", "4799", StringComparison.Ordinal))).Status);
        Assert.Equal(4799, (await host.StatusAsync("c-space")).GetProperty("deploy_id").GetInt32());
        Assert.NotEqual(first, Pod(await host.ReachesAsync("c-space", 23)));
    }

    [Fact]
    public async Task Ten_runs_at_once_of_one_service_leave_one_service()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.CallAsync(Post, "service/d-space/run", RunnerApiHost.Sample("run-space"))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Single((await host.ReachesAsync("d-space", 23)).GetProperty("instance").EnumerateArray());
    }

    [Fact]
    public async Task What_the_cluster_refuses_does_not_cost_the_service_that_is_there()
    {
        await host.CallAsync(Post, "service/e-space/run", RunnerApiHost.Sample("run-space"));
        var pod = Pod(await host.ReachesAsync("e-space", 23));

        // Knative keeps this port for itself.
        var refused = await host.CallAsync(Post, "service/e-space/run", RunnerApiHost.Sample("run-space").Replace("7860", "8012", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("reserved port", Message(refused.Text), StringComparison.Ordinal);
        Assert.Equal(pod, Pod(await host.ReachesAsync("e-space", 23)));
    }

    [Fact]
    public async Task A_log_is_passed_on_as_it_comes()
    {
        await host.CallAsync(Post, "service/f-inference/run", RunnerApiHost.Sample("run-inference"));
        var pod = Pod(await host.ReachesAsync("f-inference", 23));
        using var request = new HttpRequestMessage(Get, $"service/f-inference/logs/{pod}") { Content = new StringContent("{}") };

        using var answer = await host.Hub.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, "text/plain"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.False(string.IsNullOrEmpty(await lines.ReadLineAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task A_log_that_cannot_be_read_after_all_ends_with_a_line_that_says_why()
    {
        await host.CallAsync(Post, "service/h-space/run", RunnerApiHost.Sample("run-space"));
        await host.ReachesAsync("h-space", 23);
        (host.Cluster.Faults.ErrorStatus, host.Cluster.Faults.ErrorRate) = (403, 1);
        try
        {
            var (status, text) = await host.CallAsync(Get, "service/h-space/logs", "{}");

            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Contains("cannot be read", text, StringComparison.Ordinal);
        }
        finally
        {
            host.Cluster.Faults.ErrorRate = 0;
        }
    }

    [Fact]
    public async Task A_service_that_sleeps_wakes_up_by_way_of_deploying()
    {
        await host.CallAsync(Post, "service/i-space/run", RunnerApiHost.Sample("run-space"));
        await host.ReachesAsync("i-space", 23);
        await host.ReachesAsync("i-space", 25, 60);
        Assert.True(await host.WakeAsync("i-space"));

        var seen = await CodesUntilRunningAsync("i-space");
        Assert.Contains(20, seen);
        Assert.Subset(new HashSet<int> { 0, 20, 23, 25 }, seen);
    }

    [Fact]
    public async Task A_service_that_is_replaced_is_never_told_as_failed_or_deleted()
    {
        await host.CallAsync(Post, "service/j-space/run", RunnerApiHost.Sample("run-space"));
        await host.ReachesAsync("j-space", 23);

        var second = await host.CallAsync(Post, "service/j-space/run", RunnerApiHost.Sample("run-space").Replace("4712", "4801", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, second.Status);
        var seen = await CodesUntilRunningAsync("j-space");

        Assert.Equal(4801, (await host.StatusAsync("j-space")).GetProperty("deploy_id").GetInt32());
        Assert.Subset(new HashSet<int> { 0, 20, 23 }, seen);
    }

    [Fact]
    public async Task A_purged_finetune_takes_the_users_volume_along_unless_another_workload_uses_it()
    {
        var request = RunnerApiHost.Sample("run-notebook").Replace("\"deploy_type\": 5", "\"deploy_type\": 2", StringComparison.Ordinal);
        var user = RunnerApiHost.Json(request).GetProperty("user_id").GetString()!;
        await host.CallAsync(Post, "service/k-tune/run", request);
        await host.CallAsync(Post, "service/l-tune/run", request);
        await host.ReachesAsync("k-tune", 23);
        Assert.True(KeepsVolume());

        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Delete, "service/k-tune/purge", $$"""{"deploy_type":2,"user_id":"{{user}}"}""")).Status);
        Assert.True(KeepsVolume());

        var sandbox = RunnerApiHost.Sample("sandbox").Replace(RunnerApiHost.Json(RunnerApiHost.Sample("sandbox")).GetProperty("user_id").GetString()!, user, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Post, "sandboxes", sandbox)).Status);
        var purge = $$"""{"deploy_type":2,"user_id":"{{user}}"}""";
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Delete, "service/l-tune/purge", purge)).Status);
        Assert.True(KeepsVolume());

        var name = RunnerApiHost.Json(sandbox).GetProperty("sandbox_name").GetString();
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Delete, "sandboxes", $$"""{"sandbox_id":"{{name}}"}""")).Status);
        await Eventually.TrueAsync(
            async () => (await host.CallAsync(Delete, "service/l-tune/purge", purge)).Status == HttpStatusCode.OK && !HasVolume(), "the volume is gone", 30);
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Delete, "service/l-tune/purge", purge)).Status);

        // Marked as deleted it would go with the last pod that uses it.
        bool KeepsVolume() => host.Cluster.Store.List("", "persistentvolumeclaims", "spaces").Any(claim => claim.Key.Name == user && claim.Json["metadata"]!["deletionTimestamp"] is null);
        bool HasVolume() => host.Cluster.Store.List("", "persistentvolumeclaims", "spaces").Any(claim => claim.Key.Name == user);
    }

    [Fact]
    public async Task The_log_of_a_pod_that_is_not_the_services_is_not_given()
    {
        var (status, text) = await host.CallAsync(Get, "service/nobody/logs/some-pod", "{}");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("No log was found for pod some-pod of service nobody.\n", text);
    }

    [Fact]
    public async Task Purge_of_what_is_not_there_succeeds_and_of_an_unknown_cluster_fails()
    {
        Assert.Equal((HttpStatusCode.OK, """{"code":0,"message":"succeed to clean up service"}"""), await host.CallAsync(Delete, "service/nobody/purge", """{"deploy_type":2,"user_id":"u"}"""));

        var (status, text) = await host.CallAsync(Delete, "service/nobody/purge", """{"cluster_id":"moon"}""");
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Equal(-1, RunnerApiHost.Json(text).GetProperty("code").GetInt32());
        Assert.Contains("moon", Message(text), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_services_are_answered_as_the_contract_says()
    {
        var status = await host.StatusAsync("nobody");
        Assert.Equal((26, "service was deleted"), (status.GetProperty("code").GetInt32(), status.GetProperty("message").GetString()));
        var got = RunnerApiHost.Json((await host.CallAsync(Get, "service/nobody/get", "{}")).Text);
        Assert.Equal((26, "service not exist"), (got.GetProperty("code").GetInt32(), got.GetProperty("message").GetString()));
        Assert.Equal(HttpStatusCode.NotFound, (await host.CallAsync(Get, "service/nobody/replica", "{}")).Status);
        var bad = await host.CallAsync(Get, "service/nobody/get", "{");
        Assert.Equal((HttpStatusCode.OK, -1), (bad.Status, RunnerApiHost.Json(bad.Text).GetProperty("code").GetInt32()));
    }

    [Fact]
    public async Task Status_answers_ask_the_cluster_nothing()
    {
        await host.CallAsync(Post, "service/g-space/run", RunnerApiHost.Sample("run-space"));
        await host.ReachesAsync("g-space", 23);

        // A list may be there before its watch is opened.
        await Eventually.TrueAsync(
            () => new[] { "pods", "nodes", "events", "services.serving.knative.dev", "revisions.serving.knative.dev" }.All(kind => host.Cluster.RequestCounts().ContainsKey($"watch {kind}")),
            "every kind is watched");

        // The last log of a pod that another test has ended may be kept meanwhile: that asks once, an answer that asks does so each time.
        for (var round = 1; await AskedAsync() is { } asked; round++)
        {
            Assert.True(round < 5, asked);
        }

        async Task<string?> AskedAsync()
        {
            var before = Asked();
            for (var i = 0; i < 50; i++)
            {
                await host.StatusAsync("g-space");
                await host.CallAsync(Get, "service/nobody/status", "{}");
                await host.CallAsync(Get, "service/g-space/replica", "{}");
            }

            var after = Asked();
            return after == before ? null : $"{before} became {after}";
        }

        // The connection's own probes are not about workloads.
        string Asked() => string.Join(", ", host.Cluster.RequestCounts().Where(count => count.Key.Contains("pods", StringComparison.Ordinal) || count.Key.Contains("serving", StringComparison.Ordinal)).OrderBy(count => count.Key, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(null, "AUTH-ERR-5")]
    [InlineData("Bearer wrong", "AUTH-ERR-9")]
    [InlineData("Bearer", "AUTH-ERR-5")]
    public async Task Without_the_hubs_token_every_call_is_refused(string? authorization, string code)
    {
        foreach (var path in new[] { "service/x/status", "service/x/run", "nothing/here" })
        {
            using var stranger = new HttpClient { BaseAddress = host.Hub.BaseAddress };
            using var request = new HttpRequestMessage(Get, path);
            if (authorization is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            }

            using var answer = await stranger.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal($$"""{"code":"{{code}}","msg":"{{code}}"}""", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    private async Task<HashSet<int>> CodesUntilRunningAsync(string service)
    {
        var seen = new HashSet<int>();
        await Eventually.TrueAsync(
            async () =>
            {
                seen.Add((await host.StatusAsync(service)).GetProperty("code").GetInt32());
                return seen.Contains(23);
            },
            $"service {service} runs",
            30);
        return seen;
    }

    private static string? Pod(JsonElement status) => status.GetProperty("instance")[0].GetProperty("name").GetString();

    private static string Message(string text) => RunnerApiHost.Json(text).GetProperty("msg").GetString()!;
}
