using System.Net.Sockets;
using System.Security.Authentication;
using k8s.Autorest;
using Runner.Engine.Clusters.Api;

namespace Runner.Engine.Clusters.Connections;

/// <summary>Says in a sentence what went wrong with a cluster and what to try. Holds no secret: no headers, no bodies, no file contents.</summary>
internal static class ClusterProblem
{
    /// <summary>True for what a cluster does to a call: refuse it, break off, not answer. Not for the caller's own cancellation.</summary>
    public static bool IsFailure(Exception exception, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested
        && exception is ApiStatusException or HttpRequestException or IOException or TimeoutException or OperationCanceledException or ClusterUnreachableException;

    /// <summary>True for what an API server does to a call while it starts anew, is overloaded, or is not ready in another way: the same call may be answered a moment later.</summary>
    public static bool MayPass(Exception exception) => exception is HttpRequestException or IOException or ApiStatusException { Code: 429 or >= 500 };

    /// <param name="cluster">Name of the connection.</param>
    public static LocalText Describe(Exception exception, string cluster) => exception switch
    {
        ClusterUnreachableException unreachable => unreachable.Problem,
        ApiStatusException refusal => Describe(refusal.Code, refusal.Message, cluster),
        HttpOperationException { Response: { } response } => Describe((int)response.StatusCode, "", cluster),
        TimeoutException or OperationCanceledException => new(
            $"Cluster '{cluster}' does not answer in time. Check the network between the runner and the API server, and the API server's load.",
            $"集群“{cluster}”没有及时应答。请检查 Runner 与 API 服务器之间的网络，以及 API 服务器的负载。"),
        _ when Find<AuthenticationException>(exception) is { } tls => new(
            $"No secure connection to cluster '{cluster}': {tls.Message} Check the certificate authority in its configuration.",
            $"无法与集群“{cluster}”建立安全连接：{tls.Message} 请检查其配置中的证书颁发机构。"),
        _ when Find<SocketException>(exception) is { } socket => Describe(socket, cluster),
        HttpRequestException or IOException => new(
            $"The connection to cluster '{cluster}' broke: {exception.Message} It is opened again by itself.",
            $"与集群“{cluster}”的连接已中断：{exception.Message} 会自动重新连接。"),
        _ => new(
            $"Cluster '{cluster}' answered something that cannot be read ({exception.GetType().Name}). Check that its address is that of a Kubernetes API server.",
            $"集群“{cluster}”的应答无法读取（{exception.GetType().Name}）。请确认其地址是 Kubernetes API 服务器的地址。"),
    };

    private static LocalText Describe(int code, string message, string cluster)
    {
        var (said, saidChinese) = message.Length > 0 ? ($": {message}", $"：{message.TrimEnd('.')}") : ("", "");
        return code switch
        {
            401 => new(
                $"Cluster '{cluster}' does not accept the runner's credentials (401){said}. Renew the token or certificate in its configuration.",
                $"集群“{cluster}”不接受 Runner 的凭据（401）{saidChinese}。请更新其配置中的令牌或证书。"),
            403 => new(
                $"Cluster '{cluster}' does not allow this (403){said}. Grant the runner's account what it needs.",
                $"集群“{cluster}”不允许此操作（403）{saidChinese}。请为 Runner 的账户授予所需权限。"),
            429 => new(
                $"Cluster '{cluster}' is overloaded (429){said}. The runner tries again by itself.",
                $"集群“{cluster}”过载（429）{saidChinese}。Runner 会自动重试。"),
            >= 500 => new(
                $"The API server of cluster '{cluster}' fails ({code}){said}. Look at the API server; the runner tries again by itself.",
                $"集群“{cluster}”的 API 服务器出错（{code}）{saidChinese}。请检查 API 服务器；Runner 会自动重试。"),
            _ => new(
                $"Cluster '{cluster}' answered {code}{said}. Check that its address is that of a Kubernetes API server.",
                $"集群“{cluster}”应答 {code}{saidChinese}。请确认其地址是 Kubernetes API 服务器的地址。"),
        };
    }

    private static LocalText Describe(SocketException socket, string cluster) => socket.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => new(
            $"Nothing listens at the address of cluster '{cluster}' (connection refused). Start the API server or correct the address in its configuration.",
            $"集群“{cluster}”的地址上没有服务在监听（connection refused）。请启动 API 服务器，或更正其配置中的地址。"),
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => new(
            $"The host name of cluster '{cluster}' cannot be found. Check its address and the name service.",
            $"找不到集群“{cluster}”的主机名。请检查其地址和 DNS。"),
        SocketError.TimedOut or SocketError.HostUnreachable or SocketError.NetworkUnreachable => new(
            $"The host of cluster '{cluster}' cannot be reached ({socket.SocketErrorCode}). Check network, routes and firewalls.",
            $"无法到达集群“{cluster}”的主机（{socket.SocketErrorCode}）。请检查网络、路由和防火墙。"),
        _ => new(
            $"The connection to cluster '{cluster}' broke ({socket.SocketErrorCode}). It is opened again by itself.",
            $"与集群“{cluster}”的连接已中断（{socket.SocketErrorCode}）。会自动重新连接。"),
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
