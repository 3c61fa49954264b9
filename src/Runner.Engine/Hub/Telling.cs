using Runner.Engine.Workloads;

namespace Runner.Engine.Hub;

/// <summary>What the hub was last told of a workload.</summary>
/// <param name="Uid">Of the Kubernetes object, so that a later one of the same name is told as new.</param>
internal sealed record ToldState(WorkloadKey Key, string Uid, string ClusterId, long TaskId, DeployStatus Status, string Reason, string Endpoint);

/// <summary>Decides what the hub must hear. Pure.</summary>
internal static class Telling
{
    /// <summary>
    /// Compares what the hub was told with what is: new workloads are created, a change of code, a new reason or a new address is a change,
    /// what is gone is stopped, and another object of the same name is a stop and a create. Anything else is nothing.
    /// </summary>
    /// <returns>The events in order, empty for none, and what the hub has been told once it has them: null when the workload is gone.</returns>
    public static (IReadOnlyList<HubEvent> Events, ToldState? Told) Decide(ToldState? told, Workload? workload, DateTimeOffset now) => (told, workload) switch
    {
        (null, null) => ([], null),
        (null, { } created) => ([HubEvents.Created(created, now)], StateOf(created)),
        ({ } gone, null) => ([HubEvents.Stopped(gone, now)], null),
        ({ } old, { } other) when old.Uid != other.Uid => ([HubEvents.Stopped(old, now), HubEvents.Created(other, now)], StateOf(other)),
        ({ } old, { } same) when Differs(old, same) => ([HubEvents.Changed(same, now)], StateOf(same)),
        _ => ([], told),
    };

    private static bool Differs(ToldState told, Workload workload) =>
        told.Status != workload.Status
        || (workload.Reason.Length > 0 && workload.Reason != told.Reason)
        || (workload.Endpoint.Length > 0 && workload.Endpoint != told.Endpoint);

    private static ToldState StateOf(Workload workload) =>
        new(workload.Key, workload.Uid, workload.ClusterId, workload.TaskId, workload.Status, workload.Reason, workload.Endpoint);
}
