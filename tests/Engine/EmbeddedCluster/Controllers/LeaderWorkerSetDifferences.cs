namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>Where a recording of LeaderWorkerSets and the simulation may differ, each with its reason.</summary>
internal static class LeaderWorkerSetDifferences
{
    private static readonly (string Scenario, string Part, string Reason)[] Known =
    [
        ("02-worker-fails", "controllerrevisions u-acme-multihost-c01-0-hash life",
            "The real StatefulSet controller makes the revision of a set that is being deleted once more, and the garbage collector deletes it again."),
        ("02-worker-fails", "leaderworkersets u-acme-multihost-c01 replicas",
            "A race of 15 ms: whether the manager sees the leaders' StatefulSet count none between the old leader and the new one."),
    ];

    /// <summary>Whether a sequence may differ.</summary>
    public static bool LeftOut(string scenario, string key) => Known.Any(k => k.Scenario == scenario && k.Part == key);
}
