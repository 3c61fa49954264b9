using System.Net;
using System.Net.Sockets;

namespace Runner.Tests.Engine.Support;

/// <summary>A wire to the API server that can be cut: nothing goes through, and what was connected breaks. Or it stalls what is connected, as a router does that forgets it.</summary>
internal sealed class CuttableLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private CancellationTokenSource _connected = new();
    private CancellationTokenSource _moving = new();
    private volatile bool _cut;

    /// <param name="target">Port on loopback that it leads to.</param>
    public CuttableLink(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Cut()
    {
        _cut = true;
        Interlocked.Exchange(ref _connected, new CancellationTokenSource()).Cancel();
    }

    public void Mend() => _cut = false;

    /// <summary>What is connected stays open and brings nothing any more, in neither direction; what connects from now on is well.</summary>
    public void Stall() => Interlocked.Exchange(ref _moving, new CancellationTokenSource()).Cancel();

    public async ValueTask DisposeAsync()
    {
        Cut();
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
        _connected.Dispose();
        _moving.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = CarryAsync(client, _connected.Token, _moving.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }

    private async Task CarryAsync(TcpClient client, CancellationToken connected, CancellationToken moving)
    {
        using (client)
        {
            if (_cut)
            {
                return;
            }

            try
            {
                using var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, _target, connected);
                var (near, far) = (client.GetStream(), server.GetStream());
                using var both = CancellationTokenSource.CreateLinkedTokenSource(connected, moving);
                await Task.WhenAny(near.CopyToAsync(far, both.Token), far.CopyToAsync(near, both.Token));
                if (moving.IsCancellationRequested)
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, connected);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or IOException)
            {
                // Cut, or one of the ends has closed.
            }
        }
    }
}
