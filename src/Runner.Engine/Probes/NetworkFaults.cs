using System.Net.Sockets;
using System.Security.Authentication;

namespace Runner.Engine.Probes;

/// <summary>Names what went wrong on the way to a server.</summary>
internal static class NetworkFaults
{
    public static ProbeResult Of(Exception exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case SocketException socket:
                    return ProbeResult.Failed(Of(socket.SocketErrorCode), socket.Message);
                case AuthenticationException:
                    return ProbeResult.Failed(ProbeFault.TlsFailed, inner.Message);
                case TimeoutException or OperationCanceledException:
                    return ProbeResult.Failed(ProbeFault.Timeout, "", "10");
            }
        }

        return ProbeResult.Failed(ProbeFault.ConnectionBroke, exception is HttpRequestException or IOException ? exception.Message : exception.GetType().Name);
    }

    private static ProbeFault Of(SocketError error) => error switch
    {
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => ProbeFault.NameUnknown,
        SocketError.ConnectionRefused => ProbeFault.NothingListens,
        SocketError.TimedOut or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown => ProbeFault.HostUnreachable,
        _ => ProbeFault.ConnectionBroke,
    };
}
