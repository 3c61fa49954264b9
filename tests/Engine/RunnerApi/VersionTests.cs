using System.Globalization;
using System.Net;
using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.RunnerApi;

/// <summary>Updates and versions side by side, as the hub calls for them.</summary>
public sealed class VersionTests(RunnerApiHost host) : IClassFixture<RunnerApiHost>
{
    private const string First = "5f0b02c75b57c5855da9ae460ce51323ea669d8a";
    private const string Second = "2222222222222222222222222222222222222222";
    private static readonly HttpMethod Get = HttpMethod.Get;
    private static readonly HttpMethod Post = HttpMethod.Post;
    private static readonly HttpMethod Put = HttpMethod.Put;
    private static readonly HttpMethod Delete = HttpMethod.Delete;

    [Fact]
    public async Task An_update_makes_a_new_revision_once_however_often_it_is_sent()
    {
        await RunAsync("u-model");
        const string update = """{"image_id":"opencsghq/vllm:v0.25.0","min_replica":1,"max_replica":3,"env":{"port":"8000","REVISION":"5f0b02c75b57c5855da9ae460ce51323ea669d8a"},"hardware":{"cpu":{"num":"2"},"memory":"4Gi"}}""";

        var answer = await host.CallAsync(Put, "service/u-model/update", update);
        Assert.Equal((HttpStatusCode.OK, """{"deploy_id":4711,"code":0,"message":"service updated"}"""), answer);
        Assert.Equal(answer, await host.CallAsync(Put, "service/u-model/update", update));

        await Eventually.TrueAsync(async () => (await VersionsAsync("u-model"))[0].GetProperty("revision_name").GetString() == "u-model-00002"
            && (await VersionsAsync("u-model"))[0].GetProperty("traffic_percent").GetInt32() == 100, "the update serves all requests", 30);
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Put, "service/u-model/update", update)).Status);
        Assert.DoesNotContain(host.Cluster.Store.List("serving.knative.dev", "revisions", "spaces"), revision => revision.Key.Name == "u-model-00003");
    }

    [Fact]
    public async Task An_update_of_what_is_gone_is_skipped_and_a_bad_one_is_refused()
    {
        var (status, text) = await host.CallAsync(Put, "service/nobody/update", """{"image_id":"a/b","max_replica":1}""");
        Assert.Equal((HttpStatusCode.OK, """{"deploy_id":0,"code":0,"message":"skipped, service not exist"}"""), (status, text));

        await RunAsync("u-bad");
        var bad = await host.CallAsync(Put, "service/u-bad/update", """{"max_replica":1,"env":{"port":"8000","TOKEN":"planted-secret-99"}}""");
        Assert.Equal(HttpStatusCode.BadRequest, bad.Status);
        Assert.Contains("image_id is required", Message(bad.Text), StringComparison.Ordinal);
        var refused = await host.CallAsync(Put, "service/u-bad/update", """{"image_id":"a/b","env":{"port":"8012","TOKEN":"planted-secret-99"}}""");
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("reserved port", Message(refused.Text), StringComparison.Ordinal);
        Assert.DoesNotContain("planted-secret-99", host.Log + bad.Text + refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Updates_at_once_do_not_disturb_each_other()
    {
        await RunAsync("u-many");

        var answers = await Task.WhenAll(Enumerable.Range(1, 8).Select(i =>
            host.CallAsync(Put, "service/u-many/update", $$"""{"image_id":"opencsghq/vllm:v{{i}}","max_replica":2}""")));

        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.OK, """{"deploy_id":4711,"code":0,"message":"service updated"}"""), answer));
    }

    [Fact]
    public async Task A_version_is_deployed_gets_its_traffic_and_goes()
    {
        await RunAsync("v-model");
        Assert.Equal([(First, 100, true)], Facts(await VersionsAsync("v-model")));

        Assert.Equal((HttpStatusCode.OK, """{"msg":"OK"}"""), await host.CallAsync(Post, "service/v-model/versions", Version(Second, 20)));
        await HasAsync("v-model", (First, 80, true), (Second, 20, true));
        var second = (await VersionsAsync("v-model"))[1];
        Assert.Equal(
            ["commit", "create_time", "is_ready", "message", "reason", "revision_name", "traffic_percent"],
            second.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
        Assert.True(DateTimeOffset.TryParse(second.GetProperty("create_time").GetString(), CultureInfo.InvariantCulture, out _));
        Assert.Equal((HttpStatusCode.Conflict, "RUNNER-ERR-0"), await RefusalAsync(Post, "service/v-model/versions", Version(Second, 20)));

        var set = $$"""[{"commit":"{{First}}","traffic_percent":55},{"commit":"{{Second}}","traffic_percent":45}]""";
        Assert.Equal((HttpStatusCode.OK, """{"msg":"OK"}"""), await host.CallAsync(Put, "service/v-model/versions/traffic?cluster_id=", set));
        await HasAsync("v-model", (First, 55, true), (Second, 45, true));
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Put, "service/v-model/versions/traffic", set)).Status);

        Assert.Equal((HttpStatusCode.OK, """{"msg":"OK"}"""), await host.CallAsync(Delete, $"service/v-model/versions/{First}?cluster_id="));
        await HasAsync("v-model", (Second, 100, true));
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Delete, $"service/v-model/versions/{First}")).Status);
        Assert.Equal((HttpStatusCode.Conflict, "SERVERLESS-ERR-7"), await RefusalAsync(Delete, $"service/v-model/versions/{Second}"));

        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Post, "service/v-model/versions", Version(First, 100))).Status);
        await HasAsync("v-model", (Second, 0, true), (First, 100, true));
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Delete, $"service/v-model/versions/{First}")).Status);
        await HasAsync("v-model", (Second, 100, true));
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Post, "service/v-model/versions", Version(First, 10))).Status);
        await HasAsync("v-model", (Second, 90, true), (First, 10, true));
        Assert.Equal(23, (await host.StatusAsync("v-model")).GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task After_the_newest_version_was_removed_an_update_reaches_everybody_and_does_not_bring_it_back()
    {
        await RunAsync("z-model");
        await host.CallAsync(Post, "service/z-model/versions", Version(Second, 100));
        await HasAsync("z-model", (First, 0, true), (Second, 100, true));
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Delete, $"service/z-model/versions/{Second}")).Status);
        await HasAsync("z-model", (First, 100, true));

        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Put, "service/z-model/update", """{"image_id":"opencsghq/vllm:v0.25.0","min_replica":1,"max_replica":3}""")).Status);

        await Eventually.TrueAsync(
            async () => await VersionsAsync("z-model") is [var one] && one.GetProperty("revision_name").GetString() == "z-model-00003" && Facts([one]).Single() == (First, 100, true),
            "all requests go to the updated version, and there is no other",
            30);
        Assert.Contains($$"""{"name":"REVISION","value":"{{First}}"}""", Json("z-model"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_cannot_be_is_refused_with_its_code_and_changes_nothing()
    {
        await RunAsync("w-model");
        var before = Json("w-model");

        Assert.Equal((HttpStatusCode.Conflict, "SERVERLESS-ERR-1"), await RefusalAsync(Post, "service/nobody/versions", Version(Second, 10)));
        Assert.Equal((HttpStatusCode.Conflict, "SERVERLESS-ERR-1"), await RefusalAsync(Put, "service/nobody/versions/traffic", "[]"));
        Assert.Equal((HttpStatusCode.Conflict, "SERVERLESS-ERR-1"), await RefusalAsync(Delete, "service/nobody/versions/x"));
        Assert.Equal((HttpStatusCode.OK, "[]"), await host.CallAsync(Get, "service/nobody/versions?cluster_id="));
        Assert.Equal(HttpStatusCode.NotFound, (await host.CallAsync(Get, "service/w-model/versions?cluster_id=moon")).Status);
        Assert.Equal((HttpStatusCode.Conflict, "RUNNER-ERR-2"), await RefusalAsync(Post, "service/w-model/versions", Version(First, 10)));
        Assert.Equal((HttpStatusCode.Conflict, "SERVERLESS-ERR-5"), await RefusalAsync(Post, "service/w-model/versions", Version(Second, 101)));
        Assert.Equal(HttpStatusCode.BadRequest, (await host.CallAsync(Post, "service/w-model/versions", "{}")).Status);
        Assert.Equal((HttpStatusCode.Conflict, "SERVERLESS-ERR-7"), await RefusalAsync(Delete, $"service/w-model/versions/{First}"));
        Assert.Equal((HttpStatusCode.Conflict, "SERVERLESS-ERR-4"), await RefusalAsync(Delete, "service/w-model/versions/unknown"));
        foreach (var (body, code) in new[]
        {
            ("{}", "REQ-ERR-1"), ("not JSON", "REQ-ERR-1"), ("[]", "SERVERLESS-ERR-5"), ("[null]", "SERVERLESS-ERR-4"),
            ($$"""[{"commit":"{{First}}","traffic_percent":99}]""", "SERVERLESS-ERR-5"), ($$"""[{"commit":"{{First}}","traffic_percent":-1}]""", "SERVERLESS-ERR-5"),
            ($$"""[{"commit":"{{Second}}","traffic_percent":100}]""", "SERVERLESS-ERR-4"),
        })
        {
            Assert.Equal((HttpStatusCode.Conflict, code), await RefusalAsync(Put, "service/w-model/versions/traffic", body));
        }

        Assert.Equal(before, Json("w-model"));
    }

    [Fact]
    public async Task A_version_that_is_not_ready_gets_no_requests_and_the_one_that_is_stays()
    {
        await RunAsync("x-model");
        await host.CallAsync(Put, "service/x-model/update", $$$"""{"image_id":"opencsghq/vllm:missing","min_replica":1,"max_replica":3,"env":{"port":"8000","REVISION":"{{{Second}}}"}}""");
        await Eventually.TrueAsync(async () => (await VersionsAsync("x-model")).Length == 2, "the new version is there", 30);

        Assert.Equal((HttpStatusCode.Conflict, "RUNNER-ERR-3"), await RefusalAsync(Put, "service/x-model/versions/traffic", $$"""[{"commit":"{{Second}}","traffic_percent":100}]"""));
        Assert.Equal((HttpStatusCode.Conflict, "RUNNER-ERR-2"), await RefusalAsync(Post, "service/x-model/versions", Version(Second, 50)));
        Assert.Equal((HttpStatusCode.Conflict, "SERVERLESS-ERR-7"), await RefusalAsync(Delete, $"service/x-model/versions/{First}"));
        Assert.Equal((HttpStatusCode.OK, """{"msg":"OK"}"""), await host.CallAsync(Delete, $"service/x-model/versions/{Second}"));
        await HasAsync("x-model", (First, 100, true));
    }

    [Fact]
    public async Task A_service_that_does_not_say_how_far_it_may_grow_gets_no_other_version()
    {
        await RunAsync("y-model");
        using var client = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(host.Cluster.Kubeconfig()))));
        const string Without = """{"spec":{"template":{"metadata":{"annotations":{"autoscaling.knative.dev/max-scale":null}}}}}""";
        await client.CustomObjects.PatchNamespacedCustomObjectAsync(
            new V1Patch(Without, V1Patch.PatchType.MergePatch), "serving.knative.dev", "v1", "spaces", "services", "y-model", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.Conflict, "RUNNER-ERR-1"), await RefusalAsync(Post, "service/y-model/versions", Version(Second, 10)));
    }

    private async Task RunAsync(string name)
    {
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(Post, $"service/{name}/run", RunnerApiHost.Sample("run-inference").Replace("\"num\": \"8\"", "\"num\": \"1\"", StringComparison.Ordinal))).Status);
        await host.ReachesAsync(name, 23);
    }

    private async Task<JsonElement[]> VersionsAsync(string name) =>
        [.. RunnerApiHost.Json((await host.CallAsync(Get, $"service/{name}/versions?cluster_id=")).Text).EnumerateArray()];

    private async Task HasAsync(string name, params (string Commit, int Percent, bool Ready)[] expected)
    {
        await Eventually.TrueAsync(
            async () => Facts(await VersionsAsync(name)).SequenceEqual(expected), $"the versions of {name} are {string.Join(", ", expected)}", 30);
    }

    private async Task<(HttpStatusCode Status, string? Code)> RefusalAsync(HttpMethod method, string path, string? body = null)
    {
        var (status, text) = await host.CallAsync(method, path, body);
        var code = RunnerApiHost.Json(text).GetProperty("code").GetString();
        Assert.StartsWith($"{code}: ", Message(text), StringComparison.Ordinal);
        return (status, code);
    }

    private string Json(string name) =>
        host.Cluster.Store.List("serving.knative.dev", "services", "spaces").Single(service => service.Key.Name == name).Json["spec"]!.ToJsonString();

    private static IEnumerable<(string, int, bool)> Facts(IEnumerable<JsonElement> versions) => versions.Select(version =>
        (version.GetProperty("commit").GetString()!, version.GetProperty("traffic_percent").GetInt32(), version.GetProperty("is_ready").GetBoolean()));

    private static string Version(string commit, int initial) => $$"""{"cluster_id":"","commit":"{{commit}}","initial_traffic":{{initial}}}""";

    private static string Message(string text) => RunnerApiHost.Json(text).GetProperty("msg").GetString()!;
}
