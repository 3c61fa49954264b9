using Runner.Engine.Capacity;
using Runner.Web.Live;

namespace Runner.Web.Components.Models.Capacity;

/// <summary>What is known of the nodes of all clusters, and of which clusters it can be known at all.</summary>
public sealed class CapacityReach
{
    private readonly HashSet<string> _away;

    private readonly Dictionary<string, string> _accounts;

    private CapacityReach(IReadOnlyList<CapacitySnapshot> clusters, HashSet<string> away, Dictionary<string, string> accounts) => (Clusters, _away, _accounts) = (clusters, away, accounts);

    /// <summary>Of no cluster.</summary>
    public static CapacityReach None { get; } = new([], [], []);

    public IReadOnlyList<CapacitySnapshot> Clusters { get; }

    /// <summary>True while the nodes of a cluster that answers are still being listed.</summary>
    public bool Loading => Clusters.Any(cluster => cluster.Source == CapacitySource.Starting && !_away.Contains(cluster.Cluster));

    /// <summary>True when no cluster answers, and none of them ever told its nodes.</summary>
    public bool Away => Clusters.Count > 0 && Clusters.All(cluster => cluster.Source == CapacitySource.Starting && _away.Contains(cluster.Cluster));

    /// <summary>True when the nodes of no cluster may be listed, so that nobody can answer.</summary>
    public bool Blind => !Loading && !Away && Clusters.All(cluster => cluster.Source != CapacitySource.ClusterWide);

    /// <summary>
    /// How somebody with more rights asks whether the runner may list nodes: as its account where that is known, else as whoever the kubeconfig is of.
    /// Empty while the nodes of every cluster may be listed.
    /// </summary>
    public string Ask => Clusters.FirstOrDefault(cluster => cluster.Source == CapacitySource.Uncertain) is not { } blind ? ""
        : "kubectl auth can-i list nodes" + (_accounts.GetValueOrDefault(blind.Cluster) is { Length: > 0 } account ? $" --as={account}" : "");

    /// <summary>As it is now.</summary>
    public static CapacityReach Of(IConsoleEngine engine) => new(
        engine.Capacity,
        [.. engine.Clusters.Where(cluster => cluster.IsStale).Select(cluster => cluster.Name)],
        engine.Clusters.ToDictionary(cluster => cluster.Name, cluster => cluster.Account));
}
