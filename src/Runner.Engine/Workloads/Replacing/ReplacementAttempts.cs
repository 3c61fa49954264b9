using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>Counts how often it was tried in vain to finish a replacement, and says when it is tried again. Not thread-safe.</summary>
internal sealed class ReplacementAttempts(TimeProvider time)
{
    /// <summary>How often one is tried while the cluster answers: for about half an hour.</summary>
    internal const int Most = 12;

    private static readonly Backoff Retry = new(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5));

    private readonly Dictionary<string, (int Attempts, long NextAt)> _failed = [];

    /// <summary>Whether the pause after the last attempt is over, or there was none.</summary>
    public bool IsDue(NotedReplacement note) => !_failed.TryGetValue(note.Id, out var failed) || time.GetTimestamp() >= failed.NextAt;

    /// <summary>Notes that an attempt failed.</summary>
    /// <param name="counts">False while the cluster cannot be reached: then it has refused nothing, and is asked for as long as that takes.</param>
    /// <returns>True when it is not to be tried again.</returns>
    public bool IsLast(NotedReplacement note, bool counts)
    {
        var attempts = _failed.GetValueOrDefault(note.Id).Attempts + (counts ? 1 : 0);
        var pause = Retry.Delay(Math.Max(1, attempts));
        _failed[note.Id] = (attempts, time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency));
        return attempts >= Most && _failed.Remove(note.Id);
    }

    public void Forget(NotedReplacement note) => _failed.Remove(note.Id);
}
