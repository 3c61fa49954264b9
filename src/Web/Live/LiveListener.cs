using Runner.Engine.Workloads;

namespace Runner.Web.Live;

/// <summary>What can change.</summary>
[Flags]
internal enum LiveParts
{
    None = 0,

    /// <summary>Workloads, or what is known beside them, such as their Kubernetes events.</summary>
    Workloads = 1,

    /// <summary>Connections to clusters.</summary>
    Clusters = 2,

    /// <summary>The outbox.</summary>
    Hub = 4,

    /// <summary>What nodes have, and what pods claim of it.</summary>
    Capacity = 8,

    /// <summary>Objects of workloads, where the workloads stay as they are; only for whoever has named one.</summary>
    Objects = 16,
}

/// <summary>One that is told of changes.</summary>
/// <param name="Parts">What it wants to hear of.</param>
/// <param name="Shows">Whether it has a workload on the screen; asked by any thread, under a lock: quick, and never throws.</param>
/// <param name="ObjectOf">The workload whose object it shows as it stands.</param>
/// <param name="TellAsync">Tells it, and gives the time that it worked.</param>
internal sealed record LiveListener(LiveParts Parts, Func<WorkloadKey, bool> Shows, WorkloadKey? ObjectOf, Func<LiveBatch, Task<TimeSpan>> TellAsync)
{
    /// <summary>Whether a change of these parts is for it.</summary>
    public bool Wants(LiveParts parts) => (Parts & parts) != LiveParts.None;

    /// <summary>Whether a batch has something for it.</summary>
    public bool Wants(LiveBatch batch) => Wants(batch.Parts) || HasObjectIn(batch);

    /// <summary>What of a batch is for it: objects that it did not name are nobody else's.</summary>
    public LiveBatch PartOf(LiveBatch batch) => batch.Objects.Count == 0 ? batch : batch with { Objects = HasObjectIn(batch) ? [ObjectOf!.Value] : [] };

    private bool HasObjectIn(LiveBatch batch) => ObjectOf is { } named && batch.Objects.Contains(named);

    /// <summary>Whether the reader has what changed before his eyes. Figures of the hub and of capacity sum up what changes all the time.</summary>
    /// <param name="part">One part.</param>
    /// <param name="key">The workload, where it is one.</param>
    public bool HasOnScreen(LiveParts part, WorkloadKey? key) => Wants(part) && part switch
    {
        LiveParts.Workloads => key is { } workload && Shows(workload),
        LiveParts.Clusters => true,
        _ => false,
    };
}
