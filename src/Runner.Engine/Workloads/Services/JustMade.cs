using System.Collections.Concurrent;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.MultiHost;

namespace Runner.Engine.Workloads.Services;

/// <summary>Services that were made a moment ago and that the feed does not have yet: they exist, whatever the feed says.</summary>
internal sealed class JustMade
{
    /// <summary>A watch that has not told of a service after this time is broken for longer than anybody waits.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<WorkloadKey, Made> _made = new();
    private readonly TimeProvider _time;

    public JustMade(ClusterDirectory clusters, TimeProvider time)
    {
        _time = time;
        foreach (var cluster in clusters.Connections)
        {
            cluster.State.Services.Services.Changed += (before, after) => Watched(cluster, (after ?? before)!, (after ?? before)!.Metadata.Name);
            cluster.State.Services.Sets.Changed += (before, after) => Watched(cluster, (after ?? before)!, LeaderWorkerSetNames.ServiceOf((after ?? before)!));
        }
    }

    public void Add(Workload workload, ClusterConnection cluster)
    {
        var now = _time.GetUtcNow();
        foreach (var (key, old) in _made)
        {
            if (old.Until <= now)
            {
                _made.TryRemove(new(key, old));
            }
        }

        // The watch may have been faster than the answer.
        var made = _made[workload.Key] = new(workload, now + Life);
        made.IsWatched |= IsInCache(workload, cluster);
    }

    /// <summary>The service as it was made, until the watch has told of it or should long have.</summary>
    public Workload? Find(WorkloadKey key, ClusterConnection cluster)
    {
        if (!_made.TryGetValue(key, out var made))
        {
            return null;
        }

        // What the watch has told of counts while the cache has it: the feed is about to have it too. Without it, it is gone again.
        if (made.Until > _time.GetUtcNow() && (!made.IsWatched || IsInCache(made.Workload, cluster)))
        {
            return made.Workload;
        }

        _made.TryRemove(new(key, made));
        return null;
    }

    public void Forget(WorkloadKey key) => _made.TryRemove(key, out _);

    private void Watched(ClusterConnection cluster, IKubernetesObject<V1ObjectMeta> carrier, string service)
    {
        if (_made.TryGetValue(new(cluster.Name, WorkloadKind.Service, carrier.Metadata.NamespaceProperty ?? "", service), out var made)
            && made.Workload.Uid == carrier.Metadata.Uid)
        {
            made.IsWatched = true;
        }
    }

    private static bool IsInCache(Workload workload, ClusterConnection cluster) =>
cluster.State.Services.CarrierOf(workload.Key)?.Metadata.Uid == workload.Uid;

    private sealed class Made(Workload workload, DateTimeOffset until)
    {
        private volatile bool _isWatched;

        public Workload Workload => workload;

        public DateTimeOffset Until => until;

        /// <summary>True once the watch has told of the service.</summary>
        public bool IsWatched
        {
            get => _isWatched;
            set => _isWatched = value;
        }
    }
}
