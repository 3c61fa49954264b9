using System.Net;
using System.Net.Sockets;

namespace Runner.Bench;

/// <summary>Passes TCP connections on to a port of this machine, counts what comes back, and notes when the first one was made.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _target;
    private readonly Task _accepting;
    private long _bytes;
    private long _first;
    private volatile bool _cut;

    public Wire(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Bytes that came back since the last reset, TLS included.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Time since the first connection after the last reset.</summary>
    public TimeSpan SinceFirst => TimeProvider.System.GetElapsedTime(Interlocked.Read(ref _first));

    /// <summary>When that one was made.</summary>
    public DateTimeOffset FirstAt => TimeProvider.System.GetUtcNow() - SinceFirst;

    /// <summary>While it is cut, connections are ended as soon as they are made, and none is noted.</summary>
    public bool Cut
    {
        get => _cut;
        set => _cut = value;
    }

    public void Reset()
    {
        Interlocked.Exchange(ref _bytes, 0);
        Interlocked.Exchange(ref _first, 0);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> passing = [];
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                if (_cut)
                {
                    client.Dispose();
                    continue;
                }

                Interlocked.CompareExchange(ref _first, TimeProvider.System.GetTimestamp(), 0);
                passing.Add(PassAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(passing);
        }
    }

    private async Task PassAsync(TcpClient client)
    {
        using var here = client;
        using var there = new TcpClient { NoDelay = true };
        here.NoDelay = true;
        try
        {
            await there.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            await Task.WhenAny(CopyAsync(here.GetStream(), there.GetStream(), count: false), CopyAsync(there.GetStream(), here.GetStream(), count: true));
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // Either end is gone; the other sees its connection end.
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool count)
    {
        var buffer = new byte[128 * 1024];
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, _stop.Token)) > 0)
            {
                if (count)
                {
                    Interlocked.Add(ref _bytes, read);
                }

                await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Either end is gone; the other sees its connection end.
        }
    }
}
