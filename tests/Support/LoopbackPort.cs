using System.Net;
using System.Net.Sockets;

namespace Runner.Tests.Support;

/// <summary>
/// Ports of the loopback for servers that have to be told theirs. They lie below those from which Linux serves connections and whoever asks for any
/// (<c>net.ipv4.ip_local_port_range</c>), and none is given twice: between the choice and the start of a server nobody else takes it.
/// </summary>
internal static class LoopbackPort
{
    private const int First = 20_000;
    private const int Count = 10_000;

    private static int _next = Environment.ProcessId * 97;

    /// <summary>One that is free.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it: the next one.
            }
        }
    }
}
