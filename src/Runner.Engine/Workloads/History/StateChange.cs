namespace Runner.Engine.Workloads.History;

/// <summary>A state that a workload took on.</summary>
/// <param name="At">When the runner saw it.</param>
/// <param name="Phase">Of a job, one of <see cref="WorkflowPhases"/>; empty for everything else.</param>
/// <param name="Unseen">True when it came while no runner watched: it is older than <paramref name="At"/>, and states before it may be missing.</param>
public sealed record StateChange(DateTimeOffset At, DeployStatus Status, string Phase, bool WaitingForRoom, string Reason, string Message, bool Unseen)
{
    /// <summary>Longest message that is kept, in characters.</summary>
    public const int LongestMessage = 300;

    internal static StateChange Of(Workload workload, DateTimeOffset at, bool unseen) => new(
        at,
        workload.Status,
        workload.Job?.Status ?? "",
        workload.WaitingForRoom,
        workload.Reason,
        workload.Message.Length > LongestMessage ? workload.Message[..LongestMessage] + "…" : workload.Message,
        unseen);

    /// <summary>True when both are the same state. A message that merely counts on is no other state.</summary>
    internal bool IsSameState(StateChange? other) =>
        other is not null && (Status, Phase, WaitingForRoom, Reason) == (other.Status, other.Phase, other.WaitingForRoom, other.Reason);
}
