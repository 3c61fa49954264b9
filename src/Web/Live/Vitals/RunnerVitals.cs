using Runner.Engine.Clusters.Caches;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;

namespace Runner.Web.Live.Vitals;

/// <summary>How this process itself is.</summary>
internal sealed record RunnerVitals(
    ProcessVitals Process, StorageVitals Storage, HubVitals Hub, IReadOnlyList<CacheVitals> Caches, IReadOnlyList<QueueVitals> Queues, ConnectionVitals Connections);

/// <param name="Version">Of the program.</param>
/// <param name="ProcessorTime">Used since the start, by all cores together.</param>
/// <param name="Resident">Bytes of memory that are in use by the process as the system counts.</param>
/// <param name="Heap">Bytes of it that objects take, at the last collection.</param>
/// <param name="Limit">Bytes that the process may take; of the container where it has a limit.</param>
/// <param name="PausePercent">Share of the time since the start that collections stopped the program for.</param>
/// <param name="Collections">Of the oldest generation, since the start.</param>
/// <param name="PoolWaiting">Work that waits for a thread of the pool.</param>
/// <param name="Handles">Open files, sockets and the like.</param>
internal sealed record ProcessVitals(
    string Version, DateTimeOffset Started, TimeSpan ProcessorTime, long Resident, long Heap, long Limit, double PausePercent, int Collections, int Threads, long PoolWaiting, int Handles);

/// <param name="Free">Bytes left on the disk of the data folder.</param>
internal sealed record StorageVitals(DatabaseStatus Database, string Folder, long Free, IReadOnlyList<FileVitals> Files);

/// <summary>A file in the data folder, or a folder in it with all of its files.</summary>
internal sealed record FileVitals(string Name, int Count, long Bytes);

/// <param name="IsLeader">Whether this process speaks to the hub.</param>
/// <param name="Leader">Who does, where there is an election; null where there is none.</param>
internal sealed record HubVitals(OutboxStatus Outbox, bool IsLeader, string? Leader);

/// <summary>Objects of one kind that one watch follows.</summary>
internal sealed record CacheVitals(string Cluster, CacheStatus Status);

/// <summary>Something with a bounded length that work passes through.</summary>
/// <param name="Id">Key of its name among the texts: <c>Queue.</c> and this; for a queue of a cluster, <c>workloads</c>.</param>
/// <param name="Of">Whose it is, where there are several.</param>
/// <param name="Dropped">Lost since the start because it was full; null where nothing is ever dropped.</param>
internal sealed record QueueVitals(string Id, string Of, long Waiting, long? Dropped);

/// <param name="Circuits">Pages open in browsers, those that lost their connection a moment ago included.</param>
/// <param name="Connected">Those that are connected.</param>
/// <param name="Live">Connections of outside programs to the live hub.</param>
internal sealed record ConnectionVitals(int Circuits, int Connected, int Live);

/// <summary>Where <see cref="RunnerVitals"/> come from.</summary>
internal interface IVitals
{
    /// <summary>Reads memory, and the data folder now and then. Asks no cluster.</summary>
    RunnerVitals Read();
}
