using LiteDB;

namespace Runner.Engine.Workloads.History;

/// <summary>A <see cref="StateChange"/> as it lies on disk.</summary>
internal sealed class StateDocument
{
    [BsonId]
    public long Id { get; set; }

    /// <summary>The key of the workload as a text, and the uid of its object: one made anew under the same name has a history of its own.</summary>
    public string Workload { get; set; } = "";

    public string Cluster { get; set; } = "";

    public WorkloadKind Kind { get; set; }

    public DateTime At { get; set; }

    public DeployStatus Status { get; set; }

    public string Phase { get; set; } = "";

    public bool WaitingForRoom { get; set; }

    public string Reason { get; set; } = "";

    public string Message { get; set; } = "";

    public bool Unseen { get; set; }

    public StateChange ToChange() => new(new DateTimeOffset(At.ToUniversalTime()), Status, Phase, WaitingForRoom, Reason, Message, Unseen);

    public static StateDocument Of(string workload, WorkloadKey key, StateChange change) => new()
    {
        Workload = workload,
        Cluster = key.Cluster,
        Kind = key.Kind,
        At = change.At.UtcDateTime,
        Status = change.Status,
        Phase = change.Phase,
        WaitingForRoom = change.WaitingForRoom,
        Reason = change.Reason,
        Message = change.Message,
        Unseen = change.Unseen,
    };
}
