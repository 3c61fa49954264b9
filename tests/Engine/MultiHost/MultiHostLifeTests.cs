using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using k8s;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.MultiHost;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.MultiHost;

/// <summary>A service over two hosts from the hub's request to the last event, with the whole program, a simulated cluster and a recording hub.</summary>
public sealed class MultiHostLifeTests : IAsyncLifetime
{
    private const string Name = "u-acme-deepseek-r1-3kc";
    private const string Address = "http://u-acme-deepseek-r1-3kc.spaces.app.example.com";

    private static readonly HttpMethod Get = HttpMethod.Get;
    private static readonly HttpMethod Post = HttpMethod.Post;
    private static readonly string Set = LeaderWorkerSetNames.SetOf(Name);

    private LivingRunner _runner = null!;

    public async ValueTask InitializeAsync()
    {
        _runner = await LivingRunner.StartAsync();

        // What is there from the start has some of the accelerators that the hosts need whole.
        foreach (var service in (await _runner.Api.CustomObjects.ListNamespacedCustomObjectAsync<JsonElement>("serving.knative.dev", "v1", "spaces", "services", cancellationToken: TestContext.Current.CancellationToken)).GetProperty("items").EnumerateArray())
        {
            await _runner.CallAsync(Post, $"service/{service.GetProperty("metadata").GetProperty("name").GetString()}/stop", "{}");
        }
    }

    public ValueTask DisposeAsync() => _runner.DisposeAsync();

    [Fact]
    public async Task The_hub_hears_of_it_as_of_any_service_and_asks_by_the_same_calls()
    {
        Assert.Equal((HttpStatusCode.OK, """{"message":"Service created successfully"}"""), await RunAsync());
        var status = await _runner.ReachesAsync(Name, 23, 60);
        Assert.Equal((4714, 1, Name, 1, 1, Address), (
            status.GetProperty("deploy_id").GetInt32(), status.GetProperty("deploy_type").GetInt32(), status.GetProperty("service_name").GetString(),
            status.GetProperty("actual_replica").GetInt32(), status.GetProperty("desired_replica").GetInt32(), status.GetProperty("url").GetString()));

        // The ingress leads the host of the address, by which the hub calls, to the leaders.
        var route = await _runner.Api.CustomObjects.GetNamespacedCustomObjectAsync<JsonElement>(
            "networking.internal.knative.dev", "v1alpha1", "spaces", "ingresses", Set, TestContext.Current.CancellationToken);
        Assert.Equal("kourier.ingress.networking.knative.dev", route.GetProperty("metadata").GetProperty("annotations").GetProperty("networking.knative.dev/ingress.class").GetString());
        Assert.Equal(
            $$"""{"hosts":["{{Name}}.spaces.app.example.com"],"http":{"paths":[{"splits":[{"serviceName":"{{Name}}","serviceNamespace":"spaces","servicePort":80,"percent":100}]}]},"visibility":"ExternalIP"}""",
            JsonSerializer.Serialize(route.GetProperty("spec").GetProperty("rules")[0]));

        // A repeated request changes nothing.
        Assert.Equal(HttpStatusCode.OK, (await RunAsync()).Status);
        Assert.Equal(["Running", "Running"], status.GetProperty("instance").EnumerateArray().Select(instance => instance.GetProperty("status").GetString()));
        Assert.Equal((HttpStatusCode.OK, $$"""{"service_name":"{{Name}}","pod_names":["{{Set}}-0","{{Set}}-0-1"]}"""), await _runner.CallAsync(Get, $"service/{Name}/info", "{}"));
        Assert.Contains("\"actual_replica\":1,\"desired_replica\":1", (await _runner.CallAsync(Get, $"service/{Name}/replica", "{}")).Text, StringComparison.Ordinal);
        Assert.Contains($"\"message\":\"{Name}\"", (await _runner.CallAsync(Get, $"service/{Name}/get", "{}")).Text, StringComparison.Ordinal);

        // One version serves all; another is refused with what to do instead.
        var versions = RunnerApiHost.Json((await _runner.CallAsync(Get, $"service/{Name}/versions?cluster_id=")).Text);
        Assert.Equal([("main", 100, true)], versions.EnumerateArray().Select(version =>
            (version.GetProperty("commit").GetString(), version.GetProperty("traffic_percent").GetInt32(), version.GetProperty("is_ready").GetBoolean())));
        foreach (var (method, path, body) in new[]
        {
            (Post, "versions", """{"commit":"other","initial_traffic":10}"""), (HttpMethod.Put, "versions/traffic", """[{"commit":"main","traffic_percent":100}]"""), (HttpMethod.Delete, "versions/main", "{}"),
        })
        {
            var (refused, text) = await _runner.CallAsync(method, $"service/{Name}/{path}", body);
            Assert.Equal(HttpStatusCode.Conflict, refused);
            Assert.Contains("spans several hosts", RunnerApiHost.Json(text).GetProperty("msg").GetString(), StringComparison.Ordinal);
        }

        var leader = await _runner.Api.CoreV1.ReadNamespacedPodAsync($"{Set}-0", "spaces", cancellationToken: TestContext.Current.CancellationToken);
        await ToldAsync(
            "runner.service.change",
            $$"""{"service_name":"{{Name}}","status":23,"endpoint":"{{Address}}","message":"","reason":"","task_id":9004,"cluster_node":"{{leader.Spec.NodeName}}","queue_name":"","instances":[{"name":"{{Set}}-0","status":"Running"},{"name":"{{Set}}-0-1","status":"Running"}]}""");
        var (type, data) = Told()[0];
        Assert.Equal("runner.service.create", type);

        // How far its pods are when the first is told is a matter of milliseconds, and the scheduler may have refused them while their volume was not bound yet.
        var pattern = $$"""^{"service_name":"{{Name}}","status":(0|20|21),"endpoint":"{{Address}}","message":"(|[^"]*unbound immediate PersistentVolumeClaims[^"]*)","reason":"(create|Unschedulable)","task_id":9004,"cluster_node":"[a-z0-9-]*","queue_name":"","instances":\[.*\]}$""";
        Assert.True(Regex.IsMatch(data, pattern), data);
        Assert.All(Told()[1..], told => Assert.Equal("runner.service.change", told.Type));

        // The pages show the set as they show any service, its events with those of its pods, without what the environment keeps secret.
        var key = new WorkloadKey("embedded", WorkloadKind.Service, "spaces", Name);
        Assert.Equal(["LeaderWorkerSet", "Pod", "StatefulSet"], _runner.State.EventsOf(key).Select(e => e.Object.Split('/')[0]).Distinct().Order(StringComparer.Ordinal));
        Assert.Contains("kind: LeaderWorkerSet", _runner.State.ManifestOf(key), StringComparison.Ordinal);
        Assert.DoesNotContain("tok-9f2e", _runner.State.ManifestOf(key), StringComparison.Ordinal);

        Assert.Equal((HttpStatusCode.OK, """{"deploy_id":4714,"code":0,"message":"service deleted"}"""), await _runner.CallAsync(Post, $"service/{Name}/stop", """{"id":4714}"""));
        await ToldAsync("runner.service.stop", $$"""{"service_name":"{{Name}}","status":26,"endpoint":"","message":"","reason":"","task_id":9004,"cluster_node":"","queue_name":"","instances":[]}""");
        await _runner.ReachesAsync(Name, 26);
        await Eventually.TrueAsync(
            async () => (await _runner.Api.CoreV1.ListNamespacedServiceAsync("spaces", labelSelector: $"{LeaderWorkerSetNames.ServiceLabel}={Name}", cancellationToken: TestContext.Current.CancellationToken)).Items.Count == 0,
            "the address went with the set");
        await Eventually.TrueAsync(
            async () => (await _runner.Api.CustomObjects.ListNamespacedCustomObjectAsync<JsonElement>(
                "networking.internal.knative.dev", "v1alpha1", "spaces", "ingresses", cancellationToken: TestContext.Current.CancellationToken)).GetProperty("items").GetArrayLength() == 0,
            "what led to it went too");
        Assert.Equal(HttpStatusCode.OK, (await _runner.CallAsync(Post, $"service/{Name}/stop", """{"id":4714}""")).Status);
    }

    [Fact]
    public async Task A_runner_without_its_data_folder_knows_it_again_and_tells_its_end()
    {
        await RunAsync();
        await _runner.ReachesAsync(Name, 23, 60);

        await _runner.ForgetAllAsync();

        var status = await _runner.ReachesAsync(Name, 23);
        Assert.Equal((4714, Address), (status.GetProperty("deploy_id").GetInt32(), status.GetProperty("url").GetString()));
        await _runner.CallAsync(Post, $"service/{Name}/stop", """{"id":4714}""");
        await Eventually.TrueAsync(() => Told() is [.., ("runner.service.stop", _)], "the end is told", 30);
        Assert.All(Told().Where(told => told.Type == "runner.service.stop"), told => Assert.Contains("\"task_id\":9004", told.Data, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_domain_of_Knatives_it_has_its_address_within_the_cluster()
    {
        await _runner.Api.CoreV1.DeleteNamespacedConfigMapAsync("config-domain", "knative-serving", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, (await RunAsync()).Status);

        var (_, status) = await _runner.CallAsync(Get, $"service/{Name}/status", "{}");
        Assert.Equal($"http://{Name}.spaces.svc.cluster.local", RunnerApiHost.Json(status).GetProperty("url").GetString());
    }

    [Fact]
    public async Task A_service_that_changes_from_one_host_to_several_and_back_is_replaced_cleanly()
    {
        var single = RunnerApiHost.Sample("run-multihost").Replace("\"replicas\": 2", "\"replicas\": 1", StringComparison.Ordinal);
        await _runner.CallAsync(Post, $"service/{Name}/run", single);
        Assert.Single((await _runner.ReachesAsync(Name, 23, 60)).GetProperty("instance").EnumerateArray());

        Assert.Equal(HttpStatusCode.OK, (await RunAsync()).Status);
        await Eventually.TrueAsync(async () => await HostsAsync() == 2, "it runs over two hosts", 30);
        var address = await _runner.Api.CoreV1.ReadNamespacedServiceAsync(Name, "spaces", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("0", address.Spec.Selector[LeaderWorkerSetNames.WorkerIndexLabel]);

        Assert.Equal(HttpStatusCode.OK, (await _runner.CallAsync(Post, $"service/{Name}/run", single)).Status);
        await Eventually.TrueAsync(async () => await HostsAsync() == 1, "it runs on one host", 30);

        // One that makes room is not told as stopped, unless it was gone and the next one there at one look.
        Assert.Matches("^create( stop)? create( stop)? create$", string.Join(' ', Told().Select(told => told.Type.Split('.')[^1]).Where(type => type != "change")));
    }

    [Fact]
    public async Task An_update_reaches_every_host()
    {
        await RunAsync();
        await _runner.ReachesAsync(Name, 23, 60);
        const string Update = """{"id":4714,"svc_name":"x","image_id":"opencsghq/vllm:v0.25.0","min_replica":1,"max_replica":1,"env":{"port":"9000","REVISION":"next"}}""";

        var answer = await _runner.CallAsync(HttpMethod.Put, $"service/{Name}/update", Update);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        await Eventually.TrueAsync(
            async () => (await _runner.Api.CoreV1.ListNamespacedPodAsync("spaces", labelSelector: $"{LeaderWorkerSetNames.ServiceLabel}={Name}", cancellationToken: TestContext.Current.CancellationToken)).Items
                is { Count: 2 } pods && pods.All(pod => pod.Spec.Containers[0].Image.EndsWith("vllm:v0.25.0", StringComparison.Ordinal)
                    && pod.Spec.Containers[0].Env.Any(variable => variable is { Name: "TOTAL_GPU", Value: "16" })),
            "both hosts have the new image, and still know how many accelerators they have together",
            60);
        Assert.Equal("9000", (await _runner.Api.CoreV1.ReadNamespacedServiceAsync(Name, "spaces", cancellationToken: TestContext.Current.CancellationToken)).Spec.Ports.Single().TargetPort.Value);
        Assert.Equal("next", (await _runner.ReachesAsync(Name, 23, 60)).GetProperty("revision")[0].GetProperty("commit_id").GetString());
        var onOneHost = Update.Replace("\"min_replica\"", "\"hardware\":{\"replicas\":1},\"min_replica\"", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await _runner.CallAsync(HttpMethod.Put, $"service/{Name}/update", onOneHost)).Status);
    }

    /// <summary>Instances once it runs, at the address that it has either way.</summary>
    private async Task<int> HostsAsync()
    {
        var status = await _runner.ReachesAsync(Name, 23, 60);
        Assert.Equal(Address, status.GetProperty("url").GetString());
        return status.GetProperty("instance").GetArrayLength();
    }

    private Task<(HttpStatusCode Status, string Text)> RunAsync() => _runner.CallAsync(Post, $"service/{Name}/run", RunnerApiHost.Sample("run-multihost"));

    private Task ToldAsync(string type, string data) => Eventually.TrueAsync(() => Told() is [.., var last] && last == (type, data), $"the hub is told {type} {data}", 30);

    /// <summary>What the hub took of this service, repetitions of deliveries left out.</summary>
    private List<(string Type, string Data)> Told() =>
        [.. _runner.Hub.Taken.Where(received => received.Service == Name).Select(received => (received.Type, received.Root.GetProperty("data").GetRawText()))];
}
