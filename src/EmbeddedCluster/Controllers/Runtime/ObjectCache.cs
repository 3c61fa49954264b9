using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>
/// What controllers see of the cluster: the latest state of every object as told by the change stream, indexed by resource, namespace and owner.
/// Used only by the thread of the <see cref="ControllerLoop"/>.
/// </summary>
internal sealed class ObjectCache
{
    private static readonly IReadOnlyDictionary<ObjectKey, StoredObject> Nothing = new Dictionary<ObjectKey, StoredObject>();

    private readonly Dictionary<ObjectKey, StoredObject> _objects = [];
    private readonly Dictionary<(string Group, string Plural), Dictionary<ObjectKey, StoredObject>> _byResource = [];
    private readonly Dictionary<(string Group, string Plural, string Namespace), Dictionary<ObjectKey, StoredObject>> _byNamespace = [];
    private readonly Dictionary<string, HashSet<ObjectKey>> _byOwner = [];

    public StoredObject? Get(in ObjectKey key) => _objects.GetValueOrDefault(key);

    public StoredObject? Get(ObjectKind resource, string @namespace, string name) => _objects.GetValueOrDefault(resource.Key(@namespace, name));

    /// <summary>Objects of a resource in no particular order; of all namespaces when <paramref name="namespace"/> is null.</summary>
    public IEnumerable<StoredObject> List(ObjectKind resource, string? @namespace = null) =>
        (@namespace is null
            ? _byResource.GetValueOrDefault((resource.Group, resource.Plural))
            : _byNamespace.GetValueOrDefault((resource.Group, resource.Plural, @namespace)) ?? Nothing)?.Values ?? [];

    /// <summary>Objects of a resource whose controller reference names this uid, ordered by name.</summary>
    public IReadOnlyList<StoredObject> OwnedBy(string uid, ObjectKind resource) =>
        !_byOwner.TryGetValue(uid, out var keys)
            ? []
            : [.. keys.Where(k => resource.Owns(k)).OrderBy(k => k.Name, StringComparer.Ordinal).Select(k => _objects[k])];

    /// <summary>Pods of a Deployment, through its ReplicaSets.</summary>
    public IEnumerable<StoredObject> PodsOf(StoredObject deployment) =>
        OwnedBy(deployment.Json.Uid(), ObjectKind.ReplicaSet).SelectMany(s => OwnedBy(s.Json.Uid(), ObjectKind.Pod));

    public void Apply(StoreEvent change)
    {
        var key = change.Object.Key;
        if (_objects.GetValueOrDefault(key) is { } before)
        {
            Owner(before, add: false);
        }

        if (change.Type == StoreEventType.Deleted)
        {
            _objects.Remove(key);
            _byResource.GetValueOrDefault((key.Group, key.Plural))?.Remove(key);
            _byNamespace.GetValueOrDefault((key.Group, key.Plural, key.Namespace))?.Remove(key);
            return;
        }

        _objects[key] = change.Object;
        Bucket(_byResource, (key.Group, key.Plural))[key] = change.Object;
        Bucket(_byNamespace, (key.Group, key.Plural, key.Namespace))[key] = change.Object;
        Owner(change.Object, add: true);
    }

    private static Dictionary<ObjectKey, StoredObject> Bucket<T>(Dictionary<T, Dictionary<ObjectKey, StoredObject>> index, T name)
        where T : notnull
    {
        if (!index.TryGetValue(name, out var bucket))
        {
            index[name] = bucket = [];
        }

        return bucket;
    }

    private void Owner(StoredObject stored, bool add)
    {
        if (stored.Json.ControllerReference().Text("uid") is not { } uid)
        {
            return;
        }

        if (!_byOwner.TryGetValue(uid, out var keys))
        {
            if (!add)
            {
                return;
            }

            _byOwner[uid] = keys = [];
        }

        if (add)
        {
            keys.Add(stored.Key);
        }
        else if (keys.Remove(stored.Key) && keys.Count == 0)
        {
            _byOwner.Remove(uid);
        }
    }
}
