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

    /// <summary>Fills the cluster with this many objects at the start, written straight into storage. Only without controllers, which would bring them all to life.</summary>
    public ClusterScale? Scale { get; init; }

    /// <summary>Factor on every simulated duration: 1 is lifelike, 0.1 ten times as fast.</summary>
    public double TimeScale { get; init; } = 1;
}

/// <summary>How many objects a large cluster has. Pods run, ready, in turn on the nodes and in turn for the services; every service has one revision.</summary>
/// <param name="Nodes">Nodes named <c>node-00000</c> and on, ready, with sixteen A100 each; at least 1 where there are pods.</param>
/// <param name="Pods">Pods in namespace <c>spaces</c>; those of a service are named like its first revision.</param>
/// <param name="Services">Knative Services named <c>u-acme-model-00000</c> and on, in namespace <c>spaces</c>; at least 1 where there are pods.</param>
public sealed record ClusterScale(int Nodes, int Pods, int Services);
