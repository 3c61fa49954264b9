namespace Runner.Engine.Hub;

/// <summary>Where the hub is and how it is reached.</summary>
public sealed record HubSettings
{
    /// <summary>Base URL of the hub; null while none is configured: events wait.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Bearer token of the events. Secret.</summary>
    public string Token { get; init; } = "";

    /// <summary>Outbound proxy, null for none. May hold credentials: secret.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Hosts that go through the proxy; empty for all.</summary>
    public IReadOnlyList<string> ProxiedHosts { get; init; } = [];

    /// <summary>How long one call may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Without secrets.</summary>
    public override string ToString() => Endpoint?.Host ?? "no hub";
}
