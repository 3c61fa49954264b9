using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.History;
using Runner.Web.Live;

namespace Runner.Web.Components.Models.Workloads;

/// <summary>What is known about one workload, for its page.</summary>
public sealed class WorkloadDetailModel(IConsoleEngine engine, WorkloadKey key)
{
    /// <summary>Ids of the parts of the page, the first one being open unless another is asked for.</summary>
    public static IReadOnlyList<string> Sections { get; } = ["instances", "logs", "events", "history", "revisions", "containers", "manifest"];

    public WorkloadKey Key => key;

    /// <summary>The last known state; null when there never was one while the page was open.</summary>
    public Workload? Workload { get; private set; }

    /// <summary>True when the workload went while the page was open: what is shown is its last state.</summary>
    public bool Gone { get; private set; }

    /// <summary>True while its cluster has not been listed yet.</summary>
    public bool Loading { get; private set; }

    public ClusterView? Cluster { get; private set; }

    /// <summary>Kubernetes events, newest first.</summary>
    public IReadOnlyList<WorkloadEvent> Events { get; private set; } = [];

    /// <summary>Its object as YAML; null when it is gone.</summary>
    public string? Manifest { get; private set; }

    /// <summary>The states it went through, the newest first.</summary>
    public IReadOnlyList<StateChange> History { get; private set; } = [];

    /// <summary>What its containers were asked to be; the last known while it is gone.</summary>
    public IReadOnlyList<WorkloadContainerSpec> Containers { get; private set; } = [];

    /// <summary>Reads everything anew.</summary>
    public void Load()
    {
        Cluster = engine.Clusters.FirstOrDefault(cluster => cluster.Name == key.Cluster);
        if (engine.Workloads.TryGetValue(key, out var workload))
        {
            Workload = workload;
            Gone = false;
            Events = engine.EventsOf(key);
            LoadObject();
        }
        else
        {
            Gone = Workload is not null;
        }

        History = Workload is { } known ? engine.HistoryOf(key, known.Uid) : [];
        Loading = Workload is null && Cluster is { Synced: false, IsStale: false };
    }

    /// <summary>Takes over what changed.</summary>
    /// <returns>False when nothing of it is about this workload.</returns>
    public bool Apply(LiveBatch batch)
    {
        if (!batch.Clusters && !batch.Workloads.Contains(key))
        {
            return batch.Objects.Contains(key) && LoadObject();
        }

        Load();
        return true;
    }

    /// <returns>Whether it is another one.</returns>
    private bool LoadObject()
    {
        var (manifest, containers) = (Manifest, Containers);
        Manifest = engine.ManifestOf(key) ?? Manifest;
        Containers = engine.ContainersOf(key) is { Count: > 0 } now ? now : Containers;
        return Manifest != manifest || !Containers.SequenceEqual(containers);
    }
}
