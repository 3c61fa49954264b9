using System.Collections.Immutable;

namespace Runner.EmbeddedCluster.Storage;

/// <summary>
/// The objects of one resource with their recent history. Not safe for threads by itself: <see cref="ObjectStore"/> holds its lock around every call.
/// The sorted set is persistent, so that every version in the history costs only what changed and a list of the past is as cheap as one of now.
/// </summary>
/// <param name="startedAt">Resource version at which the history begins.</param>
internal sealed class ObjectTable(long startedAt)
{
    /// <summary>Changes kept for watches and lists of the past.</summary>
    internal const int HistorySize = 4096;

    private readonly Dictionary<ObjectKey, StoredObject> _byKey = [];
    private readonly List<Watcher> _watchers = [];
    private ImmutableSortedSet<StoredObject> _objects = ImmutableSortedSet.Create<StoredObject>(ByPath.Instance);
    private Revision[] _history = new Revision[64];
    private int _first;
    private int _count;
    private ImmutableSortedSet<StoredObject> _oldest = ImmutableSortedSet.Create<StoredObject>(ByPath.Instance);

    /// <summary>Oldest resource version from which a watch or an exact list is still possible.</summary>
    public long Oldest { get; private set; } = startedAt;

    public int Count => _byKey.Count;

    public ImmutableSortedSet<StoredObject> Objects => _objects;

    public StoredObject? Get(ObjectKey key) => _byKey.GetValueOrDefault(key);

    /// <summary>Takes up a change and tells the watchers. A watcher that cannot keep up is ended.</summary>
    public void Apply(StoreEvent change)
    {
        var stored = change.Object;
        if (change.Previous is { } previous)
        {
            _objects = _objects.Remove(previous);
        }

        if (change.Type == StoreEventType.Deleted)
        {
            _byKey.Remove(stored.Key);
        }
        else
        {
            _objects = _objects.Add(stored);
            _byKey[stored.Key] = stored;
        }

        Remember(new Revision(change, _objects));
        _watchers.RemoveAll(w => !w.Offer(change));
    }

    public void Add(Watcher watcher) => _watchers.Add(watcher);

    public void Remove(Watcher watcher) => _watchers.Remove(watcher);

    public void EndWatches() => _watchers.ForEach(watcher => watcher.End());

    /// <summary>Changes after a resource version, oldest first.</summary>
    public IEnumerable<StoreEvent> Since(long resourceVersion)
    {
        for (var i = FirstAfter(resourceVersion); i < _count; i++)
        {
            yield return At(i).Change;
        }
    }

    /// <summary>The objects as they were at a resource version that is not older than <see cref="Oldest"/>.</summary>
    public ImmutableSortedSet<StoredObject> ObjectsAt(long resourceVersion)
    {
        var after = FirstAfter(resourceVersion);
        return after == 0 ? _oldest : At(after - 1).Objects;
    }

    /// <summary>Forgets the history up to a resource version, as a compaction of etcd does.</summary>
    public void Compact(long resourceVersion)
    {
        _oldest = ObjectsAt(resourceVersion);
        var drop = FirstAfter(resourceVersion);
        var kept = new Revision[_history.Length];
        for (var i = drop; i < _count; i++)
        {
            kept[i - drop] = At(i);
        }

        _history = kept;
        _first = 0;
        _count -= drop;
        Oldest = Math.Max(Oldest, resourceVersion);
    }

    private Revision At(int i) => _history[(_first + i) % _history.Length];

    private int FirstAfter(long resourceVersion)
    {
        int low = 0, high = _count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (At(middle).Change.ResourceVersion > resourceVersion)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    private void Remember(Revision revision)
    {
        if (_count == HistorySize)
        {
            var dropped = _history[_first];
            Oldest = dropped.Change.ResourceVersion;
            _oldest = dropped.Objects;
            _first = (_first + 1) % _history.Length;
            _count--;
        }
        else if (_count == _history.Length)
        {
            var larger = new Revision[Math.Min(HistorySize, _count * 2)];
            for (var i = 0; i < _count; i++)
            {
                larger[i] = At(i);
            }

            _history = larger;
            _first = 0;
        }

        _history[(_first + _count) % _history.Length] = revision;
        _count++;
    }

    private readonly record struct Revision(StoreEvent Change, ImmutableSortedSet<StoredObject> Objects);

    private sealed class ByPath : IComparer<StoredObject>
    {
        public static readonly ByPath Instance = new();

        public int Compare(StoredObject? x, StoredObject? y) => string.CompareOrdinal(x?.Path, y?.Path);
    }
}
