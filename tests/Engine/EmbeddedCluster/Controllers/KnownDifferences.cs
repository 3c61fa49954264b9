namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>Where a recording and the simulation may differ, each with its reason.</summary>
internal static class KnownDifferences
{
    private const string Stale =
        "The real revision controller worked once on a stale copy and wrote back an empty reason; the simulation always sees its own last write.";

    private const string TooShort =
        "A state of some twenty milliseconds between two writes of the autoscaler, seen in some recordings and not in others.";

    private const string Order = "Whether the Service hears of its Route or of its Configuration first; they turn within ten milliseconds.";

    /// <summary>States left out of a sequence: in a scenario (null: in all), of an object and condition (by how the key begins and ends).</summary>
    private static readonly (string? Scenario, string Kind, string Condition, string State, string Reason)[] LeftOut =
    [
        (null, "revisions", "Active", "Unknown/NotReady", TooShort),
        ("02-update-env", "revisions", "ContainerHealthy", "Unknown/", Stale),
        ("02-update-env", "revisions", "Ready", "Unknown/", Stale),
        ("04b-unschedulable-node-selector", "revisions", "ContainerHealthy", "Unknown/", Stale),
        ("04b-unschedulable-node-selector", "revisions", "Ready", "Unknown/ResolvingDigests", Stale),
        ("04b-unschedulable-node-selector", "revisions", "ResourcesAvailable", "Unknown/ResolvingDigests", Stale),
        ("06b-crash-after-ready", "services", "Ready", "False/RevisionFailed", Order),
        ("14-some-replicas-unschedulable", "revisions", "ContainerHealthy", "Unknown/", Stale),
        ("14-some-replicas-unschedulable", "revisions", "Ready", "Unknown/", Stale),
    ];

    /// <summary>A sequence without what depends on races of the recorded run.</summary>
    public static List<string> Normalise(string scenario, string key, List<string> sequence)
    {
        var kept = sequence.Where(state => !LeftOut.Any(l =>
            (l.Scenario is null || l.Scenario == scenario)
            && key.StartsWith(l.Kind + " ", StringComparison.Ordinal) && key.EndsWith(" " + l.Condition, StringComparison.Ordinal)
            && l.State == state));
        var result = new List<string>();
        foreach (var state in kept)
        {
            if (result.Count == 0 || result[^1] != state)
            {
                result.Add(state);
            }
        }

        return result;
    }
}
