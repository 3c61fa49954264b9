using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Replacing;

namespace Runner.Engine.Workloads.Services;

/// <summary>Services that were made a moment ago and that the feed does not have yet: they exist, whatever the feed says.</summary>
internal sealed class JustMade
{
    private readonly Recent<Made> _made;

    public JustMade(ClusterDirectory clusters, TimeProvider time)
    {
        _made = new(time);
        foreach (var cluster in clusters.Connections)
        {
            cluster.State.Services.Services.Changed += (before, after) => Watched(cluster, (after ?? before)!, (after ?? before)!.Metadata.Name);
            cluster.State.Services.Sets.Changed += (before, after) => Watched(cluster, (after ?? before)!, LeaderWorkerSetNames.ServiceOf((after ?? before)!));
        }
    }

    public void Add(Workload workload, ClusterConnection cluster)
    {
        var made = new Made(workload);
        _made.Add(workload.Key, made);

        // The watch may have been faster than the answer.
        made.IsWatched |= IsInCache(workload, cluster);
    }

    /// <summary>The service as it was made, until the watch has told of it or should long have.</summary>
    public Workload? Find(WorkloadKey key, ClusterConnection cluster)
    {
        if (_made.Find(key) is not { } made)
        {
            return null;
        }

        // What the watch has told of counts while the cache has it: the feed is about to have it too. Without it, it is gone again.
        if (!made.IsWatched || IsInCache(made.Workload, cluster))
        {
            return made.Workload;
        }

        _made.Forget(key, made);
        return null;
    }

    public void Forget(WorkloadKey key) => _made.Forget(key);

    private void Watched(ClusterConnection cluster, IKubernetesObject<V1ObjectMeta> carrier, string service)
    {
        if (_made.Find(new(cluster.Name, WorkloadKind.Service, carrier.Metadata.NamespaceProperty ?? "", service)) is { } made && made.Workload.Uid == carrier.Metadata.Uid)
        {
            made.IsWatched = true;
        }
    }

    private static bool IsInCache(Workload workload, ClusterConnection cluster) =>
        cluster.State.Services.CarrierOf(workload.Key)?.Metadata.Uid == workload.Uid;

    private sealed class Made(Workload workload)
    {
        private volatile bool _isWatched;

        public Workload Workload => workload;

        /// <summary>True once the watch has told of the service.</summary>
        public bool IsWatched
        {
            get => _isWatched;
            set => _isWatched = value;
        }
    }
}
