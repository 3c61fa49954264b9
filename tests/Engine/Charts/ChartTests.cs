using System.Text.Json.Nodes;
using Runner.Engine.Values;
using Runner.Tests.Support;

namespace Runner.Tests.Engine.Charts;

/// <summary>What the chart makes of values, by the real <c>helm</c>.</summary>
public sealed class ChartTests
{
    private static readonly string FlatSample = Path.Combine(Repository.Root, "samples", "custom-values-flat.yaml");

    /// <summary>The objects of the chart's own values.</summary>
    private static readonly Task<IReadOnlyList<JsonObject>> Unchanged = RunnerChart.RenderAsync("--set", "hubAPIToken=t");

    [Fact]
    public async Task Helm_finds_nothing_wrong_with_the_chart()
    {
        var result = await Tool.RunAsync("helm", ["lint", RunnerChart.Folder, "--strict", "--set", "hubAPIToken=t"], TestContext.Current.CancellationToken);

        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }

    [Theory]
    [InlineData("region=cn-north", "runner.region=cn-north", "STARHUB_SERVER_CLUSTER_REGION", "cn-north")]
    [InlineData("interval=30", "runner.interval=30", "STARHUB_SERVER_RUNNER_WATCH_CONFIGMAP_INTERVAL_IN_SEC", "30")]
    [InlineData("runner.hearbeatIntervalInSec=7", "runner.heartbeatIntervalInSec=7", "STARHUB_SERVER_RUNNER_HEARTBEAT_INTERVAL_IN_SEC", "7")]
    [InlineData("namespace=tenants", "runner.namespace=tenants", "STARHUB_SERVER_CLUSTER_SPACES_NAMESPACE", "tenants")]
    [InlineData("usePublicDomain=false", "space.usePublicDomain=false", "STARHUB_SERVER_PUBLIC_ROOT_DOMAIN", "")]
    [InlineData("model.deployTimeout=1000000", "model.deployTimeoutInMin=1000000", "STARHUB_SERVER_MODEL_DEPLOY_TIMEOUT_IN_MINUTES", "1000000")]
    [InlineData("model.registry=m.example.com", "model.dockerRegBase=m.example.com", "STARHUB_SERVER_MODEL_DOCKER_REG_BASE", "m.example.com")]
    [InlineData("storageClassName=nfs", "runner.storageClassName=nfs", "STARHUB_SERVER_RUNNER_STORAGE_CLASS", "nfs")]
    [InlineData("pipIndexUrl=https://pip.example.com", "space.pipIndexUrl=https://pip.example.com", "STARHUB_SERVER_SPACE_PYPI_INDEX_URL", "https://pip.example.com")]
    public async Task A_value_takes_effect_under_each_of_its_names(string old, string now, string key, string value)
    {
        var before = await Unchanged;
        foreach (var name in new[] { old, now })
        {
            var objects = await RunnerChart.RenderAsync("--set", $"hubAPIToken=t,{name}");

            Assert.Equal((name, value), (name, (string?)objects.Object("ConfigMap", "runner-runner")["data"]![key]));

            // The runner is started anew for what it does not take from its ConfigMap while it runs, and for nothing else.
            Assert.Equal((name, RunningDrift.IsLive(key)), (name, JsonNode.DeepEquals(Pod(before), Pod(objects))));
        }
    }

    [Theory]
    [InlineData("region=a,runner.region=b", "runner.region and region are the same setting under two names")]
    [InlineData("hubAPIToken=", "hubAPIToken is required")]
    [InlineData("externalUrl=", "externalUrl is required")]
    [InlineData("logcollector.enabled=true", "logcollector.loki.address is required")]
    [InlineData("global.gateway.tls.enabled=true", "global.gateway.tls.secretName must name the Secret")]
    [InlineData("replicas=2,persistence.existingClaim=mine", "each replica needs one of its own")]
    [InlineData("console.oidc.issuer=https://id.example.com", "console.oidc.clientId is required")]
    [InlineData("global.chartContext.isBuiltIn=true", "this chart stands by itself")]
    public async Task Values_that_cannot_work_are_refused_with_the_reason(string set, string reason)
    {
        var result = await RunnerChart.RunAsync("--set", $"hubAPIToken=t,{set}");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_flat_sample_of_an_older_chart_is_taken_as_it_is()
    {
        var objects = await RunnerChart.RenderAsync("-f", FlatSample);

        var data = objects.Object("ConfigMap", "runner-runner")["data"]!;
        Assert.Equal(
            ("cn-north", "90", "https://runner.example.com", "path", "true", "http://loki.example.com:3100"),
            ((string?)data["STARHUB_SERVER_CLUSTER_REGION"], (string?)data["STARHUB_SERVER_MODEL_DEPLOY_TIMEOUT_IN_MINUTES"], (string?)data["STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN"],
                (string?)data["STARHUB_SERVER_S3_BUCKET_LOOKUP"], (string?)data["STARHUB_SERVER_S3_ENABLE_SSL"], (string?)data["STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL"]));

        // The text "false" is false here; in the templates of 1.x it was true, and images went out without TLS checks.
        Assert.DoesNotContain("--skip-tls-verify", (string?)data["STARHUB_SERVER_RUNNER_IMAGE_BUILDER_KANIKO_ARGS"], StringComparison.Ordinal);
        Assert.EndsWith("--snapshot-mode=redo", (string?)data["STARHUB_SERVER_RUNNER_IMAGE_BUILDER_KANIKO_ARGS"], StringComparison.Ordinal);
        Assert.Equal("30m", (string?)objects.Object("KnativeServing", "knative-serving")["spec"]!["config"]!["autoscaler"]!["scale-to-zero-pod-retention-period"]);
        Assert.Equal("deploy logcollector", Command(objects.Object("Deployment", "runner-logcollector")));
        Assert.Equal("deploy runner", Command(objects.Object("Deployment", "runner-runner")));
    }

    [Fact]
    public async Task Secrets_stand_in_Secrets_alone()
    {
        var objects = await RunnerChart.RenderAsync(
            "--set", "hubAPIToken=planted-token,objectStore.accessKey=planted-access,objectStore.secretKey=planted-secret,registry.password=planted-password,console.adminPassword=planted-admin");

        Assert.Equal(2, objects.Count(o => (string?)o["kind"] == "Secret"));
        Assert.All(objects.Where(o => (string?)o["kind"] != "Secret"), o => Assert.DoesNotContain("planted", o.ToJsonString(), StringComparison.Ordinal));
        var given = objects.Object("Secret", "runner-runner")["stringData"]!;
        Assert.Equal(
            ("planted-token", "planted-access", "planted-secret", "planted-admin"),
            ((string?)given["STARHUB_SERVER_API_TOKEN"], (string?)given["STARHUB_SERVER_S3_ACCESS_KEY_ID"], (string?)given["STARHUB_SERVER_S3_ACCESS_KEY_SECRET"], (string?)given["RUNNER_ADMIN_PASSWORD"]));
    }

    [Fact]
    public async Task The_token_may_stand_in_a_Secret_of_ones_own_alone()
    {
        var objects = await RunnerChart.RenderAsync("--set", "console.existingSecret=mine");

        Assert.False(objects.Object("Secret", "runner-runner")["stringData"]!.AsObject().ContainsKey("STARHUB_SERVER_API_TOKEN"));
        var sources = objects.Object("Deployment", "runner-runner")["spec"]!["template"]!["spec"]!["containers"]![0]!["envFrom"]!.AsArray();
        Assert.Equal("mine", (string?)sources[^1]!["secretRef"]!["name"]);
    }

    [Fact]
    public async Task What_the_cluster_has_no_API_for_is_left_out_and_told()
    {
        var result = await Tool.RunAsync(
            "helm", ["install", "runner", RunnerChart.Folder, "-n", RunnerChart.Namespace, "--dry-run=client", "--set", "hubAPIToken=t,argo.enabled=true,kymlMode=update"], TestContext.Current.CancellationToken);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.DoesNotContain("kind: Gateway", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("kind: KnativeServing", result.Output, StringComparison.Ordinal);
        Assert.Contains("No Gateway was made", result.Output, StringComparison.Ordinal);
        Assert.Contains("Without effect: argo.enabled", result.Output, StringComparison.Ordinal);
        Assert.Contains("Without effect: kymlMode", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_rendered_settings_are_what_the_program_takes_at_its_start()
    {
        var objects = await RunnerChart.RenderAsync("-f", FlatSample);
        var variables = new Dictionary<string, string?>();
        foreach (var (name, value) in objects.Object("ConfigMap", "runner-runner")["data"]!.AsObject().Concat(objects.Object("Secret", "runner-runner")["stringData"]!.AsObject()))
        {
            variables[name] = (string?)value;
        }

        var (options, errors) = Runner.Engine.Configuration.RunnerOptions.Load(variables);

        Assert.Empty(errors);
        Assert.Equal(("f3c9a0d1b2e4", "admin", "s3cr3t", "cn-north"), (options!.ApiToken, options.ObjectStore.AccessKeyId, options.ObjectStore.AccessKeySecret, options.Region));
    }

    [Theory]
    [InlineData("replicas=1", "Deployment", true, "persistentVolumeClaim", 0)]
    [InlineData("replicas=1,persistence.enabled=false", "Deployment", false, "emptyDir", 0)]
    [InlineData("replicas=3", "StatefulSet", false, "", 1)]
    [InlineData("replicas=3,persistence.enabled=false", "Deployment", false, "emptyDir", 0)]
    public async Task Each_replica_has_a_data_folder_of_its_own(string set, string kind, bool claim, string volume, int templates)
    {
        var objects = await RunnerChart.RenderAsync("--set", $"hubAPIToken=t,{set}");

        var workload = objects.Single(o => (string?)o["kind"] is "Deployment" or "StatefulSet");
        var several = set.Contains('3', StringComparison.Ordinal);
        Assert.Equal(kind, (string?)workload["kind"]);
        Assert.Equal(claim, objects.Any(o => (string?)o["kind"] == "PersistentVolumeClaim"));
        var data = workload["spec"]!["template"]!["spec"]!["volumes"]!.AsArray().FirstOrDefault(one => (string?)one!["name"] == "data");
        Assert.Equal(volume, data?.AsObject().First(pair => pair.Key != "name").Key ?? "");
        Assert.Equal(templates, workload["spec"]!["volumeClaimTemplates"]?.AsArray().Count ?? 0);
        Assert.Equal(several, objects.Any(o => (string?)o["kind"] == "PodDisruptionBudget"));
        Assert.Equal(several, objects.Any(o => (string?)o["kind"] == "BackendTrafficPolicy"));
        Assert.Equal("true", (string?)objects.Object("ConfigMap", "runner-runner")["data"]!["RUNNER_LEADER_ELECTION"]);

        // What drains, and then ends, is not killed in the middle of it.
        var drain = int.Parse((string)objects.Object("ConfigMap", "runner-runner")["data"]!["RUNNER_DRAIN_SECONDS"]!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(several ? 5 : 0, drain);
        Assert.InRange((long)workload["spec"]!["template"]!["spec"]!["terminationGracePeriodSeconds"]!, 30 + 10 + 1L, 60);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_log_collector_keeps_where_it_stopped_on_a_volume_where_volumes_are_wanted(bool wanted)
    {
        var objects = await RunnerChart.RenderAsync(
            "--set", $"hubAPIToken=t,logcollector.enabled=true,logcollector.loki.address=http://loki:3100,persistence.enabled={(wanted ? "true" : "false")}");

        var volumes = objects.Object("Deployment", "runner-logcollector")["spec"]!["template"]!["spec"]!["volumes"]!.AsArray();
        var claim = (string?)volumes.Single(volume => (string?)volume!["name"] == "data")!["persistentVolumeClaim"]?["claimName"];
        Assert.Equal(wanted ? "runner-logcollector-data" : null, claim);
        Assert.Equal(wanted, objects.Any(o => (string?)o["kind"] == "PersistentVolumeClaim" && (string?)o["metadata"]!["name"] == "runner-logcollector-data"));
    }

    [Fact]
    public async Task The_runner_finds_the_log_collector_by_a_Service_and_has_its_token()
    {
        var objects = await RunnerChart.RenderAsync("--set", "hubAPIToken=t,logcollector.enabled=true,logcollector.loki.address=http://loki:3100");

        var settings = objects.Object("ConfigMap", "runner-runner")["data"]!.AsObject().ToDictionary(pair => pair.Key, pair => (string?)pair.Value);
        settings["STARHUB_SERVER_API_TOKEN"] = "t";
        var (options, errors) = Runner.Engine.Configuration.RunnerOptions.Load(settings);
        Assert.Empty(errors);
        var service = objects.Object("Service", options!.LogCollector.Url!.Host);
        Assert.Equal(options.LogCollector.Url.Port, (long)service["spec"]!["ports"]![0]!["port"]!);
        var pod = objects.Object("Deployment", "runner-logcollector")["spec"]!["template"]!;
        Assert.All(service["spec"]!["selector"]!.AsObject(), label => Assert.Equal((string?)label.Value, (string?)pod["metadata"]!["labels"]![label.Key]));
        var container = pod["spec"]!["containers"]![0]!;
        Assert.Equal((string?)service["spec"]!["ports"]![0]!["targetPort"], (string?)container["ports"]![0]!["name"]);
        Assert.Equal(options.LogCollector.Port, (long)container["ports"]![0]!["containerPort"]!);
        string?[] secrets(JsonNode? from) => [.. from!["envFrom"]!.AsArray().Select(source => (string?)source!["secretRef"]?["name"])];
        Assert.Equal(secrets(Pod(objects)!["spec"]!["containers"]![0]), secrets(container));

        Assert.False((await Unchanged).Object("ConfigMap", "runner-runner")["data"]!.AsObject().ContainsKey("RUNNER_LOGCOLLECTOR_URL"));
    }

    [Fact]
    public async Task Sign_in_with_a_provider_is_set_by_values_and_its_secret_stands_in_the_Secret()
    {
        var objects = await RunnerChart.RenderAsync(
            "--set", "hubAPIToken=t,console.oidc.issuer=https://id.example.com,console.oidc.clientId=runner,console.oidc.clientSecret=planted,console.oidc.administrators={ops,leads}");

        var data = objects.Object("ConfigMap", "runner-runner")["data"]!.AsObject().ToDictionary(pair => pair.Key, pair => (string?)pair.Value);
        Assert.DoesNotContain("planted", string.Join(' ', data.Values), StringComparison.Ordinal);
        data["RUNNER_OIDC_CLIENT_SECRET"] = (string?)objects.Object("Secret", "runner-runner")["stringData"]!["RUNNER_OIDC_CLIENT_SECRET"];
        data["STARHUB_SERVER_API_TOKEN"] = "t";
        var (options, errors) = Runner.Engine.Configuration.RunnerOptions.Load(data);
        Assert.Empty(errors);
        Assert.Equal(("runner", "planted", "ops leads"), (options!.OpenIdProvider.ClientId, options.OpenIdProvider.ClientSecret, string.Join(' ', options.OpenIdProvider.Administrators)));
    }

    private static JsonNode? Pod(IEnumerable<JsonObject> objects) => objects.Object("Deployment", "runner-runner")["spec"]!["template"];

    private static string Command(JsonObject deployment) =>
        string.Join(' ', deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["command"]!.AsArray().Skip(1).Take(2).Select(word => (string?)word));
}
