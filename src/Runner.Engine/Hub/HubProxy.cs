using System.Net;

namespace Runner.Engine.Hub;

/// <summary>Sends calls to the configured hosts through a proxy, and all others directly.</summary>
internal sealed class HubProxy(Uri proxy, IReadOnlyList<string> hosts) : IWebProxy
{
    public ICredentials? Credentials { get; set; } = CredentialsOf(proxy);

    public Uri GetProxy(Uri destination) => proxy;

    public bool IsBypassed(Uri host) =>
        hosts.Count > 0 && !hosts.Any(name => host.Host.Equals(name, StringComparison.OrdinalIgnoreCase) || host.Authority.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static NetworkCredential? CredentialsOf(Uri proxy)
    {
        var parts = proxy.UserInfo.Split(':', 2);
        return parts[0].Length == 0 ? null : new NetworkCredential(Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? ""));
    }
}
