namespace Runner.Engine.Configuration;

/// <summary>All settings of the process, read once from the environment and validated at start.</summary>
public sealed record RunnerOptions
{
    /// <summary><c>STARHUB_SERVER_CLUSTER_SPACES_NAMESPACE</c>: namespace of the workloads.</summary>
    public string WorkloadNamespace { get; init; } = "spaces";

    /// <summary><c>STARHUB_SERVER_CLUSTER_ID</c>: id by which the hub knows the default cluster; null takes the UID of <see cref="WorkloadNamespace"/>.</summary>
    public string? ClusterId { get; init; }

    /// <summary><c>RUNNER_DATA_DIR</c>: folder of the database, keys and generated files.</summary>
    public string DataDirectory { get; init; } = "data";

    /// <summary><c>STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT</c>: port of API and console.</summary>
    public int Port { get; init; } = 8082;

    /// <summary><c>STARHUB_SERVER_API_TOKEN</c>: bearer token of the hub. Secret.</summary>
    public string ApiToken { get; init; } = "";
}
