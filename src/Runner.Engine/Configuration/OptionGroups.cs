namespace Runner.Engine.Configuration;

/// <summary>The hub and how it is told things.</summary>
public sealed record HubOptions
{
    /// <summary><c>STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT</c>: base URL of the hub; null until it is known, events wait.</summary>
    public Uri? WebhookEndpoint { get; init; }

    /// <summary><c>STARHUB_SERVER_RUNNER_WATCH_CONFIGMAP_NAME</c>: ConfigMap with live settings; empty for none.</summary>
    public string ConfigMapName { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_RUNNER_WATCH_CONFIGMAP_INTERVAL_IN_SEC</c>.</summary>
    public TimeSpan ConfigMapInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>STARHUB_SERVER_RUNNER_HEARTBEAT_INTERVAL_IN_SEC</c>; the hub gives a cluster up after twice that.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary><c>STARHUB_SERVER_PUBLIC_ROOT_DOMAIN</c>: shown.</summary>
    public string PublicRootDomain { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_INTERNAL_ROOT_DOMAIN</c>: shown.</summary>
    public string InternalRootDomain { get; init; } = "";
}

/// <summary>How services are made from the hub's requests.</summary>
public sealed record ServiceOptions
{
    /// <summary><c>STARHUB_SERVER_MODEL_DOCKER_REG_BASE</c>: registry put before images of models and notebooks; empty for none.</summary>
    public string ModelRegistry { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_DOCKER_REG_BASE</c>: registry of images built here; empty for none.</summary>
    public string BuildRegistry { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_RUNNER_PUBLIC_DOCKER_REG_BASE</c>: registry of stock space images; empty for none.</summary>
    public string PublicRegistry { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_DOCKER_IMAGE_PULL_SECRET</c>: name of the pull secret; empty for none.</summary>
    public string ImagePullSecret { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_MODEL_DEPLOY_TIMEOUT_IN_MINUTES</c>: Knative's progress deadline of models.</summary>
    public int ModelDeployTimeoutMinutes { get; init; } = 60;

    /// <summary><c>STARHUB_SERVER_MODEL_DOWNLOAD_ENDPOINT</c>: passed on.</summary>
    public string ModelDownloadEndpoint { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_MODEL_NIM_DOCKER_SECRET_NAME</c>: pull secret of NVIDIA's registry.</summary>
    public string NimPullSecret { get; init; } = "ngc-secret";

    /// <summary><c>STARHUB_SERVER_MODEL_NIM_NGC_SECRET_NAME</c>: secret with key <c>NGC_API_KEY</c>.</summary>
    public string NimKeySecret { get; init; } = "nvidia-nim-secrets";

    /// <summary><c>STARHUB_SERVER_SPACE_PYPI_INDEX_URL</c>: given to services as <c>PIP_INDEX_URL</c>; empty for none.</summary>
    public string PyPiIndexUrl { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_READINESS_DELAY_SECONDS</c>: of inference services.</summary>
    public int ReadinessDelaySeconds { get; init; } = 120;

    /// <summary><c>STARHUB_SERVER_READINESS_PERIOD_SECONDS</c>: of inference services.</summary>
    public int ReadinessPeriodSeconds { get; init; } = 10;

    /// <summary><c>STARHUB_SERVER_READINESS_FAILURE_THRESHOLD</c>: of inference services.</summary>
    public int ReadinessFailureThreshold { get; init; } = 3;

    /// <summary><c>STARHUB_SERVER_RUNNER_KUBE_SCHEDULER</c>: scheduler of the workloads' pods; empty for the cluster's own.</summary>
    public string KubeScheduler { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_RUNNER_VOLCANO_QUEUE</c>.</summary>
    public string VolcanoQueue { get; init; } = "default";
}

/// <summary>How images are built.</summary>
public sealed record ImageBuildOptions
{
    /// <summary><c>STARHUB_SERVER_RUNNER_IMAGE_BUILDER_GIT_IMAGE</c>.</summary>
    public string GitImage { get; init; } = "opencsghq/git:2.52.0";

    /// <summary><c>STARHUB_SERVER_RUNNER_IMAGE_BUILDER_KANIKO_IMAGE</c>.</summary>
    public string KanikoImage { get; init; } = "opencsghq/kaniko-executor:v1.24.0";

    /// <summary><c>STARHUB_SERVER_RUNNER_IMAGE_BUILDER_JOB_TTL</c>, else <c>…_STATUS_TTL</c>: how long a finished build stays once the hub is told of its end; see <see cref="RetentionOptions.Ended"/>.</summary>
    public TimeSpan JobTtl { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary><c>STARHUB_SERVER_RUNNER_IMAGE_BUILDER_KANIKO_ARGS</c>: a list with commas.</summary>
    public EquatableList<string> KanikoArguments { get; init; } = EquatableList<string>.Empty;
}

/// <summary>How Argo workflows run.</summary>
public sealed record WorkflowOptions
{
    /// <summary><c>STARHUB_SERVER_ARGO_SERVICE_ACCOUNT</c>.</summary>
    public string ServiceAccount { get; init; } = "executor";

    /// <summary><c>STARHUB_SERVER_ARGO_TTL</c>: how long a finished workflow stays once the hub is told of its end; see <see cref="RetentionOptions.Ended"/>.</summary>
    public TimeSpan JobTtl { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary><c>STARHUB_SERVER_ARGO_S3_PUBLIC_BUCKET</c>.</summary>
    public string PublicBucket { get; init; } = "";
}

/// <summary>How accelerators and their shares are recognised.</summary>
public sealed record AcceleratorOptions
{
    /// <summary><c>STARHUB_SERVER_GPU_MODEL_LABEL</c>, else <c>STARHUB_SERVER_RUNNER_GPU_MODEL_LABEL</c>: looked at before the built-in list.</summary>
    public EquatableList<AcceleratorLabel> ModelLabels { get; init; } = EquatableList<AcceleratorLabel>.Empty;

    /// <summary><c>STARHUB_SERVER_RUNNER_VGPU_NODE_RESOURCE_NAME</c>: annotation of nodes.</summary>
    public string VgpuNodeAnnotation { get; init; } = "hami.io/node-nvidia-register";

    /// <summary><c>STARHUB_SERVER_RUNNER_VGPU_POD_RESOURCE_NAME</c>: annotation of pods.</summary>
    public string VgpuPodAnnotation { get; init; } = "hami.io/vgpu-devices-allocated";

    /// <summary><c>STARHUB_SERVER_RUNNER_VGPU_RESOURCE_REQ_KEY</c>: resource of a share.</summary>
    public string VgpuResource { get; init; } = "nvidia.com/vgpu";

    /// <summary><c>STARHUB_SERVER_RUNNER_VGPU_MEMORY_REQ_KEY</c>: resource of a share's memory.</summary>
    public string VgpuMemoryResource { get; init; } = "nvidia.com/vgpumem";

    /// <summary><c>STARHUB_SERVER_RUNNER_VGPU_MEMORY_SCING_FACTOR</c> (so spelt).</summary>
    public int VgpuMemoryScalingFactor { get; init; } = 10;
}

/// <summary>Which node label names an accelerator.</summary>
/// <param name="TypeLabel">Label whose value is the model.</param>
/// <param name="CapacityLabel">Resource that counts it.</param>
/// <param name="MemoryLabel">Label with its memory; empty for none.</param>
public sealed record AcceleratorLabel(string TypeLabel, string CapacityLabel, string MemoryLabel);

/// <summary>The object store: <c>STARHUB_SERVER_S3_…</c>.</summary>
public sealed record ObjectStoreOptions
{
    public string AccessKeyId { get; init; } = "";

    /// <summary>Secret.</summary>
    public string AccessKeySecret { get; init; } = "";

    /// <summary>Host and port, without a scheme.</summary>
    public string Endpoint { get; init; } = "";

    public string Bucket { get; init; } = "";

    public string Region { get; init; } = "";

    public bool EnableSsl { get; init; }

    /// <summary><c>auto</c>, <c>dns</c> or <c>path</c>.</summary>
    public string BucketLookup { get; init; } = "auto";

    public override string ToString() => $"{Endpoint}/{Bucket}";
}

/// <summary>Collection of pod logs into Loki: <c>STARHUB_SERVER_LOGCOLLECTOR_…</c>.</summary>
public sealed record LogCollectorOptions
{
    public int Port { get; init; } = 8096;

    /// <summary><c>RUNNER_LOGCOLLECTOR</c>: what the runner's own process sends to Loki.</summary>
    public LogCollectorMode Mode { get; init; } = LogCollectorMode.Separate;

    /// <summary><c>RUNNER_LOGCOLLECTOR_URL</c>: where the runner reaches the collector that is a process of its own; null where its figures are not shown.</summary>
    public Uri? Url { get; init; }

    /// <summary><c>RUNNER_LOGCOLLECTOR_BUFFER_MB</c>, 1 to 1,024: most megabytes of lines that are held.</summary>
    public int BufferMegabytes { get; init; } = 16;

    /// <summary><c>RUNNER_LOGCOLLECTOR_MB_PER_SECOND</c>, 0 to 1,024: most megabytes of lines a second, as Loki's <c>ingestion_rate_mb</c>; 0 for no limit.</summary>
    public int MegabytesPerSecond { get; init; } = 4;

    /// <summary>May hold name and password: secret. Null switches the collector off.</summary>
    public Uri? LokiUrl { get; init; }

    /// <summary>Entries a push, 1 to 100,000.</summary>
    public int BatchSize { get; init; } = 100;

    public TimeSpan BatchDelay { get; init; } = TimeSpan.FromSeconds(3);

    public int MaxRetries { get; init; } = 3;

    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan HealthInterval { get; init; } = TimeSpan.FromSeconds(5);

    public int MaxConcurrentStreams { get; init; } = 1000;

    public TimeSpan WatchNamespaceInterval { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan DropMessageTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Pod labels with this prefix become stream labels.</summary>
    public string AcceptLabelPrefix { get; init; } = "csghub_";

    public int MaxStoreDays { get; init; } = 7;

    public TimeSpan QueryLastReportTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Without credentials.</summary>
    public override string ToString() => LokiUrl?.Authority ?? "off";
}

/// <summary>What the runner's own process sends to Loki, where its address is set.</summary>
public enum LogCollectorMode
{
    /// <summary>Its milestones; what pods say is collected by a process of its own (<c>deploy logcollector</c>), as in the official chart.</summary>
    Separate,

    /// <summary>Its milestones and what pods say.</summary>
    InProcess,

    /// <summary>Nothing.</summary>
    Off,
}

/// <summary>Outbound proxy: <c>STARHUB_SERVER_PROXY_…</c>.</summary>
public sealed record ProxyOptions
{
    public bool Enabled { get; init; }

    /// <summary>May hold credentials: secret.</summary>
    public Uri? Url { get; init; }

    /// <summary>Hosts that go through the proxy, from a list with semicolons.</summary>
    public EquatableList<string> Hosts { get; init; } = EquatableList<string>.Empty;

    public override string ToString() => Enabled ? $"{Url?.Host}" : "off";
}

/// <summary>OpenTelemetry: <c>OPENCSG_TRACING_OTLP_…</c>.</summary>
public sealed record TracingOptions
{
    public Uri? Endpoint { get; init; }

    /// <summary>Whether logs go there too.</summary>
    public bool Logging { get; init; }
}

/// <summary>How long what grows with time is kept: <c>RUNNER_KEEP_…</c>. What is still needed is kept whatever its age.</summary>
public sealed record RetentionOptions
{
    /// <summary><c>RUNNER_KEEP_RECORDS_DAYS</c>, 1 to 3,650: records of workflows, dataflow jobs and image builds, from their end on.</summary>
    public TimeSpan Records { get; init; } = TimeSpan.FromDays(30);

    /// <summary>
    /// <c>RUNNER_KEEP_ENDED_DAYS</c>, 0 to 365: how long a workflow, dataflow job or image build that has ended waits in the cluster for a runner that tells the hub of its
    /// end. Once that is told, it stays for its own time to live; 0 makes it stay for that alone, whether or not it was told.
    /// </summary>
    public TimeSpan Ended { get; init; } = TimeSpan.FromDays(7);

    /// <summary><c>RUNNER_KEEP_EVENTS_DAYS</c>, 1 to 3,650: events that the hub has taken, from then on; the last 2,000 at most. Events that wait are kept.</summary>
    public TimeSpan SentEvents { get; init; } = TimeSpan.FromDays(7);

    /// <summary><c>RUNNER_KEEP_LOGS_DAYS</c>, 0 to 3,650: last logs of containers that ended; 0 keeps none.</summary>
    public TimeSpan Logs { get; init; } = TimeSpan.FromDays(7);

    /// <summary><c>RUNNER_KEEP_AUDIT_DAYS</c>, 1 to 3,650: the audit log.</summary>
    public TimeSpan Audit { get; init; } = TimeSpan.FromDays(365);

    /// <summary><c>RUNNER_KEEP_LOG_LINES</c>, 1 to 1,000,000: last lines kept of one container.</summary>
    public int LogLines { get; init; } = 5000;

    /// <summary><c>RUNNER_KEEP_LOG_KB</c>, 1 to 65,536: most kilobytes kept of one container, before compression.</summary>
    public int LogKilobytes { get; init; } = 1024;

    /// <summary><c>RUNNER_KEEP_LOGS_MB</c>, 1 to 1,048,576: most megabytes that all kept logs take on the disk; the oldest go first.</summary>
    public int LogsMegabytes { get; init; } = 256;
}
