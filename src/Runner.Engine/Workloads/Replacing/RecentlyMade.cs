using System.Collections.Concurrent;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>What was made a moment ago and the feed does not have yet: it exists, whatever the feed says.</summary>
internal sealed class RecentlyMade<T>(TimeProvider time)
    where T : class
{
    /// <summary>A watch that has not told of it after this time is broken for longer than anybody waits.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<WorkloadKey, (T What, DateTimeOffset Until)> _made = new();

    public void Add(WorkloadKey key, T what)
    {
        var now = time.GetUtcNow();
        foreach (var (old, made) in _made)
        {
            if (made.Until <= now)
            {
                _made.TryRemove(new(old, made));
            }
        }

        _made[key] = (what, now + Life);
    }

    /// <summary>As it was made; null where nothing was, or where a watch should long have told of it.</summary>
    public T? Find(WorkloadKey key) => _made.TryGetValue(key, out var made) && made.Until > time.GetUtcNow() ? made.What : null;

    public void Forget(WorkloadKey key) => _made.TryRemove(key, out _);

    /// <summary>Forgets this one, and none that was made since.</summary>
    public void Forget(WorkloadKey key, T what)
    {
        if (_made.TryGetValue(key, out var made) && ReferenceEquals(made.What, what))
        {
            _made.TryRemove(new(key, made));
        }
    }
}
