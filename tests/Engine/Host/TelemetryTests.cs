using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Runner.Engine.Telemetry;
using Runner.Tests.Engine.Identity;
using Runner.Tests.Engine.RunnerApi;

namespace Runner.Tests.Engine.Host;

/// <summary>What the program tells about itself: metrics, readiness, traces and logs.</summary>
public sealed class TelemetryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_say_how_clusters_workloads_and_events_stand_in_the_words_of_Prometheus()
    {
        // Another program in this process, as other tests have at any time, is not counted.
        await using var other = new RunnerApiHost();
        await other.InitializeAsync();
        await using var host = new RunnerApiHost();
        await host.InitializeAsync();
        await host.CallAsync(HttpMethod.Post, "service/m-metrics/run", RunnerApiHost.Sample("run-space"));
        await host.ReachesAsync("m-metrics", 23);

        var text = await host.Hub.GetStringAsync(new Uri(host.Address, "/metrics"), Cancel);

        Assert.Equal(1, Value(text, "runner_cluster_connected", "cluster=\"embedded\""));
        Assert.True(Value(text, "runner_workloads", "kind=\"Service\"", "state=\"Running\"") >= 1);
        Assert.True(Value(text, "runner_hub_events_waiting") >= 2);
        Assert.True(Value(text, "runner_hub_events_written_total", "event_type=\"runner.service.create\"") >= 1);
        Assert.True(Value(text, "runner_cluster_cache_objects", "resource=\"pods\"") >= 1);
        Assert.True(Value(text, "runner_cluster_api_calls_total", "verb=\"watch\"", "resource=\"pods\"", "code=\"200\"") >= 1);
        Assert.True(Value(text, "runner_cluster_queue_depth", "queue=\"services\"") >= 0);
        Assert.Contains("http_server_request_duration_seconds_bucket", text, StringComparison.Ordinal);
        Assert.DoesNotContain("m-metrics", text, StringComparison.Ordinal);
        Assert.Equal("", await PromtoolAsync(text));
    }

    [Fact]
    public async Task Metrics_are_for_a_token_with_the_scope_and_for_nobody_else()
    {
        await using var host = await RunnerHost.StartAsync();
        var tokens = new TokenClient(host);
        await TokenClient.AddMachineAsync(host, "prometheus", "metrics.read");
        await TokenClient.AddMachineAsync(host, "reader", "config.read");

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, (await tokens.ClientCredentialsAsync("prometheus", "metrics.read")).GetProperty("access_token").GetString()));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, (await tokens.ClientCredentialsAsync("reader", "config.read")).GetProperty("access_token").GetString()));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, "not-a-token"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, null));
    }

    [Fact]
    public async Task A_runner_that_knows_no_cluster_is_alive_but_not_ready_and_tells_only_those_who_may_know_why()
    {
        await using var host = await RunnerHost.StartAsync();
        using var stranger = host.Program();
        using var hub = host.Program();
        hub.DefaultRequestHeaders.Authorization = new("Bearer", RunnerHost.HubToken);

        Assert.Equal(HttpStatusCode.OK, (await stranger.GetAsync("/healthz", Cancel)).StatusCode);
        using var word = await stranger.GetAsync("/readyz", Cancel);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"status":"not ready"}"""), (word.StatusCode, await word.Content.ReadAsStringAsync(Cancel)));
        using var detail = await hub.GetAsync("/readyz", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, detail.StatusCode);
        var states = Dependencies(await detail.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("ok", states["storage"].State);
        Assert.Equal("degraded", states["hub"].State);
        Assert.Equal("failed", states["cluster/nowhere"].State);
        await Eventually.TrueAsync(
            async () => Dependencies(await (await hub.GetAsync("/readyz", Cancel)).Content.ReadAsStringAsync(Cancel))["cluster/nowhere"].Message.Contains("no cluster in this test", StringComparison.Ordinal), "the reason");
    }

    [Fact]
    public async Task A_cluster_that_is_lost_later_degrades_the_runner_and_does_not_take_it_away()
    {
        await using var host = new RunnerApiHost();
        await host.InitializeAsync();
        await Eventually.TrueAsync(async () => (await ReadyAsync(host)).Code == HttpStatusCode.OK, "ready", 30);

        await host.Cluster.DisposeAsync();

        await Eventually.TrueAsync(async () => Dependencies((await ReadyAsync(host)).Text)["cluster/embedded"] is { State: "degraded", Message.Length: > 20 }, "the loss is told", 30);
        Assert.Equal(HttpStatusCode.OK, (await ReadyAsync(host)).Code);
    }

    [Fact]
    public async Task Traces_and_logs_reach_a_collector_without_the_values_of_queries_or_tokens()
    {
        var received = new ConcurrentQueue<(string Path, string Body)>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var collector = builder.Build();
        collector.MapPost("/collect/{**path}", async (HttpContext context, string path) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received.Enqueue((path, Encoding.Latin1.GetString(body.ToArray())));
            context.Response.ContentType = "application/x-protobuf";
        });
        await collector.StartAsync(Cancel);

        await using (var host = await RunnerHost.StartAsync(options => options with { Tracing = new() { Endpoint = new Uri(collector.Urls.Single() + "/collect"), Logging = true } }))
        {
            using var program = host.Program();
            program.DefaultRequestHeaders.Authorization = new("Bearer", RunnerHost.HubToken);
            await program.GetAsync("/api/v1/service/traced/status?one-time=planted-code", Cancel);
        }

        var traces = string.Concat(received.Where(call => call.Path == "v1/traces").Select(call => call.Body));
        Assert.Contains("csghub-runner", traces, StringComparison.Ordinal);
        Assert.Contains("/api/v1/service/{name}/status", traces, StringComparison.Ordinal);
        Assert.Contains("Application started", string.Concat(received.Where(call => call.Path == "v1/logs").Select(call => call.Body)), StringComparison.Ordinal);
        var everything = string.Concat(received.Select(call => call.Body));
        Assert.DoesNotContain("planted-code", everything, StringComparison.Ordinal);
        Assert.DoesNotContain(RunnerHost.HubToken, everything, StringComparison.Ordinal);
        Assert.DoesNotContain(RunnerHost.AdminPassword, everything, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/api/v1/pods?watch=1&resourceVersion=5", "watch", "pods")]
    [InlineData("GET", "/api/v1/namespaces/spaces/pods?limit=500", "list", "pods")]
    [InlineData("GET", "/api/v1/namespaces/spaces/pods/web-1/log?follow=true", "get", "pods/log")]
    [InlineData("GET", "/api/v1/namespaces/spaces", "get", "namespaces")]
    [InlineData("PATCH", "/apis/serving.knative.dev/v1/namespaces/spaces/services/web", "patch", "services")]
    [InlineData("POST", "/apis/argoproj.io/v1alpha1/namespaces/spaces/workflows", "create", "workflows")]
    [InlineData("GET", "/version", "get", "")]
    public void A_call_is_counted_by_what_it_asks_for_and_not_by_name(string method, string path, string verb, string resource) =>
        Assert.Equal((verb, resource), ApiCallCounter.Describe(new HttpMethod(method), new Uri("https://cluster" + path)));

    private static async Task<HttpStatusCode> StatusAsync(RunnerHost host, string? token)
    {
        using var client = host.Program();
        client.DefaultRequestHeaders.Authorization = token is null ? null : new("Bearer", token);
        using var answer = await client.GetAsync("/metrics", Cancel);
        return answer.StatusCode;
    }

    private static async Task<(HttpStatusCode Code, string Text)> ReadyAsync(RunnerApiHost host)
    {
        using var answer = await host.Hub.GetAsync(new Uri(host.Address, "/readyz"), Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private static Dictionary<string, (string State, string Message)> Dependencies(string json) => JsonDocument.Parse(json).RootElement.GetProperty("dependencies")
        .EnumerateArray().ToDictionary(one => one.GetProperty("name").GetString()!, one => (one.GetProperty("state").GetString()!, one.GetProperty("message").GetString()!));

    /// <summary>The sum of the samples of a metric that carry all the labels.</summary>
    private static double Value(string text, string name, params string[] labels)
    {
        var samples = text.Split('\n').Where(line => (line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal))
            && labels.All(label => line.Contains(label, StringComparison.Ordinal))).ToList();
        Assert.True(samples.Count > 0, $"{name} with {string.Join(",", labels)} is not there.");
        return samples.Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>What Prometheus' own checker finds wrong; empty when all is well.</summary>
    private static async Task<string> PromtoolAsync(string metrics)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        await promtool.StandardInput.WriteAsync(metrics);
        promtool.StandardInput.Close();
        var output = await promtool.StandardOutput.ReadToEndAsync(Cancel) + await promtool.StandardError.ReadToEndAsync(Cancel);
        await promtool.WaitForExitAsync(Cancel);

        // Names that .NET itself gives are not ours to mend.
        return string.Join('\n', output.Split('\n').Where(line => line.Length > 0 && !line.StartsWith("dotnet_", StringComparison.Ordinal) && !line.StartsWith("target_info", StringComparison.Ordinal)));
    }
}
