using System.Net;

namespace Runner.Engine.Hub;

/// <summary>Sends calls to the configured hosts through a proxy, and all others directly. Without any host everything goes through it.</summary>
/// <param name="hosts">Names such as <c>hub.example.com</c>, which stand for what is below them too, as <c>.example.com</c> and <c>*.example.com</c> do; with a port only that one.</param>
internal sealed class HubProxy(Uri proxy, IReadOnlyList<string> hosts) : IWebProxy
{
    public ICredentials? Credentials { get; set; } = CredentialsOf(proxy);

    public Uri GetProxy(Uri destination) => proxy;

    public bool IsBypassed(Uri host) => hosts.Count > 0 && !hosts.Any(name => Matches(name.TrimStart('*').TrimStart('.'), host));

    private static bool Matches(string name, Uri host) =>
        name.Length > 0
        && (host.Host.Equals(name, StringComparison.OrdinalIgnoreCase)
            || host.Authority.Equals(name, StringComparison.OrdinalIgnoreCase)
            || host.Host.EndsWith("." + name, StringComparison.OrdinalIgnoreCase));

    private static NetworkCredential? CredentialsOf(Uri proxy)
    {
        var parts = proxy.UserInfo.Split(':', 2);
        return parts[0].Length == 0 ? null : new NetworkCredential(Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? ""));
    }
}
