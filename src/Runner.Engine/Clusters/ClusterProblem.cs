using System.Net.Sockets;
using System.Security.Authentication;
using k8s.Autorest;

namespace Runner.Engine.Clusters;

/// <summary>Says in a sentence what went wrong with a cluster and what to try. Holds no secret: no headers, no bodies, no file contents.</summary>
internal static class ClusterProblem
{
    /// <summary>True for what a cluster does to a call: refuse it, break off, not answer. Not for the caller's own cancellation.</summary>
    public static bool IsFailure(Exception exception, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested
        && exception is ApiStatusException or HttpRequestException or IOException or TimeoutException or OperationCanceledException or ClusterUnreachableException;

    /// <param name="cluster">Name of the connection.</param>
    public static string Describe(Exception exception, string cluster) => exception switch
    {
        ClusterUnreachableException => exception.Message,
        ApiStatusException refusal => Describe(refusal.Code, refusal.Message, cluster),
        HttpOperationException { Response: { } response } => Describe((int)response.StatusCode, "", cluster),
        TimeoutException or OperationCanceledException =>
            $"Cluster '{cluster}' does not answer in time. Check the network between the runner and the API server, and the API server's load.",
        _ when Find<AuthenticationException>(exception) is { } tls =>
            $"No secure connection to cluster '{cluster}': {tls.Message} Check the certificate authority in its configuration.",
        _ when Find<SocketException>(exception) is { } socket => Describe(socket, cluster),
        HttpRequestException or IOException =>
            $"The connection to cluster '{cluster}' broke: {exception.Message} It is opened again by itself.",
        _ => $"Cluster '{cluster}' answered something that cannot be read ({exception.GetType().Name}). Check that its address is that of a Kubernetes API server.",
    };

    private static string Describe(int code, string message, string cluster)
    {
        var said = message.Length > 0 ? $": {message}" : "";
        return code switch
        {
            401 => $"Cluster '{cluster}' does not accept the runner's credentials (401){said}. Renew the token or certificate in its configuration.",
            403 => $"Cluster '{cluster}' does not allow this (403){said}. Grant the runner's account what it needs.",
            429 => $"Cluster '{cluster}' is overloaded (429){said}. The runner tries again by itself.",
            >= 500 => $"The API server of cluster '{cluster}' fails ({code}){said}. Look at the API server; the runner tries again by itself.",
            _ => $"Cluster '{cluster}' answered {code}{said}. Check that its address is that of a Kubernetes API server.",
        };
    }

    private static string Describe(SocketException socket, string cluster) => socket.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => $"Nothing listens at the address of cluster '{cluster}' (connection refused). Start the API server or correct the address in its configuration.",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
            $"The host name of cluster '{cluster}' cannot be found. Check its address and the name service.",
        SocketError.TimedOut or SocketError.HostUnreachable or SocketError.NetworkUnreachable =>
            $"The host of cluster '{cluster}' cannot be reached ({socket.SocketErrorCode}). Check network, routes and firewalls.",
        _ => $"The connection to cluster '{cluster}' broke ({socket.SocketErrorCode}). It is opened again by itself.",
    };

    private static T? Find<T>(Exception? exception)
        where T : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is T found)
            {
                return found;
            }
        }

        return null;
    }
}
