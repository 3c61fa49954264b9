using MudBlazor;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.History;

namespace Runner.Web.Components.Models.Workloads;

/// <summary>How a state looks: the same icon, word and colour on every page.</summary>
/// <param name="Id">Key of the word in the resources: <c>State.{Id}</c>, with its meaning at <c>State.{Id}.Meaning</c>.</param>
public sealed record WorkloadState(string Id, WorkloadTone Tone, string Icon)
{
    private static readonly WorkloadState Waiting = new("WaitingForRoom", WorkloadTone.Wait, Icons.Material.Outlined.HourglassEmpty);

    private static readonly WorkloadState Struggling = new("Struggling", WorkloadTone.Bad, Icons.Material.Outlined.RunningWithErrors);

    private static readonly Dictionary<DeployStatus, WorkloadState> ByStatus = new()
    {
        [DeployStatus.Pending] = new("Pending", WorkloadTone.Busy, Icons.Material.Outlined.Schedule),
        [DeployStatus.BuildQueued] = new("BuildQueued", WorkloadTone.Busy, Icons.Material.Outlined.Schedule),
        [DeployStatus.Building] = new("Building", WorkloadTone.Busy, Icons.Material.Outlined.Construction),
        [DeployStatus.BuildFailed] = new("BuildFailed", WorkloadTone.Bad, Icons.Material.Filled.Error),
        [DeployStatus.BuildSuccess] = new("BuildSuccess", WorkloadTone.Busy, Icons.Material.Outlined.Construction),
        [DeployStatus.BuildSkipped] = new("BuildSkipped", WorkloadTone.Busy, Icons.Material.Outlined.Construction),
        [DeployStatus.Deploying] = new("Deploying", WorkloadTone.Busy, Icons.Material.Outlined.Autorenew),
        [DeployStatus.DeployFailed] = new("DeployFailed", WorkloadTone.Bad, Icons.Material.Filled.Error),
        [DeployStatus.Startup] = new("Startup", WorkloadTone.Busy, Icons.Material.Outlined.Autorenew),
        [DeployStatus.Running] = new("Running", WorkloadTone.Good, Icons.Material.Outlined.CheckCircle),
        [DeployStatus.RuntimeError] = new("RuntimeError", WorkloadTone.Bad, Icons.Material.Filled.Error),
        [DeployStatus.Sleeping] = new("Sleeping", WorkloadTone.Idle, Icons.Material.Outlined.Bedtime),
        [DeployStatus.Stopped] = new("Stopped", WorkloadTone.Idle, Icons.Material.Outlined.StopCircle),
        [DeployStatus.Deleted] = new("Deleted", WorkloadTone.Idle, Icons.Material.Outlined.DeleteOutline),
        [DeployStatus.ResourceUnhealthy] = new("ResourceUnhealthy", WorkloadTone.Bad, Icons.Material.Filled.Error),
    };

    /// <summary>Jobs have phases of their own: they come to an end, and the hub has no code for one that ended well.</summary>
    private static readonly Dictionary<string, WorkloadState> ByPhase = new()
    {
        [WorkflowPhases.Pending] = new("JobPending", WorkloadTone.Busy, Icons.Material.Outlined.Schedule),
        [WorkflowPhases.Running] = new("JobRunning", WorkloadTone.Good, Icons.Material.Outlined.PlayCircle),
        [WorkflowPhases.Succeeded] = new("JobSucceeded", WorkloadTone.Idle, Icons.Material.Outlined.TaskAlt),
        [WorkflowPhases.Failed] = new("JobFailed", WorkloadTone.Bad, Icons.Material.Filled.Error),
        [WorkflowPhases.Error] = new("JobError", WorkloadTone.Bad, Icons.Material.Filled.Error),
    };

    /// <summary>Every state there is.</summary>
    public static IEnumerable<WorkloadState> All => ByStatus.Values.Append(Waiting).Append(Struggling).Concat(ByPhase.Values);

    /// <summary>
    /// A workload that waits for room is not broken, though the hub's code says so; one that has a reason not to come up is, though the code says each time that Kubernetes tries again that
    /// it is on its way; a job shows its phase.
    /// </summary>
    public static WorkloadState Of(Workload workload) => Of(workload.Status, workload.Job?.Status, workload.WaitingForRoom, workload.Reason);

    /// <summary>A state as it was kept; by the same rule.</summary>
    public static WorkloadState Of(StateChange change) => Of(change.Status, change.Status == DeployStatus.Deleted ? null : change.Phase, change.WaitingForRoom, change.Reason);

    private static WorkloadState Of(DeployStatus status, string? phase, bool waitingForRoom, string reason) =>
        waitingForRoom ? Waiting
        : phase is not null && ByPhase.TryGetValue(phase, out var known) ? known
        : status == DeployStatus.Deploying && reason.Length > 0 ? Struggling
        : ByStatus[status];
}
