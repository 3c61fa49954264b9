using Runner.Engine;
using Runner.Engine.Capacity;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads;
using Runner.Web.Components.Models.Workloads;
using Runner.Web.Live;

namespace Runner.Web.Components.Models;

/// <summary>What the overview tells: hub, clusters, workloads by state, and what needs attention.</summary>
public sealed class OverviewModel(IConsoleEngine engine)
{
    /// <summary>Minutes of event history.</summary>
    public const int Minutes = 60;

    /// <summary>Most workloads listed as needing attention; the rest are a link away.</summary>
    public const int MaxAttention = 12;

    private volatile HashSet<WorkloadKey> _listed = [];

    public OutboxStatus Hub { get; private set; } = new(0, 0, LocalText.None, null);

    /// <summary>How the heartbeat of each cluster to the hub fares.</summary>
    public IReadOnlyList<HeartbeatStatus> Heartbeats { get; private set; } = [];

    /// <summary>When the hub last heard of any cluster; null when it never did since the start.</summary>
    public DateTimeOffset? LastHeartbeat => Heartbeats.Max(heartbeat => heartbeat.LastTakenAt);

    public IReadOnlyList<int> EventsPerMinute { get; private set; } = [];

    public IReadOnlyList<ClusterView> Clusters { get; private set; } = [];

    /// <summary>Whether no cluster answers, so that what is not there may only not be seen.</summary>
    public bool IsAway => Clusters.Count > 0 && Clusters.All(cluster => cluster.IsStale);

    /// <summary>Accelerators of all clusters by model and resource.</summary>
    public IReadOnlyList<DeviceUsage> Accelerators { get; private set; } = [];

    public int Total { get; private set; }

    public IReadOnlyDictionary<WorkloadTone, int> Counts { get; private set; } = new Dictionary<WorkloadTone, int>();

    /// <summary>Failed workloads first, then those that wait; in each group the newest first.</summary>
    public IReadOnlyList<Workload> Attention { get; private set; } = [];

    /// <summary>How many need attention, listed or not.</summary>
    public int AttentionTotal { get; private set; }

    public bool Loading => Total == 0 && Clusters.Any(cluster => !cluster.Synced && !cluster.IsStale);

    /// <summary>Whether a workload is listed. Any thread may ask.</summary>
    public bool Lists(WorkloadKey key) => _listed.Contains(key);

    /// <summary>Reads everything anew.</summary>
    public void Load()
    {
        LoadHub();
        Clusters = engine.Clusters;
        LoadAccelerators();
        LoadWorkloads();
    }

    /// <summary>Takes over what changed.</summary>
    /// <returns>Whether anything that is shown did.</returns>
    public bool Apply(LiveBatch batch)
    {
        var changed = batch.Clusters;
        if (batch.Clusters)
        {
            Clusters = engine.Clusters;
        }

        if (batch.Hub || batch.Clusters)
        {
            changed |= LoadHub();
        }

        if (batch.Capacity || batch.Clusters)
        {
            changed |= LoadAccelerators();
        }

        return (batch.Workloads.Count > 0 && LoadWorkloads()) || changed;
    }

    private bool LoadHub()
    {
        var (hub, heartbeats, events) = (Hub, Heartbeats, EventsPerMinute);
        (Hub, Heartbeats, EventsPerMinute) = (engine.Hub, engine.Heartbeats, engine.HubEventsPerMinute(Minutes));
        return hub != Hub || !heartbeats.SequenceEqual(Heartbeats) || !events.SequenceEqual(EventsPerMinute);
    }

    private bool LoadAccelerators()
    {
        var before = Accelerators;
        Accelerators = CapacityGroups.Devices(engine.Capacity.SelectMany(cluster => cluster.Nodes));
        return !before.SequenceEqual(Accelerators);
    }

    private bool LoadWorkloads()
    {
        var (total, counts, attentionTotal, listed) = (Total, Counts, AttentionTotal, Attention);
        var workloads = engine.Workloads;
        var now = Enum.GetValues<WorkloadTone>().ToDictionary(tone => tone, _ => 0);
        var attention = new List<(WorkloadTone Tone, Workload Workload)>();
        foreach (var workload in workloads.Values)
        {
            var tone = WorkloadState.Of(workload).Tone;
            now[tone]++;
            if (tone is WorkloadTone.Bad or WorkloadTone.Wait)
            {
                attention.Add((tone, workload));
            }
        }

        (Total, Counts, AttentionTotal) = (workloads.Count, now, attention.Count);
        Attention =
        [
            .. attention.OrderBy(one => one.Tone).ThenByDescending(one => one.Workload.CreatedAt).ThenBy(one => one.Workload.Key.Name, StringComparer.Ordinal)
                .Take(MaxAttention).Select(one => one.Workload),
        ];
        _listed = [.. Attention.Select(workload => workload.Key)];
        return total != Total || attentionTotal != AttentionTotal || !Attention.SequenceEqual(listed, ReferenceEqualityComparer.Instance)
            || now.Any(count => counts.GetValueOrDefault(count.Key) != count.Value);
    }
}
