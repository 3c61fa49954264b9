using System.Net;
using System.Net.Sockets;

namespace Runner.Tests.Engine.Replicas;

/// <summary>A wire between a replica and the API server that can be cut: nothing goes through, and what was connected breaks.</summary>
internal sealed class CuttableLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private CancellationTokenSource _connected = new();
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

    public async ValueTask DisposeAsync()
    {
        Cut();
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
        _connected.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = CarryAsync(client, _connected.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }

    private async Task CarryAsync(TcpClient client, CancellationToken connected)
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
                await Task.WhenAny(near.CopyToAsync(far, connected), far.CopyToAsync(near, connected));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or IOException)
            {
                // Cut, or one of the ends has closed.
            }
        }
    }
}
