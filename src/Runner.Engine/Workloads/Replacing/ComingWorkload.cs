using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Sandboxes;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>Shows what is to have the name of a workload that made room for it, as long as it is not there: on its way, or not coming. Pure.</summary>
internal static class ComingWorkload
{
    /// <summary>Why a workload is not there that nobody tries to make any more.</summary>
    public const string NotMade = "ReplacementFailed";

    /// <param name="clusterId">Id of the cluster as the hub knows it.</param>
    public static Workload Project(NotedReplacement note, string clusterId)
    {
        var workload = note.Sandbox is not null ? SandboxProjection.Project(note.Cluster, clusterId, note.ReadSandbox(), [])
            : note.ReadService() is { } service ? ServiceProjection.Project(note.Cluster, clusterId, service, [], [])
            : MultiHostProjection.Project(note.Cluster, clusterId, note.ReadSet().Set, []);
        return workload with
        {
            // No object has it: what is made in the end is another one.
            Uid = $"noted-{note.Id}",
            IsComing = true,
            CreatedAt = new(DateTime.SpecifyKind(note.At, DateTimeKind.Utc)),
            Status = note.Problem is null ? DeployStatus.Deploying : DeployStatus.DeployFailed,
            Reason = note.Problem is null ? "" : NotMade,
            Message = note.Problem ?? "",
            Endpoint = "",
            Revisions = EquatableList<WorkloadRevision>.Empty,
        };
    }
}
