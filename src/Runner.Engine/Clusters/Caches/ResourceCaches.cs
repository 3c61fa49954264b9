using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Clusters.Caches;

/// <summary>Makes the caches of one cluster.</summary>
internal sealed class ResourceCaches(ClusterConnection connection, WatchSettings settings, TimeProvider time, ILogger logger)
{
    public ClusterConnection Connection => connection;

    /// <summary>A cache of one kind. It knows nothing until it is run.</summary>
    public ResourceCache<T> Of<T>(ResourceKind<T> kind)
        where T : class, IKubernetesObject<V1ObjectMeta> => new(connection, kind, settings, time, logger);
}
