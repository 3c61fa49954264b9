using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Sandboxes;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>Shows what is to have the name of a workload that made room for it, as long as it is not there: on its way, or not coming. Pure.</summary>
internal static class ComingWorkload
{
    /// <summary>Why a workload is not there that nobody tries to make any more.</summary>
    public const string NotMade = "ReplacementFailed";

    private const string Prefix = "noted-";

    /// <summary>Whether a uid is of what is only to be there, and not of an object.</summary>
    public static bool IsUidOf(string uid) => uid.StartsWith(Prefix, StringComparison.Ordinal);

    /// <param name="clusterId">Id of the cluster as the hub knows it.</param>
    public static Workload Project(NotedReplacement note, string clusterId)
    {
        if (note.Workflow is not null)
        {
            return Project(note, note.ReadWorkflow(), clusterId);
        }

        var workload = note.Sandbox is not null ? SandboxProjection.Project(note.Cluster, clusterId, note.ReadSandbox(), [])
            : note.ReadService() is { } service ? ServiceProjection.Project(note.Cluster, clusterId, service, [], [])
            : MultiHostProjection.Project(note.Cluster, clusterId, note.ReadSet().Set, []);
        return workload with
        {
            Uid = UidOf(note),
            IsComing = true,
            CreatedAt = new(DateTime.SpecifyKind(note.At, DateTimeKind.Utc)),
            Status = note.Problem is null ? DeployStatus.Deploying : DeployStatus.DeployFailed,
            Reason = note.Problem is null ? "" : NotMade,
            Message = note.Problem ?? "",
            Endpoint = "",
            Revisions = EquatableList<WorkloadRevision>.Empty,
        };
    }

    /// <summary>A job is what its Workflow says, which says nothing yet, or that it failed before it began.</summary>
    private static Workload Project(NotedReplacement note, ArgoWorkflow workflow, string clusterId)
    {
        (workflow.Metadata.Uid, workflow.Metadata.CreationTimestamp) = (UidOf(note), note.At);
        workflow.Status = note.Problem is null ? null : new() { Phase = WorkflowPhases.Failed, Message = note.Problem };
        var key = new WorkloadKey(note.Cluster, note.Kind, workflow.Metadata.NamespaceProperty ?? "", note.Name);
        return ArgoScopes.Project(new(key, clusterId, workflow, [], null, TimeZoneInfo.Utc)) with { IsComing = true };
    }

    /// <summary>No object has it: what is made in the end is another one.</summary>
    private static string UidOf(NotedReplacement note) => $"{Prefix}{note.Id}";
}
