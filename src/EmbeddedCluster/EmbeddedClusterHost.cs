namespace Runner.EmbeddedCluster;

/// <summary>
/// A running embedded cluster: a Kubernetes API over HTTP on loopback with simulated nodes and controllers.
/// </summary>
public sealed class EmbeddedClusterHost : IAsyncDisposable
{
    /// <summary>Address of the API server, <c>http://127.0.0.1:port</c>.</summary>
    public Uri Address => throw new NotImplementedException();

    /// <summary>Bearer token of the administrator.</summary>
    public string Token => throw new NotImplementedException();

    public FaultSwitches Faults => throw new NotImplementedException();

    /// <summary>Number of API requests answered since the start, by verb and resource as in <c>list pods</c>, <c>watch services.serving.knative.dev</c>; also at <c>GET /embedded/requests</c>.</summary>
    public IReadOnlyDictionary<string, long> RequestCounts() => throw new NotImplementedException();

    /// <summary>Starts a cluster and returns once it answers.</summary>
    public static Task<EmbeddedClusterHost> StartAsync(EmbeddedClusterOptions options, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>A kubeconfig with address and token, usable by <c>kubectl</c> and any client.</summary>
    public string Kubeconfig() => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
