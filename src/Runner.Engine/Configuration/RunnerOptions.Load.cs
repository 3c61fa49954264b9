using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace Runner.Engine.Configuration;

/// <summary>What came of reading the settings.</summary>
/// <param name="Options">Null when there are errors.</param>
/// <param name="Errors">A sentence for each variable that is not valid; secrets are masked.</param>
public sealed record OptionsResult(RunnerOptions? Options, IReadOnlyList<string> Errors);

public sealed partial record RunnerOptions
{
    private const int LongestInterval = 86_400;

    /// <summary>The SHA-256 of the token that the Go program has as its default: it is public, so it protects nothing.</summary>
    private const string PublicTokenHash = "0edab19fa842988c38c8df3e318a7cca562cb252cbbb4327a5a428749abeee5c";

    /// <summary>Reads the settings. Pure: the same variables give the same answer, all errors at once.</summary>
    /// <param name="variables">As in the environment; missing and empty mean the default.</param>
    public static OptionsResult Load(IReadOnlyDictionary<string, string?> variables)
    {
        var read = new EnvironmentReader(variables);

        // Checked, so that nobody believes in a value that cannot be, and not kept: watches tell of every change, and lists are read anew when one breaks.
        _ = read.Number("STARHUB_SERVER_SPACE_INFORMER_SYNC_PERIOD_IN_MINUTES", 2, 0, 10_080);
        var workloads = read.KubernetesName("STARHUB_SERVER_CLUSTER_SPACES_NAMESPACE", "spaces", label: true);
        var options = new RunnerOptions
        {
            Variables = new(read.SetNames("STARHUB_", "OPENCSG_", "RUNNER_").ToDictionary(name => name, name => variables[name]!.Trim(), StringComparer.Ordinal)),
            DataDirectory = read.Text("data", "RUNNER_DATA_DIR"),
            Cluster = read.Choice("RUNNER_CLUSTER", "", "incluster", "kubeconfig", "embedded"),
            LeaderElection = read.Choice("RUNNER_LEADER_ELECTION", "", "true", "false") is { Length: > 0 } choice ? choice == "true" : null,
            LeaseDuration = read.Seconds("RUNNER_LEASE_SECONDS", 10, 3, 60),
            Drain = read.Seconds("RUNNER_DRAIN_SECONDS", 0, 0, 30),
            AdminPassword = read.Parse("RUNNER_ADMIN_PASSWORD", "", "at least 8 characters", (string text, out string value) => (value = text).Length >= 8, secret: true),
            Bind = read.Parse<IPAddress?>("RUNNER_BIND", null, "an IP address such as 0.0.0.0", (string text, out IPAddress? value) => IPAddress.TryParse(text, out value)),
            TrustedProxies = read.Parse("RUNNER_TRUSTED_PROXIES", EquatableList<IPNetwork>.Empty, "addresses or networks such as 10.0.0.0/8, with commas", TryReadNetworks),
            LogLevel = read.Parse("RUNNER_LOG_LEVEL", LogLevel.Information, "trace, debug, info, warn or error", (string text, out LogLevel value) => TryReadLogLevel(text, out value)),
            Port = read.Number("STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT", 8082, 0, 65_535),
            ApiToken = ReadApiToken(read),
            TimeZone = ReadTimeZone(read),
            ClusterId = read.Find("STARHUB_SERVER_CLUSTER_ID").Value,
            Region = read.Text("region-0", "STARHUB_SERVER_CLUSTER_REGION"),
            WorkloadNamespace = workloads,
            RunnerNamespace = read.KubernetesName("STARHUB_SERVER_CLUSTER_RUNNER_NAMESPACE", "csghub", label: true),

            // No official chart sets it, and all of them grant rights in the workload namespace alone; the official runner's own default, "spaces", is of use nowhere else.
            QuotaNamespace = read.KubernetesName("STARHUB_SERVER_CLUSTER_RESOURCE_QUOTA_NAMESPACE", workloads, label: true),
            QuotaName = read.KubernetesName("STARHUB_SERVER_CLUSTER_QUOTA_NAME", ""),
            AllowCpuOnGpuNodes = read.Flag("STARHUB_SERVER_CLUSTER_ALLOW_CPU_RESOURCE_SCHEDULE_TO_GPU_NODE", false),
            StorageClass = read.KubernetesName("STARHUB_SERVER_RUNNER_STORAGE_CLASS", ""),
            PublicDomain = read.Text("", "STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN"),
            ApplicationEndpoint = read.Text("", "STARHUB_SERVER_RUNNER_APPLICATION_ENDPOINT"),
            NetworkInterface = read.Text("", "STARHUB_SERVER_RUNNER_NETWORK_INTERFACE"),
            Hub = ReadHub(read),
            Services = ReadServices(read),
            ImageBuilds = ReadImageBuilds(read),
            Workflows = new()
            {
                ServiceAccount = read.KubernetesName("STARHUB_SERVER_ARGO_SERVICE_ACCOUNT", "executor"),
                JobTtl = read.Seconds("STARHUB_SERVER_ARGO_TTL", 120, 0, 30 * LongestInterval),
                PublicBucket = read.Text("", "STARHUB_SERVER_ARGO_S3_PUBLIC_BUCKET"),
            },
            Accelerators = ReadAccelerators(read),
            ObjectStore = ReadObjectStore(read),
            LogCollector = ReadLogCollector(read),
            Proxy = ReadProxy(read),
            Tracing = new() { Endpoint = ReadOtlpEndpoint(read), Logging = read.Flag("OPENCSG_TRACING_OTLP_LOGGING", false) },
            Retention = ReadRetention(read),
            PathBase = ReadPathBase(read),
            OpenIdProvider = ReadOpenIdProvider(read),
            Tls = ReadTls(read),
        };
        return read.Errors.Count == 0 ? new(options, []) : new(null, read.Errors);
    }

    /// <summary>Reads a log level in the words of the official program.</summary>
    public static bool TryReadLogLevel(string text, out LogLevel level)
    {
        level = text.ToLowerInvariant() switch
        {
            "trace" => LogLevel.Trace,
            "debug" => LogLevel.Debug,
            "info" or "information" => LogLevel.Information,
            "warn" or "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            _ => LogLevel.None,
        };
        return level != LogLevel.None;
    }

    private static bool TryReadNetworks(string text, out EquatableList<IPNetwork> networks)
    {
        var items = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var read = items.Select(item => IPAddress.TryParse(item, out var address)
            ? new IPNetwork(address, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128)
            : IPNetwork.TryParse(item, out var network) ? network : (IPNetwork?)null).ToList();
        networks = read.Where(network => network is not null).Select(network => network!.Value).ToEquatableList();
        return networks.Count == items.Length;
    }

    private static string ReadApiToken(EnvironmentReader read)
    {
        const string Name = "STARHUB_SERVER_API_TOKEN";
        var token = read.Text("", Name);
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(token)));
        if (hash == PublicTokenHash)
        {
            read.Fail(Name, token, "is the default of the hub's source code, which everybody knows; set another one here and at the hub", secret: true);
        }
        else if (token.Any(character => character is < '!' or > '~'))
        {
            read.Fail(Name, token, "must be visible ASCII characters without blanks, as it travels in a header", secret: true);
        }

        return token;
    }

    private static TimeZoneInfo ReadTimeZone(EnvironmentReader read) => read.Parse(
        "STARHUB_SERVER_TIMEZONE",
        TimeZoneInfo.TryFindSystemTimeZoneById("Asia/Shanghai", out var shanghai) ? shanghai : TimeZoneInfo.Utc,
        "the name of a time zone such as Asia/Shanghai or UTC",
        (string text, out TimeZoneInfo value) => TimeZoneInfo.TryFindSystemTimeZoneById(text, out value!));

    private static HubOptions ReadHub(EnvironmentReader read) => new()
    {
        WebhookEndpoint = read.Address("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT"),
        ConfigMapName = read.KubernetesName("STARHUB_SERVER_RUNNER_WATCH_CONFIGMAP_NAME", ""),
        ConfigMapInterval = read.Seconds("STARHUB_SERVER_RUNNER_WATCH_CONFIGMAP_INTERVAL_IN_SEC", 60),
        HeartbeatInterval = read.Seconds("STARHUB_SERVER_RUNNER_HEARTBEAT_INTERVAL_IN_SEC", 120),
        PublicRootDomain = read.Text("", "STARHUB_SERVER_PUBLIC_ROOT_DOMAIN"),
        InternalRootDomain = read.Text("", "STARHUB_SERVER_INTERNAL_ROOT_DOMAIN"),
    };

    private static ServiceOptions ReadServices(EnvironmentReader read) => new()
    {
        ModelRegistry = read.Text("", "STARHUB_SERVER_MODEL_DOCKER_REG_BASE"),
        BuildRegistry = read.Text("", "STARHUB_SERVER_DOCKER_REG_BASE"),
        PublicRegistry = read.Text("", "STARHUB_SERVER_RUNNER_PUBLIC_DOCKER_REG_BASE"),
        ImagePullSecret = read.KubernetesName("STARHUB_SERVER_DOCKER_IMAGE_PULL_SECRET", ""),
        ModelDeployTimeoutMinutes = read.Number("STARHUB_SERVER_MODEL_DEPLOY_TIMEOUT_IN_MINUTES", 60, 1, 10_080),
        ModelDownloadEndpoint = read.Text("", "STARHUB_SERVER_MODEL_DOWNLOAD_ENDPOINT"),
        NimPullSecret = read.KubernetesName("STARHUB_SERVER_MODEL_NIM_DOCKER_SECRET_NAME", "ngc-secret"),
        NimKeySecret = read.KubernetesName("STARHUB_SERVER_MODEL_NIM_NGC_SECRET_NAME", "nvidia-nim-secrets"),
        PyPiIndexUrl = read.Text("", "STARHUB_SERVER_SPACE_PYPI_INDEX_URL"),
        ReadinessDelaySeconds = read.Number("STARHUB_SERVER_READINESS_DELAY_SECONDS", 120, 0, LongestInterval),
        ReadinessPeriodSeconds = read.Number("STARHUB_SERVER_READINESS_PERIOD_SECONDS", 10, 1, LongestInterval),
        ReadinessFailureThreshold = read.Number("STARHUB_SERVER_READINESS_FAILURE_THRESHOLD", 3, 1, 10_000),
        KubeScheduler = read.KubernetesName("STARHUB_SERVER_RUNNER_KUBE_SCHEDULER", ""),
        VolcanoQueue = read.KubernetesName("STARHUB_SERVER_RUNNER_VOLCANO_QUEUE", "default"),
    };

    private static ImageBuildOptions ReadImageBuilds(EnvironmentReader read) => new()
    {
        GitImage = read.Text("opencsghq/git:2.52.0", "STARHUB_SERVER_RUNNER_IMAGE_BUILDER_GIT_IMAGE"),
        KanikoImage = read.Text("opencsghq/kaniko-executor:v1.24.0", "STARHUB_SERVER_RUNNER_IMAGE_BUILDER_KANIKO_IMAGE"),
        JobTtl = read.Seconds(
            read.Find("STARHUB_SERVER_RUNNER_IMAGE_BUILDER_JOB_TTL", "STARHUB_SERVER_RUNNER_IMAGE_BUILDER_STATUS_TTL").Name, 300, 0, 30 * LongestInterval),
        KanikoArguments = read.List("STARHUB_SERVER_RUNNER_IMAGE_BUILDER_KANIKO_ARGS", ','),
    };

    private static AcceleratorOptions ReadAccelerators(EnvironmentReader read) => new()
    {
        ModelLabels = ReadModelLabels(read),
        VgpuNodeAnnotation = read.Text("hami.io/node-nvidia-register", "STARHUB_SERVER_RUNNER_VGPU_NODE_RESOURCE_NAME"),
        VgpuPodAnnotation = read.Text("hami.io/vgpu-devices-allocated", "STARHUB_SERVER_RUNNER_VGPU_POD_RESOURCE_NAME"),
        VgpuResource = read.Text("nvidia.com/vgpu", "STARHUB_SERVER_RUNNER_VGPU_RESOURCE_REQ_KEY"),
        VgpuMemoryResource = read.Text("nvidia.com/vgpumem", "STARHUB_SERVER_RUNNER_VGPU_MEMORY_REQ_KEY"),
        VgpuMemoryScalingFactor = read.Number("STARHUB_SERVER_RUNNER_VGPU_MEMORY_SCING_FACTOR", 10, 1, 1_000_000),
    };

    private static EquatableList<AcceleratorLabel> ReadModelLabels(EnvironmentReader read)
    {
        var (name, text) = read.Find("STARHUB_SERVER_GPU_MODEL_LABEL", "STARHUB_SERVER_RUNNER_GPU_MODEL_LABEL");
        if (text is null)
        {
            return EquatableList<AcceleratorLabel>.Empty;
        }

        try
        {
            var labels = JsonSerializer.Deserialize<List<LabelJson>>(text) ?? [];
            if (labels.All(label => label is { TypeLabel.Length: > 0, CapacityLabel.Length: > 0 }))
            {
                return labels.Select(label => new AcceleratorLabel(label.TypeLabel!, label.CapacityLabel!, label.MemoryLabel ?? "")).ToEquatableList();
            }
        }
        catch (JsonException)
        {
            // Told below, with what is allowed.
        }

        read.Fail(name, text, """must be a JSON array such as [{"type_label":"nvidia.com/gpu.product","capacity_label":"nvidia.com/gpu","mem_label":""}]""");
        return EquatableList<AcceleratorLabel>.Empty;
    }

    private static ObjectStoreOptions ReadObjectStore(EnvironmentReader read) => new()
    {
        AccessKeyId = read.Text("", "STARHUB_SERVER_S3_ACCESS_KEY_ID"),
        AccessKeySecret = read.Text("", "STARHUB_SERVER_S3_ACCESS_KEY_SECRET"),
        Endpoint = read.Text("", "STARHUB_SERVER_S3_ENDPOINT"),
        Bucket = read.Text("", "STARHUB_SERVER_S3_BUCKET"),
        Region = read.Text("", "STARHUB_SERVER_S3_REGION"),
        EnableSsl = read.Flag("STARHUB_SERVER_S3_ENABLE_SSL", false),
        BucketLookup = read.Choice("STARHUB_SERVER_S3_BUCKET_LOOKUP", "auto", "auto", "dns", "path"),
    };

    private static LogCollectorOptions ReadLogCollector(EnvironmentReader read) => new()
    {
        Port = read.Number("STARHUB_SERVER_LOGCOLLECTOR_PORT", 8096, 0, 65_535),
        Mode = read.Parse("RUNNER_LOGCOLLECTOR", LogCollectorMode.Separate, "inprocess, separate or off", (string text, out LogCollectorMode value) =>
            Enum.TryParse(text, ignoreCase: true, out value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0])),
        Url = read.Address("RUNNER_LOGCOLLECTOR_URL"),
        BufferMegabytes = read.Number("RUNNER_LOGCOLLECTOR_BUFFER_MB", 16, 1, 1024),
        MegabytesPerSecond = read.Number("RUNNER_LOGCOLLECTOR_MB_PER_SECOND", 4, 0, 1024),
        LokiUrl = read.Address("STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL", secret: true),
        BatchSize = read.Number("STARHUB_SERVER_LOGCOLLECTOR_BATCH_SIZE", 100, 1, 100_000),
        BatchDelay = read.Seconds("STARHUB_SERVER_LOGCOLLECTOR_BATCH_DELAY", 3),
        MaxRetries = read.Number("STARHUB_SERVER_LOGCOLLECTOR_MAX_RETRIES", 3, 0, 1000),
        RetryInterval = read.Seconds("STARHUB_SERVER_LOGCOLLECTOR_RETRY_INTERVAL", 1),
        HealthInterval = read.Seconds("STARHUB_SERVER_LOGCOLLECTOR_HEALTH_INTERVAL", 5),
        MaxConcurrentStreams = read.Number("STARHUB_SERVER_LOGCOLLECTOR_MAX_CONCURRENT_STREAMS", 1000, 1, 100_000),
        WatchNamespaceInterval = read.Seconds("STARHUB_SERVER_LOGCOLLECTOR_WATCH_NS_INTERVAL", 3),
        DropMessageTimeout = read.Seconds("STARHUB_SERVER_LOGCOLLECTOR_DROP_MSG_TIMEOUT", 60),
        AcceptLabelPrefix = read.Text("csghub_", "STARHUB_SERVER_LOGCOLLECTOR_ACCEPT_LABEL_PREFIX"),
        MaxStoreDays = read.Number("STARHUB_SERVER_LOGCOLLECTOR_MAX_STORE_TIME_DAY", 7, 1, 3650),
        QueryLastReportTimeout = read.Seconds("STARHUB_SERVER_LOGCOLLECTOR_QUERY_LAST_REPORT_TIMEOUT", 300),
    };

    private static ProxyOptions ReadProxy(EnvironmentReader read)
    {
        var proxy = new ProxyOptions
        {
            Enabled = read.Flag("STARHUB_SERVER_PROXY_ENABLE", false),
            Url = read.Address("STARHUB_SERVER_PROXY_URL", secret: true),
            Hosts = read.List("STARHUB_SERVER_PROXY_HOSTS", ';'),
        };
        if (proxy is { Enabled: true, Url: null } && read.Find("STARHUB_SERVER_PROXY_URL").Value is null)
        {
            read.Fail("STARHUB_SERVER_PROXY_URL", "", "must be set while STARHUB_SERVER_PROXY_ENABLE is true");
        }

        return proxy;
    }

    private static RetentionOptions ReadRetention(EnvironmentReader read) => new()
    {
        Records = TimeSpan.FromDays(read.Number("RUNNER_KEEP_RECORDS_DAYS", 30, 1, 3650)),
        Ended = TimeSpan.FromDays(read.Number("RUNNER_KEEP_ENDED_DAYS", 7, 0, 365)),
        SentEvents = TimeSpan.FromDays(read.Number("RUNNER_KEEP_EVENTS_DAYS", 7, 1, 3650)),
        Logs = TimeSpan.FromDays(read.Number("RUNNER_KEEP_LOGS_DAYS", 7, 0, 3650)),
        Audit = TimeSpan.FromDays(read.Number("RUNNER_KEEP_AUDIT_DAYS", 365, 1, 3650)),
        LogLines = read.Number("RUNNER_KEEP_LOG_LINES", 5000, 1, 1_000_000),
        LogKilobytes = read.Number("RUNNER_KEEP_LOG_KB", 1024, 1, 65_536),
        LogsMegabytes = read.Number("RUNNER_KEEP_LOGS_MB", 256, 1, 1_048_576),
    };

    // The Go program takes host:port here, as its exporter does.
    private static Uri? ReadOtlpEndpoint(EnvironmentReader read) => read.Parse<Uri?>(
        "OPENCSG_TRACING_OTLP_ENDPOINT", null, "an address such as http://host:4317 or host:4317",
        (string text, out Uri? value) =>
            Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out value) && value.Scheme is "http" or "https");

    private sealed record LabelJson(
        [property: JsonPropertyName("type_label")] string? TypeLabel,
        [property: JsonPropertyName("capacity_label")] string? CapacityLabel,
        [property: JsonPropertyName("mem_label")] string? MemoryLabel);
}
