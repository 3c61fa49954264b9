using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Runner.EmbeddedCluster.Storage;

/// <summary>
/// All objects of the cluster with one running resource version, as etcd and the API server's storage layer keep them.
/// In-process controllers and the HTTP layer use the same calls, so both obey the same rules.
/// </summary>
internal sealed class ObjectStore(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, StoredObject> _objects = [];
    private readonly List<ChannelWriter<StoreEvent>> _subscribers = [];
    private long _resourceVersion;

    public StoredObject? Get(ObjectKey key)
    {
        lock (_lock)
        {
            return _objects.GetValueOrDefault(key);
        }
    }

    /// <summary>Objects of one resource, ordered by namespace and name; of all namespaces when <paramref name="namespace"/> is null.</summary>
    public IReadOnlyList<StoredObject> List(string group, string plural, string? @namespace = null)
    {
        lock (_lock)
        {
            return [.. _objects.Values
                .Where(o => o.Key.Group == group && o.Key.Plural == plural && (@namespace is null || o.Key.Namespace == @namespace))
                .OrderBy(o => o.Key.Namespace, StringComparer.Ordinal).ThenBy(o => o.Key.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>Stores a new object; sets uid, creationTimestamp, generation and resourceVersion. Takes ownership of <paramref name="json"/>.</summary>
    /// <exception cref="ApiException">409 <c>AlreadyExists</c>.</exception>
    public StoredObject Create(ObjectKey key, JsonObject json)
    {
        lock (_lock)
        {
            if (_objects.ContainsKey(key))
            {
                throw new ApiException(409, "AlreadyExists", $"{Resource(key)} \"{key.Name}\" already exists");
            }

            var metadata = json["metadata"]!.AsObject();
            metadata["uid"] ??= Guid.NewGuid().ToString();
            metadata["creationTimestamp"] ??= time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            return Put(StoreEventType.Added, key, json, null);
        }
    }

    /// <summary>
    /// Stores a changed object. With <c>metadata.resourceVersion</c> it must be the current one. A change of nothing keeps the version and tells nobody.
    /// Takes ownership of <paramref name="json"/>.
    /// </summary>
    /// <param name="subresource">Null for the object itself (status is kept as it was), <c>status</c> for the status alone.</param>
    /// <exception cref="ApiException">404 <c>NotFound</c>, 409 <c>Conflict</c>.</exception>
    public StoredObject Update(ObjectKey key, JsonObject json, string? subresource = null)
    {
        lock (_lock)
        {
            var before = _objects.GetValueOrDefault(key) ?? throw new ApiException(404, "NotFound", $"{Resource(key)} \"{key.Name}\" not found");
            var expected = json["metadata"]?["resourceVersion"]?.GetValue<string>();
            if (!string.IsNullOrEmpty(expected) && expected != before.ResourceVersion.ToString(CultureInfo.InvariantCulture))
            {
                throw new ApiException(409, "Conflict", $"Operation cannot be fulfilled on {Resource(key)} \"{key.Name}\": the object has been modified; please apply your changes to the latest version and try again");
            }

            if (subresource == "status")
            {
                var status = json["status"]?.DeepClone();
                json = before.Edit();
                json["status"] = status;
            }

            return JsonNode.DeepEquals(json, before.Json) ? before : Put(StoreEventType.Modified, key, json, before);
        }
    }

    /// <summary>Removes an object, or marks it deleted where finalizers or a grace period hold it.</summary>
    /// <param name="propagation"><c>Background</c>, <c>Foreground</c> or <c>Orphan</c>; null for the resource's default.</param>
    /// <param name="gracePeriodSeconds">Null for the object's own (pods: <c>terminationGracePeriodSeconds</c>).</param>
    /// <exception cref="ApiException">404 <c>NotFound</c>.</exception>
    public StoredObject Delete(ObjectKey key, string? propagation = null, int? gracePeriodSeconds = null)
    {
        lock (_lock)
        {
            var before = _objects.GetValueOrDefault(key) ?? throw new ApiException(404, "NotFound", $"{Resource(key)} \"{key.Name}\" not found");
            return Put(StoreEventType.Deleted, key, before.Edit(), before);
        }
    }

    /// <summary>Everything stored now, and every change from then on. For in-process controllers; the channel is unbounded because they never stop reading.</summary>
    public (IReadOnlyList<StoredObject> Snapshot, ChannelReader<StoreEvent> Changes) Subscribe()
    {
        lock (_lock)
        {
            var channel = Channel.CreateUnbounded<StoreEvent>();
            _subscribers.Add(channel.Writer);
            return ([.. _objects.Values], channel.Reader);
        }
    }

    private static string Resource(ObjectKey key) => key.Group.Length == 0 ? key.Plural : $"{key.Plural}.{key.Group}";

    private StoredObject Put(StoreEventType type, ObjectKey key, JsonObject json, StoredObject? before)
    {
        var version = ++_resourceVersion;
        json["metadata"]!["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture);
        var stored = new StoredObject(key, json, version);
        if (type == StoreEventType.Deleted)
        {
            _objects.Remove(key);
        }
        else
        {
            _objects[key] = stored;
        }

        foreach (var subscriber in _subscribers)
        {
            subscriber.TryWrite(new StoreEvent(type, stored, before));
        }

        return stored;
    }
}
