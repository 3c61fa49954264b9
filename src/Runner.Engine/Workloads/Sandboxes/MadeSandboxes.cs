using System.Collections.Concurrent;

namespace Runner.Engine.Workloads.Sandboxes;

/// <summary>Sandboxes that were made a moment ago and that the feed does not have yet: they exist, whatever the feed says.</summary>
internal sealed class MadeSandboxes(TimeProvider time)
{
    /// <summary>A watch that has not told of a sandbox after this time is broken for longer than anybody waits.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<WorkloadKey, (Sandbox Sandbox, DateTimeOffset Until)> _made = new();

    public void Add(WorkloadKey key, Sandbox sandbox)
    {
        var now = time.GetUtcNow();
        foreach (var (old, made) in _made)
        {
            if (made.Until <= now)
            {
                _made.TryRemove(new(old, made));
            }
        }

        _made[key] = (sandbox, now + Life);
    }

    /// <summary>The sandbox as it was made; null where none was, or where a watch should long have told of it.</summary>
    public Sandbox? Find(WorkloadKey key) => _made.TryGetValue(key, out var made) && made.Until > time.GetUtcNow() ? made.Sandbox : null;

    public void Forget(WorkloadKey key) => _made.TryRemove(key, out _);
}
