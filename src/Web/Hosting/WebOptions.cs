using System.Net;

namespace Runner.Web.Hosting;

/// <summary>Settings of the host, beside those of the engine.</summary>
public sealed record WebOptions
{
    /// <summary><c>RUNNER_BIND</c>: address to listen on. Loopback, but every interface in a container.</summary>
    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    /// <summary><c>RUNNER_ADMIN_PASSWORD</c>: password of the local administrator; empty to have one made at the first start. Secret.</summary>
    public string AdminPassword { get; init; } = "";

    /// <summary><c>RUNNER_CLUSTER</c>: <c>incluster</c>, <c>kubeconfig</c> or <c>embedded</c>; empty to detect.</summary>
    public string Cluster { get; init; } = "";
}
