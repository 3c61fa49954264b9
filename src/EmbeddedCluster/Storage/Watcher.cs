using System.Threading.Channels;

namespace Runner.EmbeddedCluster.Storage;

/// <summary>One open watch: a bounded buffer between the store and a connection. Dispose it to end the watch.</summary>
/// <param name="namespace">Only objects of this namespace; null for all.</param>
/// <param name="name">Only the object of this name; null for all.</param>
/// <param name="after">Changes up to this resource version are not for it.</param>
internal sealed class Watcher(ObjectTable table, Lock gate, string? @namespace, string? name, long after) : IDisposable
{
    /// <summary>Changes that may wait for a slow connection before the watch is ended.</summary>
    internal const int Capacity = 4096;

    private readonly Channel<StoreEvent> _buffer = Channel.CreateBounded<StoreEvent>(new BoundedChannelOptions(Capacity) { SingleReader = true });

    /// <summary>Changes in order; completes when the watcher fell behind or the watch was ended.</summary>
    public ChannelReader<StoreEvent> Changes => _buffer.Reader;

    /// <summary>Whether the watch was ended because its reader was too slow.</summary>
    public bool FellBehind { get; private set; }

    /// <summary>Ends the watch now.</summary>
    public void End() => _buffer.Writer.TryComplete();

    public void Dispose()
    {
        End();
        lock (gate)
        {
            table.Remove(this);
        }
    }

    /// <returns>Whether the watcher lives on.</returns>
    internal bool Offer(StoreEvent change)
    {
        var key = change.Object.Key;
        if (_buffer.Reader.Completion.IsCompleted)
        {
            return false;
        }

        if (change.ResourceVersion <= after || (@namespace is not null && key.Namespace != @namespace) || (name is not null && key.Name != name))
        {
            return true;
        }

        if (_buffer.Writer.TryWrite(change))
        {
            return true;
        }

        FellBehind = true;
        _buffer.Writer.TryComplete();
        return false;
    }
}
