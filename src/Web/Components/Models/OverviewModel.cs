using Runner.Engine;
using Runner.Engine.Capacity;
using Runner.Engine.Hub;
using Runner.Engine.Workloads;
using Runner.Web.Live;

namespace Runner.Web.Components.Models;

/// <summary>What the overview tells: hub, clusters, workloads by state, and what needs attention.</summary>
public sealed class OverviewModel(IConsoleEngine engine)
{
    /// <summary>Minutes of event history.</summary>
    public const int Minutes = 60;

    /// <summary>Most workloads listed as needing attention; the rest are a link away.</summary>
    public const int MaxAttention = 12;

    public OutboxStatus Hub { get; private set; } = new(0, 0, LocalText.None, null);

    /// <summary>How the heartbeat of each cluster to the hub fares.</summary>
    public IReadOnlyList<HeartbeatStatus> Heartbeats { get; private set; } = [];

    /// <summary>When the hub last heard of any cluster; null when it never did since the start.</summary>
    public DateTimeOffset? LastHeartbeat => Heartbeats.Max(heartbeat => heartbeat.LastTakenAt);

    public IReadOnlyList<int> EventsPerMinute { get; private set; } = [];

    public IReadOnlyList<ClusterView> Clusters { get; private set; } = [];

    /// <summary>Accelerators of all clusters by model and resource.</summary>
    public IReadOnlyList<DeviceUsage> Accelerators { get; private set; } = [];

    public int Total { get; private set; }

    public IReadOnlyDictionary<WorkloadTone, int> Counts { get; private set; } = new Dictionary<WorkloadTone, int>();

    /// <summary>Failed workloads first, then those that wait; in each group the newest first.</summary>
    public IReadOnlyList<Workload> Attention { get; private set; } = [];

    /// <summary>How many need attention, listed or not.</summary>
    public int AttentionTotal { get; private set; }

    public bool Loading => Total == 0 && Clusters.Any(cluster => !cluster.Synced && !cluster.IsStale);

    public void Load()
    {
        Hub = engine.Hub;
        Heartbeats = engine.Heartbeats;
        EventsPerMinute = engine.HubEventsPerMinute(Minutes);
        Clusters = engine.Clusters;
        Accelerators = CapacityGroups.Devices(engine.Capacity.SelectMany(cluster => cluster.Nodes));
        var workloads = engine.Workloads;
        Total = workloads.Count;
        Counts = Enum.GetValues<WorkloadTone>().ToDictionary(tone => tone, tone => workloads.Values.Count(workload => WorkloadState.Of(workload).Tone == tone));
        var attention = workloads.Values.Where(workload => WorkloadState.Of(workload).Tone is WorkloadTone.Bad or WorkloadTone.Wait)
            .OrderBy(workload => WorkloadState.Of(workload).Tone).ThenByDescending(workload => workload.CreatedAt).ThenBy(workload => workload.Key.Name, StringComparer.Ordinal).ToList();
        AttentionTotal = attention.Count;
        Attention = [.. attention.Take(MaxAttention)];
    }
}
