using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Runner.EmbeddedCluster.Http;

namespace Runner.EmbeddedCluster.Storage;

/// <summary>
/// All objects of the cluster with one running resource version, as etcd and the API server's storage layer keep them.
/// In-process controllers and the HTTP layer use the same calls, so both obey the same rules.
/// </summary>
internal sealed class ObjectStore(TimeProvider time, ResourceCatalog? catalog = null)
{
    /// <summary>Where counting begins: what is before counts as long compacted, as in a cluster that has lived.</summary>
    internal const long FirstRevision = 1000;

    private readonly Lock _lock = new();
    private readonly ResourceCatalog _catalog = catalog ?? new ResourceCatalog();
    private readonly Dictionary<(string Group, string Plural), ObjectTable> _tables = [];
    private readonly List<ChannelWriter<StoreEvent>> _subscribers = [];
    private long _resourceVersion = FirstRevision;

    /// <summary>Resources the objects belong to.</summary>
    public ResourceCatalog Catalog => _catalog;

    /// <summary>Fills in what objects of in-process controllers leave open; set once before the controllers start.</summary>
    public Func<ResourceType, JsonObject, JsonObject>? Defaults { get; set; }

    /// <summary>Resource version of the newest change.</summary>
    public long ResourceVersion
    {
        get
        {
            lock (_lock)
            {
                return _resourceVersion;
            }
        }
    }

    public StoredObject? Get(ObjectKey key)
    {
        lock (_lock)
        {
            return Table(key.Group, key.Plural).Get(key);
        }
    }

    /// <summary>Objects of one resource, ordered by namespace and name; of all namespaces when <paramref name="namespace"/> is null.</summary>
    public IReadOnlyList<StoredObject> List(string group, string plural, string? @namespace = null)
    {
        var snapshot = Snapshot(group, plural);
        return @namespace is null ? snapshot.Objects : snapshot.Range(@namespace).ToArray();
    }

    /// <summary>Everything in a namespace.</summary>
    public IReadOnlyList<StoredObject> InNamespace(string @namespace)
    {
        lock (_lock)
        {
            return [.. _tables.Values.SelectMany(t => new ListSnapshot(t.Objects, 0).Range(@namespace))];
        }
    }

    /// <summary>The objects of one resource as they are now.</summary>
    public ListSnapshot Snapshot(string group, string plural)
    {
        lock (_lock)
        {
            return new ListSnapshot(Table(group, plural).Objects, _resourceVersion);
        }
    }

    /// <summary>The objects of one resource as they were.</summary>
    /// <param name="resourceVersion">Not newer than <see cref="ResourceVersion"/>.</param>
    /// <returns>Null when that is too long ago.</returns>
    public ListSnapshot? SnapshotAt(string group, string plural, long resourceVersion)
    {
        lock (_lock)
        {
            var table = Table(group, plural);
            return resourceVersion < table.Oldest ? null : new ListSnapshot(table.ObjectsAt(resourceVersion), resourceVersion);
        }
    }

    /// <summary>Stores a new object; sets uid, creationTimestamp, generation and resourceVersion. Takes ownership of <paramref name="json"/>.</summary>
    /// <exception cref="ApiException">409 <c>AlreadyExists</c>.</exception>
    public StoredObject Create(ObjectKey key, JsonObject json)
    {
        var type = _catalog.Find(key.Group, key.Plural);
        ObjectLife.Begin(type, key, json, time.GetUtcNow());
        if (type is not null && Defaults is { } defaults)
        {
            json = defaults(type, json);
        }

        return Add(type, key, json, dryRun: false);
    }

    /// <summary>As <see cref="Create"/>, for an object that admission has completed and <see cref="ObjectLife.Begin"/> has begun.</summary>
    public StoredObject Add(ResourceType? type, ObjectKey key, JsonObject json, bool dryRun)
    {
        ObjectLife.PutInOrder(type, json);
        lock (_lock)
        {
            if (Table(key.Group, key.Plural).Get(key) is { } present)
            {
                throw present.IsDeleting ? ApiErrors.BeingDeleted(key.Group, key.Plural, key.Name) : ApiErrors.AlreadyExists(key.Group, key.Plural, key.Name);
            }

            if (dryRun)
            {
                ObjectLife.Metadata(json).Remove("resourceVersion");
                return new StoredObject(key, json, 0);
            }

            return Put(StoreEventType.Added, key, json, null);
        }
    }

    /// <summary>
    /// Stores a changed object. With <c>metadata.resourceVersion</c> it must be the current one. A change of nothing keeps the version and tells nobody.
    /// An object being deleted that loses its last finalizer is gone. Takes ownership of <paramref name="json"/>.
    /// </summary>
    /// <param name="subresource">Null for the object itself (status is kept as it was), <c>status</c> for the status alone, any other for all of it.</param>
    /// <param name="dryRun">Whether to check everything and store nothing.</param>
    /// <exception cref="ApiException">404 <c>NotFound</c>, 409 <c>Conflict</c>.</exception>
    public StoredObject Update(ObjectKey key, JsonObject json, string? subresource = null, bool dryRun = false)
    {
        var type = _catalog.Find(key.Group, key.Plural);
        lock (_lock)
        {
            var before = Table(key.Group, key.Plural).Get(key) ?? throw ApiErrors.NotFound(key.Group, key.Plural, key.Name);
            var expected = (string?)json["metadata"]?["resourceVersion"];
            if (!string.IsNullOrEmpty(expected) && expected != Text(before.ResourceVersion))
            {
                throw ApiErrors.Conflict(key.Group, key.Plural, key.Name);
            }

            json = ObjectLife.CarryOver(type, before.Json, json, subresource);
            if (subresource != "status")
            {
                ObjectLife.CountGeneration(type, before.Json, json);
            }

            ObjectLife.PutInOrder(type, json);
            json["metadata"]!["resourceVersion"] = Text(before.ResourceVersion);
            if (dryRun)
            {
                return new StoredObject(key, json, before.ResourceVersion);
            }

            if (before.IsDeleting && IsReleased(type, json) && !IsReleased(type, before.Json))
            {
                Put(StoreEventType.Deleted, key, before.Edit(), before);
                return new StoredObject(key, json, before.ResourceVersion);
            }

            return JsonNode.DeepEquals(json, before.Json) ? before : Put(StoreEventType.Modified, key, json, before);
        }
    }

    /// <summary>Removes an object, or marks it deleted where finalizers or a grace period hold it.</summary>
    /// <param name="propagation"><c>Background</c>, <c>Foreground</c> or <c>Orphan</c>; null for the resource's default.</param>
    /// <param name="gracePeriodSeconds">Null for the object's own (pods: <c>terminationGracePeriodSeconds</c>).</param>
    /// <param name="check">Throws when the object is not the one that was meant.</param>
    /// <returns>The object as it is now or was last; <see cref="Get"/> tells whether it is gone.</returns>
    /// <exception cref="ApiException">404 <c>NotFound</c>.</exception>
    public StoredObject Delete(ObjectKey key, string? propagation = null, int? gracePeriodSeconds = null, Action<StoredObject>? check = null)
    {
        lock (_lock)
        {
            var before = Table(key.Group, key.Plural).Get(key) ?? throw ApiErrors.NotFound(key.Group, key.Plural, key.Name);
            check?.Invoke(before);
            var json = before.Edit();
            var finalizers = ObjectLife.Finalizers(json).Where(f => f is not (ObjectLife.ForegroundFinalizer or ObjectLife.OrphanFinalizer)).ToList();
            if (propagation is null && before.IsDeleting)
            {
                finalizers = [.. ObjectLife.Finalizers(json)];
            }
            else if (propagation is "Foreground" or "Orphan")
            {
                finalizers.Add(propagation == "Foreground" ? ObjectLife.ForegroundFinalizer : ObjectLife.OrphanFinalizer);
            }

            ObjectLife.SetFinalizers(json, finalizers);
            if (key is { Group: "", Plural: "pods" })
            {
                return DeletePod(key, before, json, gracePeriodSeconds, finalizers.Count > 0);
            }

            if (key is { Group: "", Plural: "namespaces" })
            {
                return DeleteNamespace(key, before, json);
            }

            if (finalizers.Count == 0)
            {
                return Put(StoreEventType.Deleted, key, json, before);
            }

            if (!before.IsDeleting)
            {
                ObjectLife.MarkDeleting(json, time.GetUtcNow(), 0);
            }

            return JsonNode.DeepEquals(json, before.Json) ? before : Put(StoreEventType.Modified, key, json, before);
        }
    }

    /// <summary>Everything stored now, and every change from then on. For in-process controllers; the channel is unbounded because they never stop reading.</summary>
    public (IReadOnlyList<StoredObject> Snapshot, ChannelReader<StoreEvent> Changes) Subscribe()
    {
        lock (_lock)
        {
            var channel = Channel.CreateUnbounded<StoreEvent>();
            _subscribers.Add(channel.Writer);
            return ([.. _tables.Values.SelectMany(t => t.Objects)], channel.Reader);
        }
    }

    /// <summary>Opens a watch on one resource.</summary>
    /// <param name="after">Resource version after which changes are wanted; null begins with what is there now.</param>
    /// <param name="present">What is there now when <paramref name="after"/> is null, and the resource version it is of.</param>
    /// <param name="missed">Changes since <paramref name="after"/>.</param>
    /// <exception cref="ApiException">410 <c>Expired</c> when the changes are no longer known.</exception>
    public Watcher Watch(string group, string plural, string? @namespace, string? name, long? after, out ListSnapshot present, out IReadOnlyList<StoreEvent> missed)
    {
        lock (_lock)
        {
            var table = Table(group, plural);
            present = new ListSnapshot(table.Objects, _resourceVersion);
            if (after < table.Oldest)
            {
                throw ApiErrors.Expired($"too old resource version: {after} ({table.Oldest})");
            }

            missed = after is { } version
                ? [.. table.Since(version).Where(e => (@namespace is null || e.Object.Key.Namespace == @namespace) && (name is null || e.Object.Key.Name == name))]
                : [];
            var watcher = new Watcher(table, _lock, @namespace, name, Math.Max(after ?? 0, _resourceVersion));
            table.Add(watcher);
            return watcher;
        }
    }

    /// <summary>Ends the watches on a resource that is served no more, as an API server does: whoever asks again is told.</summary>
    public void EndWatches(string group, string plural)
    {
        lock (_lock)
        {
            Table(group, plural).EndWatches();
        }
    }

    /// <summary>Resource version up to which a watch has seen everything; null while changes wait to be read.</summary>
    public long? SeenBy(Watcher watcher)
    {
        lock (_lock)
        {
            return watcher.Changes.Count == 0 ? _resourceVersion : null;
        }
    }

    /// <summary>Forgets all history, as a compaction of etcd and a fresh watch cache do: older resource versions expire.</summary>
    public void Compact()
    {
        lock (_lock)
        {
            foreach (var table in _tables.Values)
            {
                table.Compact(_resourceVersion);
            }
        }
    }

    private StoredObject DeletePod(ObjectKey key, StoredObject before, JsonObject json, int? asked, bool held)
    {
        var grace = ObjectLife.PodGrace(json, asked);
        var already = (int?)json["metadata"]?["deletionGracePeriodSeconds"];
        if (!before.IsDeleting || grace < already || (grace == 0 && asked == 0))
        {
            if (!before.IsDeleting || grace != already)
            {
                ObjectLife.MarkDeleting(json, time.GetUtcNow(), grace);
            }

            var marked = JsonNode.DeepEquals(json, before.Json) ? before : Put(StoreEventType.Modified, key, json, before);
            return grace == 0 && !held ? Put(StoreEventType.Deleted, key, marked.Edit(), marked) : marked;
        }

        return JsonNode.DeepEquals(json, before.Json) ? before : Put(StoreEventType.Modified, key, json, before);
    }

    private StoredObject DeleteNamespace(ObjectKey key, StoredObject before, JsonObject json)
    {
        if (before.IsDeleting)
        {
            return IsReleased(null, json) && json["spec"]?["finalizers"] is not JsonArray { Count: > 0 } ? Put(StoreEventType.Deleted, key, json, before) : before;
        }

        ObjectLife.MarkDeleting(json, time.GetUtcNow(), null);
        (json["status"] as JsonObject ?? (JsonObject)(json["status"] = new JsonObject()))["phase"] = "Terminating";
        return Put(StoreEventType.Modified, key, json, before);
    }

    /// <summary>Whether nothing holds an object that is being deleted any more.</summary>
    private static bool IsReleased(ResourceType? type, JsonObject json) =>
        ObjectLife.Finalizers(json).Count == 0
        && (type is null || !type.Is("", "pods") || (int?)json["metadata"]?["deletionGracePeriodSeconds"] is null or 0)
        && (type is null || !type.Is("", "namespaces") || json["spec"]?["finalizers"] is not JsonArray { Count: > 0 });

    private StoredObject Put(StoreEventType type, ObjectKey key, JsonObject json, StoredObject? before)
    {
        var version = ++_resourceVersion;
        json["metadata"]!["resourceVersion"] = Text(version);
        var stored = new StoredObject(key, json, version);
        var change = new StoreEvent(type, stored, before);
        Table(key.Group, key.Plural).Apply(change);
        foreach (var subscriber in _subscribers)
        {
            subscriber.TryWrite(change);
        }

        return stored;
    }

    private ObjectTable Table(string group, string plural)
    {
        if (!_tables.TryGetValue((group, plural), out var table))
        {
            _tables[(group, plural)] = table = new ObjectTable(FirstRevision);
        }

        return table;
    }

    private static string Text(long resourceVersion) => resourceVersion.ToString(CultureInfo.InvariantCulture);
}
