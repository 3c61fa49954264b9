using Runner.Web.Components.Models.Tables;

namespace Runner.Web.Components.Models.Workloads;

/// <summary>The columns of the workloads table. Their names are <c>Column.{Id}</c> in the resources. Rows are searched by <see cref="WorkloadRow.Haystack"/>.</summary>
public static class WorkloadColumns
{
    public static TableColumns<WorkloadRow> Table { get; } = new(
        "name",
        TableColumn.Words<WorkloadRow>("name", row => row.Name),
        new("state", true, false, (a, b) => a.State.Tone != b.State.Tone ? a.State.Tone.CompareTo(b.State.Tone) : string.CompareOrdinal(a.State.Id, b.State.Id)),
        TableColumn.Words<WorkloadRow>("reason", row => row.Workload.Reason),
        TableColumn.Spoken<WorkloadRow>("type", row => row.Type),
        TableColumn.Words<WorkloadRow>("owner", row => row.Owner),
        TableColumn.Figure("ready", (WorkloadRow row) => row.Workload.ActualReplicas),
        TableColumn.Words<WorkloadRow>("accelerator", row => row.Accelerator),
        TableColumn.Words<WorkloadRow>("node", row => row.Node),
        TableColumn.Figure("restarts", (WorkloadRow row) => row.Workload.Restarts),
        TableColumn.Figure("age", (WorkloadRow row) => -row.Workload.CreatedAt.UtcTicks),
        TableColumn.Words<WorkloadRow>("cluster", row => row.Key.Cluster, shown: false),
        TableColumn.Words<WorkloadRow>("namespace", row => row.Key.Namespace, shown: false),
        TableColumn.Figure("code", (WorkloadRow row) => (int)row.Workload.Status, shown: false),
        TableColumn.Figure("deploy", (WorkloadRow row) => row.Workload.DeployId, shown: false));
}
