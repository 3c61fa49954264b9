using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub.Payloads;

/// <summary>Makes the events of one kind of workload. Pure. Names and zero values are those of the wire contract.</summary>
internal interface IHubPayloads
{
    /// <summary>What the hub hears of a workload that it does not know yet; empty where it hears nothing.</summary>
    IReadOnlyList<HubEvent> Created(Workload workload, DateTimeOffset now);

    /// <summary>What the hub hears of a workload it knows; empty where nothing changed that it would notice.</summary>
    IReadOnlyList<HubEvent> Changed(ToldState told, Workload workload, DateTimeOffset now);

    /// <summary>
    /// What the hub hears of a workload that has not changed since it was told of it, but of which it may have another notion by now: its present state, never as new; empty where what it was told
    /// is the last word, or is further on.
    /// </summary>
    IReadOnlyList<HubEvent> Again(ToldState told, Workload workload, DateTimeOffset now);

    /// <summary>What the hub hears when a workload is gone.</summary>
    /// <param name="missed">True when nobody saw it go: how it stood last is not known.</param>
    IReadOnlyList<HubEvent> Stopped(ToldState told, DateTimeOffset now, bool missed);

    /// <summary>What the hub hears when another object has taken the name of one that it knows.</summary>
    /// <inheritdoc cref="Stopped"/>
    IReadOnlyList<HubEvent> Replaced(ToldState told, Workload other, DateTimeOffset now, bool missed) => [.. Stopped(told, now, missed), .. Created(other, now)];

    /// <summary>Whatever else must be remembered of what was told, to compare with later and to tell of the end; becomes <see cref="ToldState.Detail"/>.</summary>
    string DetailOf(Workload workload);

    /// <summary>Whether what was told is of a workload over several hosts, as far as that is remembered.</summary>
    bool SpansHosts(ToldState told) => false;
}
