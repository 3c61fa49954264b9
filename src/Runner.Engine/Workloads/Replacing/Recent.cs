using System.Collections.Concurrent;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>What was done to workloads a moment ago and the feed may not have yet.</summary>
internal sealed class Recent<T>(TimeProvider time)
    where T : class
{
    /// <summary>A watch that has not told of it after this time is broken for longer than anybody waits.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<WorkloadKey, (T What, DateTimeOffset Until)> _done = new();

    public void Add(WorkloadKey key, T what)
    {
        var now = time.GetUtcNow();
        foreach (var (old, done) in _done)
        {
            if (done.Until <= now)
            {
                _done.TryRemove(new(old, done));
            }
        }

        _done[key] = (what, now + Life);
    }

    /// <summary>What was done; null for nothing, or where a watch should long have told of it.</summary>
    public T? Find(WorkloadKey key) => _done.TryGetValue(key, out var done) && done.Until > time.GetUtcNow() ? done.What : null;

    public void Forget(WorkloadKey key) => _done.TryRemove(key, out _);

    /// <summary>Forgets this one, and none that was done since.</summary>
    public void Forget(WorkloadKey key, T what)
    {
        if (_done.TryGetValue(key, out var done) && ReferenceEquals(done.What, what))
        {
            _done.TryRemove(new(key, done));
        }
    }
}
