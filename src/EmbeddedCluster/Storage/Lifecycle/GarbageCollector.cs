using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Storage.Lifecycle;

/// <summary>
/// Deletes objects whose owners are gone, dependents before owners where that is asked for, and frees orphans. Called by one loop only. An owner that waits for
/// its dependents is looked at again a moment after they changed, as the real collector does: a controller that makes new ones meanwhile holds it, and every time
/// that happens the moment grows.
/// </summary>
internal sealed class GarbageCollector(ObjectStore store, double timeScale, TimeProvider time)
{
    private static readonly TimeSpan SecondLook = TimeSpan.FromMilliseconds(100);

    private const int MostDoublings = 4;

    private readonly Dictionary<string, (ObjectKey Key, DateTimeOffset Due)> _waiting = [];
    private readonly Dictionary<string, int> _contested = [];
    private readonly Dictionary<string, ObjectKey> _alive = [];
    private readonly Dictionary<string, HashSet<ObjectKey>> _dependents = [];

    /// <summary>Learns all objects before any is judged, so that the order in which they are told does not matter.</summary>
    public void Begin(IEnumerable<StoredObject> stored)
    {
        foreach (var item in stored)
        {
            _alive[item.Uid] = item.Key;
        }
    }

    /// <summary>Time until <see cref="LookAgain"/> has something to do; null when nothing waits.</summary>
    public TimeSpan? NextLook => _waiting.Count == 0 ? null : TimeSpan.FromTicks(Math.Max(0, (_waiting.Values.Min(w => w.Due) - time.GetUtcNow()).Ticks));

    /// <summary>Looks at owners whose dependents changed a moment ago: deletes new ones, lets the owner go when none holds it.</summary>
    public void LookAgain()
    {
        var now = time.GetUtcNow();
        foreach (var (uid, (key, _)) in _waiting.Where(w => w.Value.Due <= now).ToList())
        {
            _waiting.Remove(uid);
            if (store.Get(key) is { IsDeleting: true } owner && owner.Uid == uid)
            {
                if (DeleteDependents(owner))
                {
                    _contested[uid] = Math.Min(_contested.GetValueOrDefault(uid) + 1, MostDoublings);
                }

                if (!Dependents(owner).Any(d => Blocks(d, owner.Uid)))
                {
                    Release(owner, ObjectLife.ForegroundFinalizer);
                }
            }
        }
    }

    public void Handle(StoreEvent change)
    {
        var stored = change.Object;
        var owners = Owners(stored.Json);
        foreach (var gone in (change.Previous is null ? [] : Owners(change.Previous.Json)).Except(change.Type == StoreEventType.Deleted ? [] : owners))
        {
            Unlink(gone, stored.Key);
        }

        if (change.Type == StoreEventType.Deleted)
        {
            Deleted(stored, owners);
            return;
        }

        _alive[stored.Uid] = stored.Key;
        foreach (var owner in owners)
        {
            (_dependents.TryGetValue(owner, out var set) ? set : _dependents[owner] = []).Add(stored.Key);
        }

        if (owners.Count > 0 && !owners.All(_alive.ContainsKey))
        {
            Collect(stored.Key);
        }

        if (stored.IsDeleting)
        {
            GoOn(stored.Key, isNew: change.Previous is not { IsDeleting: true });
        }

        foreach (var key in owners.Select(o => _alive.GetValueOrDefault(o)).Where(k => k.Plural is not null))
        {
            GoOn(key);
        }
    }

    private void Deleted(StoredObject stored, IReadOnlyList<string> owners)
    {
        _alive.Remove(stored.Uid);
        _waiting.Remove(stored.Uid);
        _contested.Remove(stored.Uid);
        foreach (var owner in owners)
        {
            Unlink(owner, stored.Key);
        }

        if (_dependents.Remove(stored.Uid, out var left))
        {
            foreach (var key in left)
            {
                Collect(key);
            }
        }

        foreach (var owner in owners)
        {
            if (_alive.TryGetValue(owner, out var key))
            {
                GoOn(key);
            }
        }
    }

    private void Unlink(string owner, ObjectKey dependent)
    {
        if (_dependents.TryGetValue(owner, out var set) && set.Remove(dependent) && set.Count == 0)
        {
            _dependents.Remove(owner);
        }
    }

    /// <summary>Deletes an object without living owners; takes dead owners off one that has others.</summary>
    private void Collect(ObjectKey key)
    {
        if (store.Get(key) is not { IsDeleting: false } stored)
        {
            return;
        }

        var owners = Owners(stored.Json);
        if (owners.Count == 0 || owners.All(_alive.ContainsKey))
        {
            return;
        }

        if (!owners.Any(_alive.ContainsKey))
        {
            store.Delete(key, "Background");
            return;
        }

        store.Update(key, WithoutOwners(stored, uid => !_alive.ContainsKey(uid)), "owners");
    }

    /// <summary>Goes on with an owner that is being deleted: first its dependents, or first their release.</summary>
    /// <param name="isNew">Whether its deletion has just been asked for.</param>
    private void GoOn(ObjectKey key, bool isNew = false)
    {
        if (store.Get(key) is not { IsDeleting: true } owner)
        {
            return;
        }

        var finalizers = ObjectLife.Finalizers(owner.Json);
        if (finalizers.Contains(ObjectLife.OrphanFinalizer))
        {
            foreach (var dependent in Dependents(owner))
            {
                store.Update(dependent.Key, WithoutOwners(dependent, uid => uid == owner.Uid), "owners");
            }

            Release(owner, ObjectLife.OrphanFinalizer);
        }
        else if (finalizers.Contains(ObjectLife.ForegroundFinalizer))
        {
            if (isNew)
            {
                DeleteDependents(owner);
            }

            _waiting[owner.Uid] = (key, time.GetUtcNow() + (SecondLook * timeScale * (1 << _contested.GetValueOrDefault(owner.Uid))));
        }
    }

    /// <returns>Whether there were any that were not being deleted yet.</returns>
    private bool DeleteDependents(StoredObject owner)
    {
        var living = Dependents(owner).Where(d => !d.IsDeleting).ToList();
        foreach (var dependent in living)
        {
            store.Delete(dependent.Key, _dependents.ContainsKey(dependent.Uid) ? "Foreground" : "Background");
        }

        return living.Count > 0;
    }

    private List<StoredObject> Dependents(StoredObject owner) =>
        _dependents.TryGetValue(owner.Uid, out var keys) ? [.. keys.Select(store.Get).OfType<StoredObject>().Where(d => Owners(d.Json).Contains(owner.Uid))] : [];

    private void Release(StoredObject owner, string finalizer)
    {
        var json = owner.Edit();
        ObjectLife.SetFinalizers(json, [.. ObjectLife.Finalizers(json).Where(f => f != finalizer)]);
        store.Update(owner.Key, json, "finalizers");
    }

    private static bool Blocks(StoredObject dependent, string owner) =>
        (dependent.Json["metadata"]?["ownerReferences"] as JsonArray)?.Any(r => (string?)r?["uid"] == owner && (bool?)r["blockOwnerDeletion"] == true) == true;

    private static JsonObject WithoutOwners(StoredObject stored, Func<string, bool> gone)
    {
        var json = stored.Edit();
        var left = (json["metadata"]?["ownerReferences"] as JsonArray ?? []).Where(r => !gone((string?)r?["uid"] ?? "")).Select(r => r?.DeepClone()).ToArray();
        if (left.Length == 0)
        {
            ObjectLife.Metadata(json).Remove("ownerReferences");
        }
        else
        {
            ObjectLife.Metadata(json)["ownerReferences"] = new JsonArray(left);
        }

        return json;
    }

    private static List<string> Owners(JsonObject json) =>
        json["metadata"]?["ownerReferences"] is JsonArray references ? [.. references.Select(r => (string?)r?["uid"] ?? "")] : [];
}
