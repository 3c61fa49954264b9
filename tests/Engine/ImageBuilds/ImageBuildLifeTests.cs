using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runner.EmbeddedCluster;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Logs;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.ImageBuilds;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;
using Runner.Web;

namespace Runner.Tests.Engine.ImageBuilds;

/// <summary>Builds from the hub's request to the last event, with the whole program, a simulated cluster and a recording hub.</summary>
public sealed class ImageBuildLifeTests : IAsyncLifetime
{
    private const string Workflow = "sib-acme-sketch-d-4712-9002";
    private const string Image = "acme/sketch-demo-221:0a1b2c3d4e";
    private const string RegistryPassword = "registry-planted-0815";

    private readonly List<TemporaryFolder> _folders = [];
    private readonly StringBuilder _log = new();
    private EmbeddedClusterHost _cluster = null!;
    private RecordingHub _hub = null!;
    private Kubernetes _api = null!;
    private WebApplication? _runner;
    private HttpClient _caller = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.1 }, TestContext.Current.CancellationToken);
        _hub = await RecordingHub.StartAsync();
        _api = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(Encoding.UTF8.GetBytes(_cluster.Kubeconfig()))));
        await _api.CoreV1.CreateNamespacedSecretAsync(
            new V1Secret
            {
                Metadata = new() { Name = "registry-pull" },
                Type = "kubernetes.io/dockerconfigjson",
                StringData = new Dictionary<string, string> { [".dockerconfigjson"] = $$$"""{"auths": {"registry.example.com": {"password": "{{{RegistryPassword}}}"} } }""" },
            },
            "spaces",
            cancellationToken: TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _api.Dispose();
        await _hub.DisposeAsync();
        await _cluster.DisposeAsync();
        _folders.ForEach(folder => folder.Dispose());
    }

    [Fact]
    public async Task The_hub_hears_that_a_build_waits_runs_and_has_succeeded()
    {
        await StartAsync();

        Assert.Equal((HttpStatusCode.OK, """{"msg":"OK"}"""), await BuildAsync());
        await ToldAsync("Succeeded");

        Assert.Equal(["Pending", "Running", "Succeeded"], Phases().Distinct());
        Assert.Equal("Succeeded", Phases()[^1]);
        Assert.Equal(
            $$"""{"deploy_id":"4712","task_id":9002,"status":"Succeeded","message":"","imaget_path":"{{Image}}"}""",
            Builds()[^1].Root.GetProperty("data").GetRawText());
        var build = Feed().Current.Values.Single(workload => workload.Key.Kind == WorkloadKind.ImageBuild);
        Assert.Equal((DeployStatus.BuildSuccess, "Succeeded", Image), (build.Status, build.Job!.Status, build.Image));
    }

    [Fact]
    public async Task A_failed_build_is_told_with_its_last_words()
    {
        await StartAsync(options => options with { ImageBuilds = options.ImageBuilds with { KanikoImage = "example/kaniko:fails" } });

        await BuildAsync();
        await ToldAsync("Failed");

        Assert.Equal("Running", Phases()[^2]);
        Assert.StartsWith("ERROR: the job failed", Builds()[^1].Root.GetProperty("data").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_logs_of_both_containers_can_be_read_also_when_the_build_is_gone()
    {
        await StartAsync(options => options with { ImageBuilds = options.ImageBuilds with { KanikoImage = "example/kaniko:fails" } });
        await BuildAsync();
        await ToldAsync("Failed");
        var key = Feed().Current.Keys.Single(key => key.Kind == WorkloadKind.ImageBuild);
        var pod = Feed().Current[key].Instances.Single().PodName;
        var logs = _runner!.Services.GetRequiredService<PodLogs>();
        var cluster = _runner.Services.GetRequiredService<ClusterDirectory>().Connections[0];
        await Eventually.TrueAsync(() => logs.KeptOf(key).Select(log => log.Container).Order().SequenceEqual(["init-repo", "main"]), "the logs of both containers are kept", 30);

        await CallAsync(HttpMethod.Put, "imagebuilder/stop", """{"org_name":"Acme","space_name":"Sketch-Demo","deploy_id":"4712","task_id":"9002"}""");
        await Eventually.TrueAsync(() => cluster.State.Pods.Find("spaces", pod) is null, "the pod is gone", 30);

        var lines = new List<string>();
        await foreach (var line in logs.ReadAsync(cluster, "spaces", pod, "main", new(), TestContext.Current.CancellationToken))
        {
            lines.Add(line.Text);
        }

        Assert.Contains(lines, line => line.StartsWith("ERROR: the job failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_repeated_request_is_the_same_build_and_a_repeated_stop_is_well()
    {
        await StartAsync(options => options with { ImageBuilds = options.ImageBuilds with { KanikoImage = "example/kaniko:running" } });
        await BuildAsync();
        await ToldAsync("Running");
        var uid = await UidAsync();

        Assert.Equal(HttpStatusCode.OK, (await BuildAsync()).Status);
        Assert.Equal(uid, await UidAsync());

        const string Stop = """{"org_name":"Acme","space_name":"Sketch-Demo","deploy_id":"4712","task_id":"9002","cluster_id":""}""";
        Assert.Equal((HttpStatusCode.OK, """{"msg":"OK"}"""), await CallAsync(HttpMethod.Put, "imagebuilder/stop", Stop));
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(HttpMethod.Put, "imagebuilder/stop", Stop)).Status);
        await ToldAsync("Failed");
        Assert.Contains("removed before its end was seen", Builds()[^1].Body, StringComparison.Ordinal);
        await GoneAsync(() => _api.CoreV1.ReadNamespacedSecretAsync($"{Workflow}-git", "spaces"), "the token's Secret went with the build");
    }

    [Fact]
    public async Task A_build_whose_token_the_cluster_does_not_take_never_begins()
    {
        await StartAsync();

        // Somebody keeps a Secret of that name that must not change.
        var token = TestContext.Current.CancellationToken;
        var other = new V1Secret { Metadata = new() { Name = $"{Workflow}-git" }, Immutable = true, StringData = new Dictionary<string, string> { ["token"] = "another" } };
        var made = await _api.CoreV1.CreateNamespacedSecretAsync(other, "spaces", cancellationToken: token);
        var answer = await BuildAsync();
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains($"Secret '{Workflow}-git' is there already and was not made by the runner", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("tok-11aa", answer.Text, StringComparison.Ordinal);

        // The hub hears of nothing, least of all of a build that failed.
        await GoneAsync(UidAsync, "there is no workflow");
        Assert.DoesNotContain(Feed().Current.Keys, key => key.Name == Workflow);
        Assert.Empty(Builds());

        // Neither the failure nor a stop takes what is somebody else's.
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(HttpMethod.Put, "imagebuilder/stop", """{"org_name":"Acme","space_name":"Sketch-Demo","deploy_id":"4712","task_id":"9002"}""")).Status);
        Assert.Equal(made.Metadata.ResourceVersion, (await _api.CoreV1.ReadNamespacedSecretAsync($"{Workflow}-git", "spaces", cancellationToken: token)).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_request_for_a_build_that_has_ended_builds_anew()
    {
        await StartAsync();
        await BuildAsync();
        await ToldAsync("Succeeded");
        var uid = await UidAsync();

        Assert.Equal(HttpStatusCode.OK, (await BuildAsync()).Status);

        Assert.NotEqual(uid, await UidAsync());
        await Eventually.TrueAsync(() => Phases().Count(phase => phase == "Succeeded") == 2, "the second build was told", 30);
    }

    [Fact]
    public async Task A_request_for_a_build_whose_end_no_watch_has_shown_yet_takes_nothing_of_that_end()
    {
        await StartAsync();
        await BuildAsync();
        await Eventually.TrueAsync(() => Builds().Count > 0, "the hub heard of the build", 30);
        _cluster.Faults.SilentWatches = true;
        await Eventually.TrueAsync(async () => await PhaseAsync() == "Succeeded", "the build has ended", 30);

        var looks = Looks();
        var again = BuildAsync();
        await Eventually.TrueAsync(() => Looks() > looks + 1, "the runner has looked at the build, and at what became of it", 30);

        // The watches come back where what they have missed is not told any more.
        (_cluster.Faults.SilentWatches, _cluster.Faults.ExpireWatches) = (false, true);
        _cluster.Faults.CutWatches();
        await ToldAsync("Succeeded");
        _cluster.Faults.ExpireWatches = false;

        Assert.Equal(HttpStatusCode.OK, (await again).Status);
        await Eventually.TrueAsync(() => Phases().Count(phase => phase == "Succeeded") == 2, "the build that was asked for since was told", 30);
        Assert.DoesNotContain("Failed", Phases());
    }

    [Fact]
    public async Task A_runner_without_its_data_folder_knows_the_build_again_and_tells_its_end()
    {
        await StartAsync();
        await BuildAsync();
        await ToldAsync("Running");
        await StopAsync();

        await StartAsync();
        await ToldAsync("Succeeded");

        Assert.Equal(["Pending", "Running", "Succeeded"], Phases().Distinct());
        Assert.All(Builds(), e => Assert.Equal(("4712", 9002, Image), (Data(e, "deploy_id"), e.Root.GetProperty("data").GetProperty("task_id").GetInt64(), Data(e, "imaget_path"))));
    }

    [Fact]
    public async Task Token_and_registry_password_are_in_no_object_event_answer_or_log()
    {
        await StartAsync(options => options with { ImageBuilds = options.ImageBuilds with { KanikoImage = "example/kaniko:fails" } });
        var answers = new StringBuilder();
        answers.Append(await BuildAsync());
        answers.Append(await CallAsync(HttpMethod.Post, "imagebuilder/builder", RunnerApiHost.Sample("image-build").Replace("\"gradio\"", "\"x\"", StringComparison.Ordinal)));
        answers.Append(await CallAsync(HttpMethod.Post, "imagebuilder/builder", RunnerApiHost.Sample("image-build").Replace("9002", "\"tok-11aa\"", StringComparison.Ordinal)));
        await ToldAsync("Failed");

        var token = TestContext.Current.CancellationToken;
        var objects = new List<string>
        {
            JsonSerializer.Serialize(await _api.CustomObjects.ListNamespacedCustomObjectAsync<JsonElement>("argoproj.io", "v1alpha1", "spaces", "workflows", cancellationToken: token)),
            KubernetesJson.Serialize(await _api.CoreV1.ListNamespacedPodAsync("spaces", cancellationToken: token)),
            KubernetesJson.Serialize(await _api.CoreV1.ListNamespacedEventAsync("spaces", cancellationToken: token)),
            KubernetesJson.Serialize(await _api.CoreV1.ListNamespacedConfigMapAsync("spaces", cancellationToken: token)),
            answers.ToString(),
            string.Concat(_hub.Taken.Select(e => e.Body)),
            Log(),
            _runner!.Services.GetRequiredService<ClusterDirectory>().Connections[0].State.ManifestOf(Feed().Current.Keys.Single(key => key.Kind == WorkloadKind.ImageBuild))!,
        };
        Assert.All(objects, text => Assert.NotEmpty(text));
        Assert.All(objects, text => Assert.DoesNotContain("tok-11aa", text, StringComparison.Ordinal));
        Assert.All(objects, text => Assert.DoesNotContain(RegistryPassword, text, StringComparison.Ordinal));
        var secret = await _api.CoreV1.ReadNamespacedSecretAsync($"{Workflow}-git", "spaces", cancellationToken: token);
        Assert.Equal(("tok-11aa", "Workflow"), (Encoding.UTF8.GetString(secret.Data["token"]), Assert.Single(secret.Metadata.OwnerReferences).Kind));
    }

    [Fact]
    public async Task The_build_files_are_written_once_and_healed_when_deleted_or_changed()
    {
        await StartAsync();
        var token = TestContext.Current.CancellationToken;
        await Eventually.TrueAsync(async () => await FilesAreCurrentAsync(), "the files were written", 30);
        var version = (await _api.CoreV1.ReadNamespacedConfigMapAsync(BuildFiles.ScriptsConfigMap, "spaces", cancellationToken: token)).Metadata.ResourceVersion;
        await StopAsync();
        await StartAsync();
        await BuildAsync();
        await ToldAsync("Running");
        Assert.Equal(version, (await _api.CoreV1.ReadNamespacedConfigMapAsync(BuildFiles.ScriptsConfigMap, "spaces", cancellationToken: token)).Metadata.ResourceVersion);

        await _api.CoreV1.DeleteNamespacedConfigMapAsync(BuildFiles.ScriptsConfigMap, "spaces", cancellationToken: token);
        await _api.CoreV1.PatchNamespacedConfigMapAsync(
            new V1Patch("""{"data":{"nginx.conf":"spoilt"}}""", V1Patch.PatchType.MergePatch), BuildFiles.DockerfilesConfigMap, "spaces", cancellationToken: token);
        await Eventually.TrueAsync(async () => await FilesAreCurrentAsync(), "the files are as they were", 30);
    }

    [Theory]
    [InlineData("imagebuilder/builder", "POST", "{", HttpStatusCode.BadRequest)]
    [InlineData("imagebuilder/builder", "POST", "{}", HttpStatusCode.BadRequest)]
    [InlineData("imagebuilder/builder", "POST", """{"cluster_id":"nowhere","org_name":"a","space_name":"b"}""", HttpStatusCode.NotFound)]
    [InlineData("imagebuilder/stop", "PUT", """{"task_id":9002}""", HttpStatusCode.BadRequest)]
    [InlineData("imagebuilder/stop", "PUT", """{"cluster_id":"nowhere","task_id":"9002"}""", HttpStatusCode.NotFound)]
    public async Task A_bad_call_is_answered_with_a_sentence(string path, string method, string body, HttpStatusCode status)
    {
        await StartAsync();

        var answer = await CallAsync(new HttpMethod(method), path, body);

        Assert.Equal(status, answer.Status);
        var error = JsonDocument.Parse(answer.Text).RootElement;
        Assert.NotEmpty(error.GetProperty("msg").GetString()!);
        Assert.Equal(error.GetProperty("msg").GetString(), error.GetProperty("error").GetString());
        Assert.DoesNotContain(Feed().Current.Keys, key => key.Kind == WorkloadKind.ImageBuild);
    }

    private async Task StartAsync(Func<RunnerOptions, RunnerOptions>? change = null)
    {
        var folder = new TemporaryFolder();
        _folders.Add(folder);
        var kubeconfig = Encoding.UTF8.GetBytes(_cluster.Kubeconfig());
        var endpoint = new ClusterEndpoint("embedded", ClusterOrigin.Embedded, () => KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(kubeconfig)));
        var options = new RunnerOptions
        {
            DataDirectory = folder.Path,
            Port = 0,
            ApiToken = RunnerApiHost.Token,
            AdminPassword = "correct horse battery",
            StorageClass = "embedded-nfs",
            LogLevel = LogLevel.Debug,
            Hub = new() { WebhookEndpoint = _hub.Address },
            Services = new() { BuildRegistry = "registry.example.com/spaces", ImagePullSecret = "registry-pull" },
        };
        _runner = RunnerApp.Build([], change?.Invoke(options) ?? options, clusters: [endpoint]);
        _runner.Services.GetRequiredService<ILoggerFactory>().AddProvider(new TextLog(_log));
        await _runner.StartAsync(TestContext.Current.CancellationToken);
        var address = new Uri(_runner.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        _caller = new HttpClient { BaseAddress = new Uri(address, "/api/v1/"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", RunnerApiHost.Token) } };
        await Eventually.TrueAsync(
            () => _runner.Services.GetRequiredService<ClusterDirectory>().Connections[0].State.IsSynced(WorkloadKind.ImageBuild), "the workflows of the cluster are listed", 30);
    }

    private async Task StopAsync()
    {
        if (_runner is { } runner)
        {
            _caller.Dispose();
            _runner = null;
            await runner.StopAsync(CancellationToken.None);
            await runner.DisposeAsync();
        }
    }

    private WorkloadFeed Feed() => _runner!.Services.GetRequiredService<WorkloadFeed>();

    private string Log()
    {
        lock (_log)
        {
            return _log.ToString();
        }
    }

    private Task<(HttpStatusCode Status, string Text)> BuildAsync() => CallAsync(HttpMethod.Post, "imagebuilder/builder", RunnerApiHost.Sample("image-build"));

    private async Task<(HttpStatusCode Status, string Text)> CallAsync(HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var answer = await _caller.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private List<string> Phases() => [.. Builds().Select(e => Data(e, "status"))];

    /// <summary>What the hub heard of builds; the cluster has services too.</summary>
    private List<ReceivedEvent> Builds() => [.. _hub.Taken.Where(e => e.Type == "runner.builder.change")];

    private static string Data(ReceivedEvent received, string name) => received.Root.GetProperty("data").GetProperty(name).GetString()!;

    private Task ToldAsync(string phase) => Eventually.TrueAsync(() => Phases() is [.., var last] && last == phase, $"the hub heard that the build is {phase}", 30);

    private async Task<string> UidAsync() => (await ReadAsync()).GetProperty("metadata").GetProperty("uid").GetString()!;

    private async Task<string?> PhaseAsync() => (await ReadAsync()) is var build && build.TryGetProperty("status", out var status) && status.TryGetProperty("phase", out var phase) ? phase.GetString() : null;

    private Task<JsonElement> ReadAsync() =>
        _api.CustomObjects.GetNamespacedCustomObjectAsync<JsonElement>("argoproj.io", "v1alpha1", "spaces", "workflows", Workflow, TestContext.Current.CancellationToken);

    /// <summary>How often anybody has read a single workflow.</summary>
    private long Looks() => _cluster.RequestCounts().GetValueOrDefault("get workflows.argoproj.io");

    private async Task<bool> FilesAreCurrentAsync()
    {
        var maps = await _api.CoreV1.ListNamespacedConfigMapAsync("spaces", cancellationToken: TestContext.Current.CancellationToken);
        return BuildFiles.ConfigMaps("spaces").All(wanted => BuildFiles.IsCurrent(maps.Items.FirstOrDefault(map => map.Metadata.Name == wanted.Metadata.Name), wanted));
    }

    private static Task GoneAsync(Func<Task> read, string what) => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                await read();
                return false;
            }
            catch (k8s.Autorest.HttpOperationException missing) when (missing.Response.StatusCode == HttpStatusCode.NotFound)
            {
                return true;
            }
        },
        what,
        30);

    private sealed class TextLog(StringBuilder text) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (text)
            {
                text.Append(formatter(state, exception)).Append(exception).AppendLine();
            }
        }

        public void Dispose()
        {
        }
    }
}
