using Runner.Engine.Hub.Payloads;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub.Events;

/// <summary>What the hub was last told of a workload.</summary>
/// <param name="Uid">Of the Kubernetes object, so that a later one of the same name is told as new.</param>
/// <param name="Detail">What the kind's <see cref="IHubPayloads"/> wants to remember beside these.</param>
internal sealed record ToldState(
    WorkloadKey Key, string Uid, string ClusterId, long TaskId, DeployStatus Status, string Reason, string Endpoint, string Detail = "");

/// <summary>Decides what the hub must hear. Pure.</summary>
internal static class Telling
{
    /// <summary>No workload has this one, so that whatever it has is a change.</summary>
    private const DeployStatus Unknown = (DeployStatus)(-1);

    /// <summary>
    /// Compares what the hub was told with what is: new workloads are created, what is gone is stopped, another object of the same name is a stop
    /// and a create, and what counts as a change is the kind's own business. Anything else is nothing.
    /// </summary>
    /// <param name="missed">True when nobody saw the workload go.</param>
    /// <param name="again">True when the hub may have changed its own copy of what it was told: what has not changed since is told once more, unless that was the last word.</param>
    /// <returns>The events in order, empty for none, and what the hub has been told once it has them: null when the workload is gone.</returns>
    public static (IReadOnlyList<HubEvent> Events, ToldState? Told) Decide(ToldState? told, Workload? workload, DateTimeOffset now, bool missed = false, bool again = false)
    {
        if ((workload?.Key ?? told?.Key) is not { } key || HubPayloads.For(key.Kind) is not { } payloads)
        {
            return ([], null);
        }

        switch (told, workload)
        {
            case (null, { } created):
                return (payloads.Created(created, now), StateOf(created, payloads));
            case ({ } gone, null):
                return (payloads.Stopped(gone, now, missed), null);
            case ({ } old, { } other) when old.Uid != other.Uid:
                return (payloads.Replaced(old, other, now, missed), StateOf(other, payloads));
            case ({ } old, { } same):
                var changes = payloads.Changed(old, same, now);
                changes = changes.Count == 0 && again ? payloads.Again(old, same, now) : changes;
                return (changes, changes.Count > 0 ? StateOf(same, payloads) : same.Job is null ? old with { Detail = payloads.DetailOf(same) } : old);
            default:
                return ([], null);
        }
    }

    /// <summary>
    /// What the hub was told of a workload by the replica that spoke to it before, as far as that can be known: that there is one. What is there is told
    /// as a change, whatever was told last; what is gone is told as gone.
    /// </summary>
    /// <param name="seen">The workload when this replica last saw it.</param>
    /// <param name="workload">As it is; null when it is gone.</param>
    public static ToldState? ToldByAnother(Workload seen, Workload? workload) => HubPayloads.For(seen.Key.Kind) is not { } payloads ? null
        : workload is null ? StateOf(seen, payloads)
        : StateOf(seen, payloads) with { Status = Unknown, Reason = "", Endpoint = "", Detail = "" };

    /// <summary>
    /// Whether the hub goes by another state than it was told, once a request to run a service is answered: it writes down then that the service is being deployed, whatever it has heard of it.
    /// </summary>
    /// <param name="isNew">Whether the request made the service; one that was there as it is has had its state told long ago.</param>
    /// <param name="status">The service's when the request is answered; null where that is not known.</param>
    public static bool IsLostToAnswer(bool isNew, DeployStatus? status) => !isNew || (status ?? DeployStatus.Deploying) != DeployStatus.Deploying;

    private static ToldState StateOf(Workload workload, IHubPayloads payloads) => new(
        workload.Key,
        workload.Uid,
        workload.ClusterId,
        workload.TaskId,
        workload.Status,
        workload.Reason,
        workload.Endpoint,
        payloads.DetailOf(workload));
}
