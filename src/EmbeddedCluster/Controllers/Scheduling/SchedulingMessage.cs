namespace Runner.EmbeddedCluster.Controllers.Scheduling;

/// <summary>The scheduler's message when no node takes a pod.</summary>
internal static class SchedulingMessage
{
    /// <summary>
    /// As in <c>0/5 nodes are available: 2 Insufficient nvidia.com/gpu, 3 node(s) didn't match Pod's node affinity/selector.
    /// no new claims to deallocate, preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.</c>
    /// </summary>
    public static string Of(IReadOnlyCollection<Misfit> misfits)
    {
        if (misfits.Count == 0)
        {
            return "no nodes available to schedule pods";
        }

        var reasons = Counted(misfits.SelectMany(m => m.Reasons));
        var preemption = Counted(misfits.Select(m =>
            m.PreemptionCouldHelp ? "No preemption victims found for incoming pod" : "Preemption is not helpful for scheduling"));
        return $"0/{misfits.Count} nodes are available: {reasons}. no new claims to deallocate, preemption: 0/{misfits.Count} nodes are available: {preemption}.";
    }

    /// <summary>Volcano's words: as in <c>0/5 nodes are unavailable: 2 Insufficient nvidia.com/gpu, 3 node(s) didn't match Pod's node affinity/selector.</c></summary>
    public static string OfVolcano(IReadOnlyCollection<Misfit> misfits) => $"0/{misfits.Count} nodes are unavailable: {Counted(misfits.SelectMany(m => m.Reasons))}.";

    private static string Counted(IEnumerable<string> reasons) =>
        string.Join(", ", reasons.GroupBy(r => r).Select(g => $"{g.Count()} {g.Key}").Order(StringComparer.Ordinal));
}
