using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Logs.Collector;
using Runner.Web.Hosting;
using Runner.Web.Identity;
using Runner.Web.Telemetry;

namespace Runner.Web;

/// <summary>
/// The composition of the log collector as a process of its own (<c>deploy logcollector</c>): pods are watched and nothing else, there is no database and no console.
/// Its addresses are those of the official one, and tell everybody numbers only; names, and what Loki said, are for whoever has the hub's token.
/// </summary>
internal static class LogCollectorApp
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Builds the program without starting it.</summary>
    /// <exception cref="StartRefusedException">No address of Loki is set.</exception>
    public static WebApplication Build(RunnerOptions options, IReadOnlyList<ClusterEndpoint>? clusters = null)
    {
        if (options.LogCollector.LokiUrl is null)
        {
            throw new StartRefusedException("The log collector has nowhere to send to: set STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL to the address of Loki, such as http://loki:3100.");
        }

        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        RunnerApp.ConfigureLogging(builder.Logging, options);
        RunnerApp.ConfigureServer(builder.WebHost, options, options.LogCollector.Port);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddSingleton(TimeProvider.System);
        RunnerApp.AddClusters(builder.Services, options, clusters);
        builder.Services.AddLogCollector(options);
        builder.AddOpenMetrics();

        var app = builder.Build();
        app.MapGet(HealthCheck.Path, Healthy);
        app.MapMethods("/api/v1/logcollector/health", ["GET", "POST"], Healthy);
        app.MapMethods(CollectorStatistics.Path, ["GET", "POST"], Statistics);
        app.MapPrometheusScrapingEndpoint(TelemetryServices.MetricsPath);
        return app;
    }

    /// <summary>The process lives. Loki or a cluster that is down does not make it ill: a restart would help neither.</summary>
    private static IResult Healthy() => Results.Text("ok");

    private static IResult Statistics(HttpContext context, LogCollection collection, ClusterDirectory clusters, RunnerOptions options)
    {
        var known = HubTokenHandler.IsHub(context.Request, options);
        if (!known && context.Request.Headers.Authorization.Count > 0)
        {
            return Results.Json(new { code = "AUTH-ERR-9", msg = "AUTH-ERR-9" }, statusCode: StatusCodes.Status401Unauthorized);
        }

        var status = collection.Status;
        return Results.Json(CollectorStatistics.Of(status, known ? Details(status, clusters) : null), CollectorStatistics.Json);
    }

    private static CollectorDetails Details(LogCollectionStatus status, ClusterDirectory clusters) => new(
        status.Loki,
        status.Problem.English,
        status.Problem.Chinese,
        status.LastError.English,
        status.LastError.Chinese,
        [.. clusters.Connections.Select(cluster => new CollectorCluster(
            cluster.Name, cluster.Status.Health == ClusterHealth.Connected, cluster.State.Caches.First(cache => cache.Resource == "pods").Count))]);
}
