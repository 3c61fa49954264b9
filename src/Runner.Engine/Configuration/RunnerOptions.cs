using System.Net;
using Microsoft.Extensions.Logging;

namespace Runner.Engine.Configuration;

/// <summary>
/// All settings of the process, read once from the environment and validated at start. The variable names are those that the official chart
/// sets; where the Go program reads another spelling, both are taken and the chart's wins.
/// </summary>
public sealed partial record RunnerOptions
{
    private readonly bool? _sharesState;

    /// <summary><c>RUNNER_DATA_DIR</c>: folder of the database, keys and generated files.</summary>
    public string DataDirectory { get; init; } = "data";

    /// <summary>What was set when the settings were read; what is not among it has its default. Secret.</summary>
    public StartVariables Variables { get; init; } = StartVariables.None;

    /// <summary><c>RUNNER_CLUSTER</c>: <c>incluster</c>, <c>kubeconfig</c> or <c>embedded</c>; empty to detect.</summary>
    public string Cluster { get; init; } = "";

    /// <summary>
    /// <c>RUNNER_LEADER_ELECTION</c>: whether replicas agree by a Lease who of them speaks to the hub; null for in a cluster only. Where it is said to be so they also
    /// <see cref="SharesState">share their state</see>.
    /// </summary>
    public bool? LeaderElection { get; init; }

    /// <summary>Whether accounts, sessions, tokens, keys, saved configurations and events for the hub are kept in Secrets, for every replica, and not in the data folder alone.</summary>
    public bool SharesState
    {
        get => _sharesState ?? LeaderElection == true;
        init => _sharesState = value;
    }

    /// <summary><c>RUNNER_LEASE_SECONDS</c>, 3 to 60: how long after its last sign of life another replica takes the place of the one that speaks to the hub.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>RUNNER_DRAIN_SECONDS</c>, 0 to 30: how long everything is still answered after the process was told to end, while it says that it is not ready.</summary>
    public TimeSpan Drain { get; init; }

    /// <summary><c>RUNNER_ADMIN_PASSWORD</c>: password of the first administrator; empty to have one made and printed. Secret.</summary>
    public string AdminPassword { get; init; } = "";

    /// <summary><c>RUNNER_BIND</c>: address to listen on; null for the default of the way the program was started.</summary>
    public IPAddress? Bind { get; init; }

    /// <summary><c>RUNNER_TRUSTED_PROXIES</c>: addresses and networks (<c>10.0.0.0/8</c>) whose <c>X-Forwarded-*</c> headers are believed; with commas. None by default.</summary>
    public EquatableList<IPNetwork> TrustedProxies { get; init; } = EquatableList<IPNetwork>.Empty;

    /// <summary><c>RUNNER_LOG_LEVEL</c>, and <c>-l</c> on the command line: <c>trace</c>, <c>debug</c>, <c>info</c>, <c>warn</c> or <c>error</c>.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary><c>STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT</c>: port of API and console, 1 to 65535; 0 takes a free one.</summary>
    public int Port { get; init; } = 8082;

    /// <summary><c>STARHUB_SERVER_API_TOKEN</c>: bearer token of the hub, in calls to us and in events to it. Empty refuses every call. Secret.</summary>
    public string ApiToken { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_TIMEZONE</c>: time zone of times in texts.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary><c>STARHUB_SERVER_CLUSTER_ID</c>: id by which the hub knows the default cluster; null takes the UID of <see cref="WorkloadNamespace"/>.</summary>
    public string? ClusterId { get; init; }

    /// <summary><c>STARHUB_SERVER_CLUSTER_REGION</c>.</summary>
    public string Region { get; init; } = "region-0";

    /// <summary><c>STARHUB_SERVER_CLUSTER_SPACES_NAMESPACE</c>: namespace of the workloads.</summary>
    public string WorkloadNamespace { get; init; } = "spaces";

    /// <summary><c>STARHUB_SERVER_CLUSTER_RUNNER_NAMESPACE</c>: namespace of the runner itself.</summary>
    public string RunnerNamespace { get; init; } = "csghub";

    /// <summary><c>STARHUB_SERVER_CLUSTER_RESOURCE_QUOTA_NAMESPACE</c>: namespace of workflows in shared mode; by default that of the workloads.</summary>
    public string QuotaNamespace { get; init; } = "spaces";

    /// <summary><c>STARHUB_SERVER_CLUSTER_QUOTA_NAME</c>: ResourceQuota to fall back on where nodes may not be listed; empty for none.</summary>
    public string QuotaName { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_CLUSTER_ALLOW_CPU_RESOURCE_SCHEDULE_TO_GPU_NODE</c>: told to the hub.</summary>
    public bool AllowCpuOnGpuNodes { get; init; }

    /// <summary><c>STARHUB_SERVER_RUNNER_STORAGE_CLASS</c>: class of the volumes that users get; empty for none.</summary>
    public string StorageClass { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN</c>: address under which the hub reaches this cluster; empty until the ConfigMap tells.</summary>
    public string PublicDomain { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_RUNNER_APPLICATION_ENDPOINT</c>: address of the Knative ingress, or <c>auto</c>.</summary>
    public string ApplicationEndpoint { get; init; } = "";

    /// <summary><c>STARHUB_SERVER_RUNNER_NETWORK_INTERFACE</c>: interface for traffic between hosts.</summary>
    public string NetworkInterface { get; init; } = "";

    public HubOptions Hub { get; init; } = new();

    public ServiceOptions Services { get; init; } = new();

    public ImageBuildOptions ImageBuilds { get; init; } = new();

    public WorkflowOptions Workflows { get; init; } = new();

    public AcceleratorOptions Accelerators { get; init; } = new();

    public ObjectStoreOptions ObjectStore { get; init; } = new();

    public LogCollectorOptions LogCollector { get; init; } = new();

    public ProxyOptions Proxy { get; init; } = new();

    public TracingOptions Tracing { get; init; } = new();

    public RetentionOptions Retention { get; init; } = new();

    /// <summary>Without any value, so that no secret reaches a log by way of a record's text.</summary>
    public override string ToString() => nameof(RunnerOptions);
}
