using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Runner.EmbeddedCluster.Controllers;
using Runner.EmbeddedCluster.Controllers.Seed;
using Runner.EmbeddedCluster.Http;
using Runner.EmbeddedCluster.Logs;
using Runner.EmbeddedCluster.Storage;
using Runner.EmbeddedCluster.Storage.Lifecycle;

namespace Runner.EmbeddedCluster;

/// <summary>
/// A running embedded cluster: a Kubernetes API over HTTP on loopback with simulated nodes and controllers.
/// </summary>
public sealed partial class EmbeddedClusterHost : IAsyncDisposable
{
    /// <summary>Class of volumes that many pods may write, of which any number is bound at once; there from the start.</summary>
    public const string StorageClass = "embedded-nfs";

    private readonly SemaphoreSlim _restarting = new(1, 1);
    private readonly ObjectStore _store;
    private readonly ApiServer _api;
    private readonly Housekeeping _housekeeping;
    private readonly ControllerHost? _controllers;
    private readonly ILogger _logger;
    private readonly X509Certificate2 _certificate;
    private Uri _secureAddress = new("https://127.0.0.1");
    private WebApplication _web;
    private bool _disposed;

    private EmbeddedClusterHost(EmbeddedClusterOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        Token = options.Token ?? RandomNumberGenerator.GetHexString(40, lowercase: true);
        _logger = loggers.CreateLogger<EmbeddedClusterHost>();
        _store = new ObjectStore(time);
        var admitter = new Admitter(_store, time);
        _store.Defaults = admitter.Default;
        ClusterObjects.Create(_store, time);
        if (options.Scale is { } scale)
        {
            ScaleSeed.Fill(_store, scale, time.GetUtcNow());
        }

        _api = new ApiServer(_store, admitter, Logs, Faults, Token, time, loggers.CreateLogger<ApiServer>());
        _housekeeping = new Housekeeping(_store, options.TimeScale, time, loggers.CreateLogger<Housekeeping>());
        _controllers = options.Controllers ? new ControllerHost(_store, Logs, options, time, loggers) : null;
        _certificate = LoopbackCertificate.Create(time);
        _web = Build(options.Port, 0);
        Address = new Uri("http://127.0.0.1");
        Faults.RestartAsked += RestartInBackground;
    }

    /// <summary>Address of the API server without TLS, <c>http://127.0.0.1:port</c>.</summary>
    public Uri Address { get; private set; }

    /// <summary>Bearer token of the administrator.</summary>
    public string Token { get; }

    public FaultSwitches Faults { get; } = new();

    /// <summary>The objects, for tests and benches in this process.</summary>
    internal ObjectStore Store => _store;

    /// <summary>The containers' logs, for tests and benches in this process.</summary>
    internal PodLogStore Logs { get; } = new();

    /// <summary>Number of API requests answered since the start, by verb and resource as in <c>list pods</c>, <c>watch services.serving.knative.dev</c>; also at <c>GET /embedded/requests</c>.</summary>
    public IReadOnlyDictionary<string, long> RequestCounts() => new SortedDictionary<string, long>(_api.Counts.ToDictionary(), StringComparer.Ordinal);

    /// <summary>What service accounts and strangers wanted to do, for tests of rights.</summary>
    internal ICollection<Http.Auth.AccessUse> Accesses => _api.Accesses;

    /// <summary>Starts a cluster and returns once it answers.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    /// <exception cref="ArgumentException">A scale is asked for together with controllers, or pods without nodes or services.</exception>
    public static Task<EmbeddedClusterHost> StartAsync(EmbeddedClusterOptions options, CancellationToken cancellationToken) =>
        StartAsync(options, TimeProvider.System, NullLoggerFactory.Instance, cancellationToken);

    /// <inheritdoc cref="StartAsync(EmbeddedClusterOptions, CancellationToken)"/>
    public static async Task<EmbeddedClusterHost> StartAsync(
        EmbeddedClusterOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        if (options.Scale is { } scale && (options.Controllers || (scale.Pods > 0 && (scale.Nodes < 1 || scale.Services < 1))))
        {
            throw new ArgumentException($"A cluster of {scale} needs nodes and services for its pods, and Controllers = false.", nameof(options));
        }

        var host = new EmbeddedClusterHost(options, time, loggers);
        try
        {
            await host.ListenAsync(cancellationToken);
            host._housekeeping.Start();
            host._controllers?.Start();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops listening, ends every connection, and listens again on the same port. Objects, controllers and tokens stay, as when an API server is restarted.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await _restarting.WaitAsync(cancellationToken);
        try
        {
            await StopListeningAsync();
            _web = Build(Address.Port, _secureAddress.Port);
            await ListenAsync(cancellationToken);
        }
        finally
        {
            _restarting.Release();
        }
    }

    /// <summary>A kubeconfig with address, certificate and token, usable by <c>kubectl</c>, <c>helm</c> and any client. Its address is the one with TLS.</summary>
    public string Kubeconfig() => KubeconfigOf(Token);

    /// <summary>The same for whoever has another token.</summary>
    internal string KubeconfigOf(string token) => $"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: embedded
          cluster:
            server: {_secureAddress.GetLeftPart(UriPartial.Authority)}
            certificate-authority-data: {Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(_certificate.ExportCertificatePem()))}
        contexts:
        - name: embedded
          context:
            cluster: embedded
            user: admin
        current-context: embedded
        users:
        - name: admin
          user:
            token: {token}

        """;

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Faults.RestartAsked -= RestartInBackground;
        if (_controllers is not null)
        {
            await _controllers.DisposeAsync();
        }

        await _housekeeping.DisposeAsync();
        await StopListeningAsync();
        _api.Dispose();
        _restarting.Dispose();
        _certificate.Dispose();
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await _web.StartAsync(cancellationToken);
        Address = new Uri(_web.Urls.First(u => u.StartsWith("http:", StringComparison.Ordinal)));
        _secureAddress = new Uri(_web.Urls.First(u => u.StartsWith("https:", StringComparison.Ordinal)));
    }

    private async Task StopListeningAsync()
    {
        _api.CutLongAnswers();
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _web.StopAsync(atOnce.Token);
        await _web.DisposeAsync();
    }

    private WebApplication Build(int port, int securePort)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = typeof(EmbeddedClusterHost).Assembly.GetName().Name });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = 3 * 1024 * 1024;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, securePort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(_certificate);
            });
        });
        var web = builder.Build();
        web.Run(_api.HandleAsync);
        return web;
    }

    private void RestartInBackground() => _ = Task.Run(async () =>
    {
        try
        {
            await RestartAsync(CancellationToken.None);
        }
        catch (Exception fault)
        {
            LogRestartFailed(_logger, fault);
        }
    });

    [LoggerMessage(Level = LogLevel.Error, Message = "The embedded API server could not be restarted; nothing answers until the next try")]
    private static partial void LogRestartFailed(ILogger logger, Exception fault);
}
