using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Workloads;

namespace Runner.Engine.Clusters;

/// <summary>
/// Where workloads of one or several kinds come from in one cluster: the caches of the objects that carry them, and the pure projection over
/// what the caches hold. A <see cref="WorkloadTracker"/> drives it. No other source has workloads of the same kinds.
/// </summary>
/// <param name="name">What it carries, in the plural, for logs: <c>services</c>.</param>
/// <param name="kinds">The kinds of workload that come from here and from nowhere else.</param>
internal abstract class WorkloadSource(string name, params WorkloadKind[] kinds)
{
    private readonly List<IResourceCache> _needed = [];
    private readonly List<IResourceCache> _optional = [];

    /// <summary>An object of this workload changed.</summary>
    public event Action<WorkloadKey>? Dirty;

    /// <summary>A cache has listed anew or is well again: anything may have changed.</summary>
    public event Action? Refreshed;

    public string Name => name;

    public IReadOnlySet<WorkloadKind> Kinds { get; } = kinds.ToHashSet();

    /// <summary>The caches that this source alone uses.</summary>
    public IEnumerable<IResourceCache> Caches => _needed.Concat(_optional);

    /// <summary>
    /// True while what the caches hold is complete. An optional kind that the cluster does not know has no objects, which is complete too. One that
    /// may not be seen may not be made either: it must not keep the others from being known, see <see cref="Unseen"/>.
    /// </summary>
    public bool Ready => _needed.TrueForAll(cache => cache.Health == CacheHealth.Synced) && _optional.TrueForAll(IsSettled);

    /// <summary>Timestamp from before the oldest of the lists that the workloads are made from, kinds left out that the cluster does not know or show.</summary>
    public long ListedAt => _needed.Concat(_optional).Where(cache => cache.Health != CacheHealth.Unavailable).Select(cache => cache.ListedAt).DefaultIfEmpty(long.MaxValue).Min();

    /// <summary>False where the cluster does not know what carries these workloads, or does not show it.</summary>
    public virtual bool IsCarried => true;

    /// <summary>What may be there now without being seen.</summary>
    public virtual IReadOnlyList<UnseenWorkloads> Unseen => [];

    /// <summary>Every workload that exists.</summary>
    public abstract IEnumerable<WorkloadKey> Keys();

    /// <summary>The workload a pod works for; null when it is none of this source's.</summary>
    public abstract WorkloadKey? KeyOf(V1Pod pod);

    /// <summary>The workload as the caches show it; null when it does not exist.</summary>
    public abstract Workload? Project(WorkloadKey key);

    /// <summary>Names by which objects of a workload are known beside its pods'.</summary>
    public virtual IEnumerable<string> NamesOf(WorkloadKey key) => [key.Name];

    /// <summary>The object that carries a workload, as the API server sent it; null when it is gone.</summary>
    public abstract byte[]? JsonOf(WorkloadKey key);

    /// <summary>Nothing is known of this source's workloads before this cache is complete.</summary>
    /// <param name="keyOf">The workload an object belongs to; null for none.</param>
    protected ResourceCache<T> Needs<T>(ResourceCache<T> cache, Func<T, WorkloadKey?> keyOf)
        where T : class, IKubernetesObject<V1ObjectMeta> => Follow(_needed, cache, keyOf);

    /// <summary>As <see cref="Needs"/>, but the cluster may well not know the kind, or not show it.</summary>
    protected ResourceCache<T> Uses<T>(ResourceCache<T> cache, Func<T, WorkloadKey?> keyOf)
        where T : class, IKubernetesObject<V1ObjectMeta> => Follow(_optional, cache, keyOf);

    /// <summary>Whether the cluster may have objects of a kind that it does not show.</summary>
    protected static bool IsHidden(IResourceCache cache) => cache.Status is { Health: CacheHealth.Unavailable, IsUnknownKind: false };

    private ResourceCache<T> Follow<T>(List<IResourceCache> caches, ResourceCache<T> cache, Func<T, WorkloadKey?> keyOf)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        caches.Add(cache);
        cache.Changed += (before, after) =>
        {
            var then = before is null ? null : keyOf(before);
            var now = after is null ? null : keyOf(after);
            Tell(then);
            Tell(now == then ? null : now);
        };
        cache.Listed += () => Refreshed?.Invoke();

        // What was listed while a watch could not be opened has been put off until then.
        cache.StatusChanged += () =>
        {
            if (IsSettled(cache))
            {
                Refreshed?.Invoke();
            }
        };
        return cache;
    }

    private static bool IsSettled(IResourceCache cache) => cache.Health is CacheHealth.Synced or CacheHealth.Unavailable;

    /// <summary>Has a workload projected again; nothing for null.</summary>
    protected void Tell(WorkloadKey? key)
    {
        if (key is { } changed)
        {
            Dirty?.Invoke(changed);
        }
    }
}
