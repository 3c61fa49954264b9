namespace Runner.Web.Components.Models;

/// <summary>One column of the workloads table.</summary>
/// <param name="Id">Name in the URL and, as <c>Column.{Id}</c>, in the resources.</param>
/// <param name="Shown">Whether it is there unless the reader chooses otherwise.</param>
/// <param name="Figures">Whether it holds figures, which are set right-aligned.</param>
/// <param name="Compare">Order of rows by this column.</param>
public sealed record WorkloadColumn(string Id, bool Shown, bool Figures, Comparison<WorkloadRow> Compare)
{
    /// <summary>All columns from left to right.</summary>
    public static IReadOnlyList<WorkloadColumn> All { get; } =
    [
        Words("name", row => row.Name),
        new("state", true, false, (a, b) => a.State.Tone != b.State.Tone ? a.State.Tone.CompareTo(b.State.Tone) : string.CompareOrdinal(a.State.Id, b.State.Id)),
        Words("reason", row => row.Workload.Reason),
        Words("type", row => row.Type),
        Words("owner", row => row.Owner),
        Figure("ready", true, row => row.Workload.ActualReplicas),
        Words("accelerator", row => row.Accelerator),
        Words("node", row => row.Node),
        Figure("restarts", true, row => row.Workload.Restarts),
        Figure("age", true, row => -row.Workload.CreatedAt.UtcTicks),
        Words("cluster", row => row.Key.Cluster, shown: false),
        Words("namespace", row => row.Key.Namespace, shown: false),
        Figure("code", false, row => (int)row.Workload.Status),
        Figure("deploy", false, row => row.Workload.DeployId),
    ];

    /// <summary>Finds a column by its id, or null.</summary>
    public static WorkloadColumn? Find(string? id) => All.FirstOrDefault(column => column.Id == id);

    private static WorkloadColumn Words(string id, Func<WorkloadRow, string> value, bool shown = true) =>
        new(id, shown, false, (a, b) => string.Compare(value(a), value(b), StringComparison.OrdinalIgnoreCase));

    private static WorkloadColumn Figure(string id, bool shown, Func<WorkloadRow, long> value) => new(id, shown, true, (a, b) => value(a).CompareTo(value(b)));
}
