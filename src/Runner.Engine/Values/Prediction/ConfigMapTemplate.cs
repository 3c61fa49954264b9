using System.Globalization;

namespace Runner.Engine.Values;

/// <summary>
/// What the template of the runner's ConfigMap makes of values (<c>charts/runner/templates/configmap.yaml</c> of OpenCSGs/csghub-charts, 1.12 to 2.4). Written from what the charts were seen to do;
/// where they print something odd, such as <c>%!s(&lt;nil&gt;)</c> for a registry that is not set, so does this.
/// </summary>
internal sealed class ConfigMapTemplate(EffectiveValues values, ReleaseIdentity release)
{
    private const string Prefix = "STARHUB_SERVER_";
    private const string Nothing = "%!s(<nil>)";

    private readonly Dictionary<string, string?> _data = new(StringComparer.Ordinal);
    private readonly HashSet<string> _undetermined = new(StringComparer.Ordinal);
    private readonly DomainNames _domains = new(values);

    private ChartVersion Chart => values.Chart;

    private bool BuiltIn => values.IsTrue("global.chartContext.isBuiltIn");

    public PredictedConfigMap Render()
    {
        if (BuiltIn && Chart < new ChartVersion(2, 0, 0))
        {
            return new("", _data, _undetermined);
        }

        Hub();
        Workloads();
        Builds();
        Models();
        ObjectStore();
        Tracing();
        Network();
        Scheduling();
        return new($"{release.Name}-{Text("name")}", _data, _undetermined);
    }

    private void Hub()
    {
        var service = $"{release.Name}-{Text("name")}";
        Given("API_TOKEN", "hubAPIToken");
        Put("RUNNER_WEBHOOK_ENDPOINT", BuiltIn ? $"http://{release.Name}-server:8080" : Text("externalUrl"));
        Put("RUNNER_PUBLIC_DOMAIN", BuiltIn ? $"http://{service}:{Text("service.port")}" : _domains.Runner);
        Put("LOGCOLLECTOR_LOKI_URL", BuiltIn && Text("logcollector.loki.address").Length == 0 ? $"http://{release.Name}-loki:3100" : Text("logcollector.loki.address"));
        Put("RUNNER_WATCH_CONFIGMAP_NAME", service);
        Put("CLUSTER_RUNNER_NAMESPACE", release.Namespace);
        Put("RUNNER_WATCH_CONFIGMAP_INTERVAL_IN_SEC", Or(Set("runner.interval"), "60"));
        Put("CLUSTER_REGION", Or(Text("runner.region"), "region-0"));
        if (Chart < new ChartVersion(2, 0, 0) && Text("originClusterID").Length == 0)
        {
            Put("CLUSTER_ID", null);
        }
        else
        {
            Given("CLUSTER_ID", "originClusterID");
        }

        if (Chart.IsNested)
        {
            Put("RUNNER_HEARTBEAT_INTERVAL_IN_SEC", Or(Set("runner.hearbeatIntervalInSec"), "120"));
        }

        if (BuiltIn)
        {
            _undetermined.UnionWith(["API_TOKEN", "DOCKER_REG_BASE", "RUNNER_IMAGE_BUILDER_KANIKO_ARGS", "S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_ACCESS_KEY_SECRET", "S3_BUCKET", "S3_REGION", "S3_ENABLE_SSL",
                "S3_BUCKET_LOOKUP", "ARGO_S3_PUBLIC_BUCKET"]);
            var named = _undetermined.Select(key => Prefix + key).ToList();
            _undetermined.Clear();
            _undetermined.UnionWith(named.Append("OPENCSG_TRACING_OTLP_ENDPOINT").Append("OPENCSG_TRACING_OTLP_LOGGING"));
        }
    }

    private void Workloads()
    {
        var spaces = Text("runner.mergingNamespace") == "single" ? release.Namespace : Text("runner.namespace");
        Put("CLUSTER_SPACES_NAMESPACE", spaces);
        Put("INTERNAL_ROOT_DOMAIN", $"{spaces}.app.internal");
        Put("PUBLIC_ROOT_DOMAIN", values.IsTrue("space.usePublicDomain") ? _domains.Public : "");
        Put("SPACE_PYPI_INDEX_URL", values.Node("space.pipIndexUrl") is null ? null : Text("space.pipIndexUrl"));
        if (!Chart.IsNested)
        {
            return;
        }

        Put("SPACE_DEPLOY_TIMEOUT_IN_MINUTES", Or(Set("space.deployTimeoutInMin"), "30"));
        Put("SPACE_BUILD_TIMEOUT_IN_MINUTES", Or(Set("space.buildTimeoutInMin"), "30"));
        Put("SPACE_STATUS_CHECK_INTERVAL", Or(Set("space.statusCheckInterval"), "10"));
        Put("READINESS_DELAY_SECONDS", Or(Set("space.readinessDelaySeconds"), "120"));
        Put("READINESS_PERIOD_SECONDS", Or(Set("space.readinessPeriodSeconds"), "10"));
        Put("READINESS_FAILURE_THRESHOLD", Or(Set("space.readinessFailureThreshold"), "3"));
    }

    private void Builds()
    {
        var images = Or(Text("global.image.registry"), "docker.io");
        Put("DOCKER_REG_BASE", $"{Registry()}/{Repository()}/");
        Put("DOCKER_IMAGE_PULL_SECRET", $"{release.Name}-docker-credential");
        if (Chart >= new ChartVersion(1, 16, 0))
        {
            Put("RUNNER_PUBLIC_DOCKER_REG_BASE", images);
        }

        var git = Chart < new ChartVersion(1, 16, 0) ? "git:2.36.2" : "git:2.52.0";
        Put("RUNNER_IMAGE_BUILDER_GIT_IMAGE", Or(Text("runner.imageBuilderGitImage"), $"{images}/opencsghq/{git}"));
        Put("RUNNER_IMAGE_BUILDER_KANIKO_IMAGE", Or(Text("runner.imageBuilderKanikoImage"), $"{images}/opencsghq/kaniko-executor:v1.24.0"));
        Put("RUNNER_IMAGE_BUILDER_JOB_TTL", "300");
        Put("RUNNER_IMAGE_BUILDER_STATUS_TTL", Or(Set("runner.imageBuilderStatusTTL"), "300"));
        Put("RUNNER_IMAGE_BUILDER_KANIKO_ARGS", KanikoArguments());
    }

    private string KanikoArguments()
    {
        List<string> arguments = ["--compressed-caching=true", "--single-snapshot", "--log-format=text", "--cache=true", "--cache-ttl=24h", $"--cache-repo={Registry()}/{Repository()}"];
        if (values.IsTrue("space.pipIndexUrl"))
        {
            arguments.Add($"--build-arg=PyPI={Text("space.pipIndexUrl")}");
        }

        arguments.Add($"--build-arg=HF_ENDPOINT={Text("externalUrl")}/hf");
        if (values.IsTrue("registry.insecure"))
        {
            arguments.AddRange(["--skip-tls-verify", "--skip-tls-verify-pull", "--insecure", "--insecure-pull"]);
        }

        arguments.AddRange((values.Node("runner.imageBuilderKanikoArgs") as System.Text.Json.Nodes.JsonArray ?? []).Select(HelmValues.Print));
        return string.Concat(string.Join(',', arguments).Where(character => !char.IsWhiteSpace(character)));
    }

    private string Registry() => Chart < new ChartVersion(2, 4, 0) ? Or(Text("registry.registry"), values.Node("registry.registry") is null ? Nothing : "")
        : Or(Text("registry.registry"), DomainNames.WithoutScheme(Text("externalUrl")));

    private string Repository() => Chart < new ChartVersion(2, 4, 0) ? Or(Text("registry.repository"), values.Node("registry.repository") is null ? Nothing : "")
        : Or(Text("registry.repository"), release.Namespace);

    private void Models()
    {
        Put("ARGO_SERVICE_ACCOUNT", Chart < new ChartVersion(1, 17, 0) ? "executor" : $"{release.Name}-argo-workflow-executor");
        Put("GPU_MODEL_LABEL", string.Create(CultureInfo.InvariantCulture, $"[{{\"type_label\": \"{Text("space.gpuModelLabel.typeLabel")}\", \"capacity_label\": \"{Text("space.gpuModelLabel.capacityLabel")}\"}}]"));
        if (Chart >= new ChartVersion(1, 14, 0))
        {
            Put("MODEL_DEPLOY_TIMEOUT_IN_MINUTES", Or(Set("model.deployTimeoutInMin"), "60"));
        }

        Put("MODEL_DOWNLOAD_ENDPOINT", BuiltIn ? _domains.Hub : Text("externalUrl"));
        Put("MODEL_DOCKER_REG_BASE", Or(Text("model.dockerRegBase"), Or(Text("global.image.registry"), "docker.io")));
        if (Chart.IsNested)
        {
            Put("MODEL_DEPLOY_STATUS_CHECK_INTERVAL", Or(Set("model.deployStatusCheckInterval"), "10"));
        }
    }

    private void ObjectStore()
    {
        Given("S3_ACCESS_KEY_ID", "objectStore.accessKey");
        Given("S3_ACCESS_KEY_SECRET", "objectStore.secretKey");
        Given("S3_BUCKET", "objectStore.bucket");
        Given("S3_REGION", "objectStore.region");
        Given("S3_ENABLE_SSL", "objectStore.secure");
        Given("S3_ENDPOINT", "objectStore.endpoint");
        if (Chart >= new ChartVersion(2, 3, 0))
        {
            Put("S3_ENDPOINT", DomainNames.WithoutScheme(Text("objectStore.endpoint")));
            Given("ARGO_S3_PUBLIC_BUCKET", "objectStore.bucket");
        }

        var path = Text("objectStore.pathStyle") == "true" || (Chart < new ChartVersion(1, 14, 0) && values.Node("objectStore.pathStyle") is null);
        Put("S3_BUCKET_LOOKUP", path ? "path" : "auto");
    }

    private void Tracing()
    {
        var address = Text("tempo.address");
        if (address.Length > 0)
        {
            _data["OPENCSG_TRACING_OTLP_ENDPOINT"] = address;
        }

        _data["OPENCSG_TRACING_OTLP_LOGGING"] = address.Length > 0 ? "true" : "false";
    }

    private void Network()
    {
        Put("RUNNER_APPLICATION_ENDPOINT", Or(Text("runner.applicationEndpoint"), Ingress()));
        if (Chart >= new ChartVersion(1, 15, 0))
        {
            Given("RUNNER_NETWORK_INTERFACE", "runner.networkInterface");
            Given("RUNNER_STORAGE_CLASS", "runner.storageClassName");
        }
    }

    private string Ingress()
    {
        var knative = Text("runner.mergingNamespace") switch { "single" => release.Namespace, "multi" => "", _ => "knative-serving" };
        var kourier = $"http://kourier-internal.{knative}.svc.cluster.local";
        return Chart < new ChartVersion(2, 2, 0) ? BuiltIn ? kourier : "auto"
            : Or(Text("knative.serving.ingress"), "gateway-api") == "kourier" ? kourier
            : Text("global.gateway.controllerName").Contains("envoyproxy", StringComparison.Ordinal) ? $"http://{release.Name}-envoy-knative.{release.Namespace}.svc.cluster.local"
            : "auto";
    }

    private void Scheduling()
    {
        var always = Chart >= new ChartVersion(1, 17, 0) && Chart < new ChartVersion(2, 1, 0);
        if (always || (Chart >= new ChartVersion(2, 1, 0) && values.IsTrue("volcano.enabled")))
        {
            Put("RUNNER_KUBE_SCHEDULER", "volcano");
            Put("RUNNER_VGPU_NODE_RESOURCE_NAME", "volcano.sh/node-vgpu-register");
            Put("RUNNER_VGPU_POD_RESOURCE_NAME", "volcano.sh/vgpu-ids-new");
            Put("RUNNER_VGPU_RESOURCE_REQ_KEY", "volcano.sh/vgpu-number");
            Put("RUNNER_VGPU_MEMORY_REQ_KEY", "volcano.sh/vgpu-memory");
        }

        if (Chart >= new ChartVersion(2, 2, 3))
        {
            Given("CLUSTER_ALLOW_CPU_RESOURCE_SCHEDULE_TO_GPU_NODE", "runner.allowCpuOnGpuNodes");
        }
    }

    private string Text(string id) => values.Text(id);

    /// <summary>The text of a value that a template gives a default where it is empty or 0.</summary>
    private string Set(string id) => values.IsTrue(id) ? values.Text(id) : "";

    private void Given(string key, string id) => Put(key, values.Node(id) is null ? null : Text(id));

    private void Put(string key, string? value) => _data[Prefix + key] = value;

    private static string Or(string value, string otherwise) => value.Length > 0 ? value : otherwise;
}
