using System.Runtime.CompilerServices;

namespace Runner.EmbeddedCluster.Logs;

/// <summary>The log of one run of one container: the newest lines, and a signal for those who follow.</summary>
internal sealed class ContainerLog
{
    /// <summary>Lines that are kept; older ones are gone, as after a rotation.</summary>
    internal const int Capacity = 20_000;

    private readonly Lock _lock = new();
    private readonly Queue<(DateTimeOffset Time, string Line)> _lines = new();
    private long _written;
    private bool _ended;
    private int _caughtUp;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many follow and have all there is.</summary>
    public int CaughtUp => Volatile.Read(ref _caughtUp);

    public void Append(DateTimeOffset time, string line)
    {
        lock (_lock)
        {
            if (_lines.Count == Capacity)
            {
                _lines.Dequeue();
            }

            _lines.Enqueue((time, line));
            _written++;
            Signal();
        }
    }

    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            Signal();
        }
    }

    /// <summary>Batches of lines; with <paramref name="follow"/> until the run ends.</summary>
    /// <param name="tail">How many of the lines that are already there; null for all.</param>
    public async IAsyncEnumerable<IReadOnlyList<(DateTimeOffset Time, string Line)>> ReadAsync(bool follow, int? tail, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long read = 0;
        for (var first = true; ; first = false)
        {
            List<(DateTimeOffset, string)> batch;
            bool ended;
            Task changed;
            lock (_lock)
            {
                var unread = (int)Math.Min(_written - read, _lines.Count);
                var wanted = first && tail is { } most ? Math.Min(most, unread) : unread;
                batch = [.. _lines.Skip(_lines.Count - wanted)];
                read = _written;
                ended = _ended;
                changed = _changed.Task;
            }

            if (batch.Count > 0)
            {
                yield return batch;
            }

            if (!follow || ended)
            {
                yield break;
            }

            Interlocked.Increment(ref _caughtUp);
            try
            {
                await changed.WaitAsync(cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref _caughtUp);
            }
        }
    }

    private void Signal()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
