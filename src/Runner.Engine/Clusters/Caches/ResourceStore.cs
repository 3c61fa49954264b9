using System.Diagnostics.CodeAnalysis;
using k8s;
using k8s.Models;

namespace Runner.Engine.Clusters.Caches;

/// <summary>Names an object of one kind; the namespace is empty for cluster-scoped kinds.</summary>
internal readonly record struct ResourceKey(string Namespace, string Name)
{
    public static ResourceKey Of(IKubernetesObject<V1ObjectMeta> item) => new(item.Metadata.NamespaceProperty ?? "", item.Metadata.Name);
}

/// <summary>The objects of a <see cref="ResourceCache{T}"/> by name and by owner. One thread writes, any thread reads.</summary>
internal sealed class ResourceStore<T>(Func<T, string?> owner)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ResourceKey, Received<T>> _items = [];
    private readonly Dictionary<string, HashSet<ResourceKey>> _owned = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _items.Count;
            }
        }
    }

    public T? Find(ResourceKey key)
    {
        lock (_lock)
        {
            return _items.TryGetValue(key, out var found) ? found.Object : null;
        }
    }

    public byte[]? JsonOf(ResourceKey key)
    {
        lock (_lock)
        {
            return _items.TryGetValue(key, out var found) ? found.Json : null;
        }
    }

    public IReadOnlyList<T> All()
    {
        lock (_lock)
        {
            return [.. _items.Values.Select(item => item.Object)];
        }
    }

    public IReadOnlyList<T> OwnedBy(string name)
    {
        lock (_lock)
        {
            return _owned.TryGetValue(name, out var keys) ? [.. keys.Select(key => _items[key].Object)] : [];
        }
    }

    /// <summary>Stores an object.</summary>
    /// <param name="before">What was known under its name.</param>
    /// <returns>False when exactly this version of it is known already.</returns>
    public bool Set(Received<T> item, out T? before)
    {
        var key = ResourceKey.Of(item.Object);
        lock (_lock)
        {
            before = _items.TryGetValue(key, out var known) ? known.Object : null;
            if (before is not null && before.Metadata.Uid == item.Object.Metadata.Uid && before.Metadata.ResourceVersion == item.Object.Metadata.ResourceVersion)
            {
                return false;
            }

            Unindex(key, before);
            _items[key] = item;
            if (owner(item.Object) is { } name)
            {
                (_owned.TryGetValue(name, out var keys) ? keys : _owned[name] = []).Add(key);
            }

            return true;
        }
    }

    /// <summary>Forgets an object.</summary>
    /// <returns>False when it was not known.</returns>
    public bool Remove(ResourceKey key, [NotNullWhen(true)] out T? before)
    {
        lock (_lock)
        {
            before = _items.Remove(key, out var known) ? known.Object : null;
            Unindex(key, before);
            return before is not null;
        }
    }

    /// <summary>Names that are known but not among the given ones.</summary>
    public IReadOnlyList<ResourceKey> Except(IReadOnlySet<ResourceKey> keys)
    {
        lock (_lock)
        {
            return [.. _items.Keys.Where(key => !keys.Contains(key))];
        }
    }

    private void Unindex(ResourceKey key, T? item)
    {
        if (item is not null && owner(item) is { } name && _owned.TryGetValue(name, out var keys) && keys.Remove(key) && keys.Count == 0)
        {
            _owned.Remove(name);
        }
    }
}
