using System.Security.Cryptography;
using System.Text.Json;
using k8s;
using k8s.Exceptions;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Telemetry;
using YamlDotNet.Core;

namespace Runner.Engine.Clusters.Connections;

/// <summary>A client and what it was made from.</summary>
internal sealed class ClusterClient
{
    private readonly string _madeFrom;

    private ClusterClient(Kubernetes kubernetes, string madeFrom)
    {
        Kubernetes = kubernetes;
        _madeFrom = madeFrom;
    }

    public Kubernetes Kubernetes { get; }

    /// <summary>Reads the configuration and makes a client of it, or keeps the current one with its open connections where nothing changed.</summary>
    /// <exception cref="ClusterUnreachableException">The configuration cannot be read; the message says what to try and holds no secret.</exception>
    public static ClusterClient Load(ClusterEndpoint endpoint, WatchSettings settings, ClusterClient? current)
    {
        try
        {
            var configuration = endpoint.LoadConfiguration();
            var fingerprint = Fingerprint(configuration);
            return current?._madeFrom == fingerprint ? current : new ClusterClient(Connect(configuration, endpoint.Name, settings), fingerprint);
        }
        catch (YamlException exception)
        {
            // The parser's own message may quote the file.
            throw new ClusterUnreachableException(new(
                $"The kubeconfig of cluster '{endpoint.Name}' is not valid YAML at line {exception.Start.Line}, column {exception.Start.Column}. Correct the file; it is read again by itself.",
                $"集群“{endpoint.Name}”的 kubeconfig 在第 {exception.Start.Line} 行第 {exception.Start.Column} 列不是有效的 YAML。请更正该文件；之后会自动重新读取。"));
        }
        catch (Exception exception) when (exception is KubeConfigException or KubernetesClientException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw new ClusterUnreachableException(new(
                $"The configuration of cluster '{endpoint.Name}' cannot be used: {exception.Message.TrimEnd('.')}. Correct it; it is read again by itself.",
                $"集群“{endpoint.Name}”的配置无法使用：{exception.Message.TrimEnd('.')}。请更正；之后会自动重新读取。"));
        }
#pragma warning disable CA1031 // Bad certificates, keys and addresses surface as exceptions of many kinds; each makes a dead cluster, none may end the process.
        catch (Exception exception) when (exception is not ClusterUnreachableException)
#pragma warning restore CA1031
        {
            throw new ClusterUnreachableException(new(
                $"The configuration of cluster '{endpoint.Name}' cannot be used ({exception.GetType().Name}). Check addresses, certificates and keys in it; it is read again by itself.",
                $"集群“{endpoint.Name}”的配置无法使用（{exception.GetType().Name}）。请检查其中的地址、证书和密钥；之后会自动重新读取。"));
        }
    }

    private static Kubernetes Connect(KubernetesClientConfiguration configuration, string cluster, WatchSettings settings)
    {
        var counter = new ApiCallCounter(cluster);
        var kubernetes = new Kubernetes(configuration, counter);
        if (counter.InnerHandler is SocketsHttpHandler sockets)
        {
            // The client's own three and a half minutes are longer than a watch may be silent.
            (sockets.KeepAlivePingDelay, sockets.KeepAlivePingTimeout) = (settings.ConnectionSilence, settings.SignOfLife);
        }

        return kubernetes;
    }

    /// <summary>A digest, so that no copy of the secrets is kept.</summary>
    private static string Fingerprint(KubernetesClientConfiguration configuration) => Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes<string?[]>(
    [
        configuration.Host, configuration.AccessToken, configuration.Username, configuration.Password,
        configuration.ClientCertificateData, configuration.ClientCertificateKeyData, configuration.ClientCertificateFilePath, configuration.ClientKeyFilePath,
        configuration.SkipTlsVerify.ToString(), configuration.TlsServerName,
        .. configuration.SslCaCerts?.Select(certificate => certificate.Thumbprint) ?? [],
    ])));
}
