using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Console;
using Runner.EmbeddedCluster;
using Runner.Engine;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Diagnostics;
using Runner.Engine.Storage;
using Runner.Web.Components;
using Runner.Web.ConsoleApi;
using Runner.Web.Hosting;
using Runner.Web.Identity;
using Runner.Web.Identity.SignIn;
using Runner.Web.Identity.Tokens;
using Runner.Web.Live.Hub;
using Runner.Web.RunnerApi;
using Runner.Web.RunnerApi.Description;
using Runner.Web.Telemetry;

namespace Runner.Web;

/// <summary>The composition of the whole program: engine, runner API, console pages, identity. The one place that knows every room.</summary>
public static class RunnerApp
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Builds the program without starting it. Opens the database, so the data folder is this process's from here on.</summary>
    /// <param name="args">Command line of the host, for settings as in <c>--Logging:LogLevel:Default=Debug</c>.</param>
    /// <param name="options">All settings; port 0 takes a free one.</param>
    /// <param name="time">The clock; tests may bring their own.</param>
    /// <param name="clusters">The clusters to work with; null finds them as <see cref="ClusterEndpoints.Discover"/> does, or starts the embedded one.</param>
    /// <exception cref="DataFolderInUseException">Another process uses the data folder.</exception>
    /// <exception cref="DatabaseDamagedException">The files in the data folder are not a whole database.</exception>
    /// <exception cref="IOException">The data folder cannot be written.</exception>
    public static WebApplication Build(string[] args, RunnerOptions options, TimeProvider? time = null, IReadOnlyList<ClusterEndpoint>? clusters = null)
    {
        var clock = time ?? TimeProvider.System;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(RunnerApp).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
            WebRootPath = WebRoot.Find(),
        });
        ConfigureLogging(builder.Logging, options);
        builder.WebHost.UseStaticWebAssets();
        ConfigureServer(builder.WebHost, options, options.Port);
        var recent = new RecentLog(Redaction.SecretsOf(options), clock);
        builder.Logging.AddProvider(recent);

        var services = builder.Services;
        services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        services.AddSingleton(clock);
        Draining.Add(services, options.Drain);
        if (options.Tls.Enabled)
        {
            services.AddSingleton(provider => new ListenerCertificate(options.Tls, clock, provider.GetRequiredService<ILogger<ListenerCertificate>>()));
            services.AddHostedService(provider => provider.GetRequiredService<ListenerCertificate>());
        }

        services.AddSingleton(recent);
        services.AddSingleton<SupportBundle>();
        var database = Database.Open(options.DataDirectory, clock);
        try
        {
            // By a factory, so that the container closes it.
            services.AddSingleton(_ => database);
            options = AddClusters(services, options, clusters);
            services.AddRunnerEngine(options);
            services.AddRunnerApi();
            services.AddConsolePages();
            services.AddLiveHub();
            services.AddConsoleIdentity(options, clock);
            builder.AddTelemetry(options);

            var app = builder.Build();
            app.Services.GetRequiredService<Database>().LogTo(app.Services.GetRequiredService<ILogger<Database>>());
            Map(app, options);
            return app;
        }
        catch
        {
            // Nobody else will: the container does not exist yet, and the folder must not stay locked.
            database.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    internal static void ConfigureLogging(ILoggingBuilder logging, RunnerOptions options)
    {
        logging.ClearProviders();
        logging.AddConsole(console => console.FormatterName = LineFormatter.FormatterName);
        logging.AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        logging.SetMinimumLevel(options.LogLevel);

        // What the framework says of every request is for whoever debugs it; an address may hold a one-time link or a code.
        var quiet = options.LogLevel < LogLevel.Warning ? LogLevel.Warning : options.LogLevel;
        logging.AddFilter("Microsoft.AspNetCore", quiet);

        // Calls every refusal of a hub an error, with its stack. LiveHubLog tells apart whose fault it was, and circuits write down their own.
        logging.AddFilter("Microsoft.AspNetCore.SignalR.Internal.DefaultHubDispatcher", LogLevel.None);

        // It warns that keys are not encrypted on disk: where else would their key be. The folder is its owner's alone.
        logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);

        // Says of every call with a wrong token that it was wrong, twice; whoever is refused is in the audit log, with bounds.
        logging.AddFilter("Runner.Web.Identity.HubTokenHandler", quiet);
        logging.AddFilter("System.Net.Http.HttpClient", quiet);
        logging.AddFilter("OpenIddict", quiet);
        logging.AddFilter("Polly", quiet);
        logging.AddFilter("Microsoft.Hosting.Lifetime", options.LogLevel);
    }

    internal static void ConfigureServer(IWebHostBuilder host, RunnerOptions options, int port)
    {
        host.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestLimits.Body;
            kestrel.Limits.MaxRequestHeadersTotalSize = RequestLimits.Headers;
            kestrel.Limits.MaxConcurrentUpgradedConnections = RequestLimits.LiveConnections;
            kestrel.Listen(options.Bind ?? DefaultBind(), port, listener =>
            {
                if (kestrel.ApplicationServices.GetService<ListenerCertificate>() is { } certificate)
                {
                    listener.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
                        {
                            ServerCertificateContext = SslStreamCertificateContext.Create(certificate.Current, certificate.Chain, offline: true),
                        }),
                    });
                }
            });
        });
    }

    // In a container nobody but the pod's network reaches the port; from source it is somebody's own machine.
    private static IPAddress DefaultBind() =>
        Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") == "true" ? IPAddress.Any : IPAddress.Loopback;

    /// <returns>The options, with what only the simulated cluster has where that is the one.</returns>
    internal static RunnerOptions AddClusters(IServiceCollection services, RunnerOptions options, IReadOnlyList<ClusterEndpoint>? given)
    {
        var clusters = given ?? ClusterEndpoints.Discover(
            options.Cluster, Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));
        foreach (var cluster in clusters)
        {
            services.AddSingleton(cluster);
        }

        if (clusters.Count > 0)
        {
            return options;
        }

        EmbeddedClusterService.Add(services, options);
        return options.StorageClass.Length > 0 ? options : options with { StorageClass = EmbeddedClusterHost.StorageClass };
    }

    private static void Map(WebApplication app, RunnerOptions options)
    {
        app.UseDraining();
        app.UseTrustedProxies(options);
        app.UsePathBase(options.PathBase);
        app.UseSecurityHeaders();
        app.UseRequestLocalization();
        app.UseProblems();
        app.UseWhen(context => !IsFromPackage(context.Request.Path), own => own.UseStaticFiles(new StaticFileOptions
        {
            // Asked for again, and answered 304: a new version must not meet the styles of the old one.
            OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache",
        }));
        app.UseOriginCheck();
        app.UseRouting();
        app.UseRateLimiter();
        app.UseAuthentication();
        app.UseAuthorization();

        // What the packages bring, compressed when it was published; our own files are served above.
        app.MapStaticAssets().AllowAnonymous();
        app.MapGet(HealthCheck.Path, HealthCheck.Answer).AllowAnonymous();
        app.MapGet(Readiness.Path, Readiness.Answer).AllowAnonymous();
        app.MapMetrics();
        app.MapRunnerApi();
        app.MapApiDescription();
        app.MapSignIn();
        app.MapTokenServer();
        app.MapConsoleApi();
        app.MapLiveHub();
        app.MapConsolePages();
    }

    private static bool IsFromPackage(PathString path) => path.StartsWithSegments("/_content", StringComparison.Ordinal) || path.StartsWithSegments("/_framework", StringComparison.Ordinal);
}
