using System.Threading.Channels;

namespace Runner.Engine;

/// <summary>Wakes one loop. Several calls before it wakes count as one, and a call while it works wakes it again.</summary>
public sealed class Signal
{
    private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Wakes the loop. Never waits.</summary>
    public void Set() => _channel.Writer.TryWrite(true);

    /// <summary>Forgets a call that woke nobody yet.</summary>
    public void Clear() => _channel.Reader.TryRead(out _);

    /// <summary>Returns when set, after the pause, or when cancelled; never throws.</summary>
    /// <param name="pause"><see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    public async Task WaitAsync(TimeSpan pause, TimeProvider time, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(Task.Delay(pause, time, stop.Token), _channel.Reader.WaitToReadAsync(stop.Token).AsTask()).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        Clear();
    }
}
