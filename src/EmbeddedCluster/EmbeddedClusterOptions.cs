namespace Runner.EmbeddedCluster;

/// <summary>Settings of an embedded cluster.</summary>
public sealed record EmbeddedClusterOptions
{
    /// <summary>TCP port on loopback; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Bearer token of the administrator; null makes a random one.</summary>
    public string? Token { get; init; }

    /// <summary>Whether nodes and example workloads exist from the start. Tests that build their own world say false.</summary>
    public bool Seed { get; init; } = true;

    /// <summary>Whether controllers (scheduler, kubelet, Knative …) run. A pure API server says false.</summary>
    public bool Controllers { get; init; } = true;

    /// <summary>Factor on every simulated duration: 1 is lifelike, 0.1 ten times as fast.</summary>
    public double TimeScale { get; init; } = 1;
}
