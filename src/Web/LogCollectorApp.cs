using Runner.Engine.Clusters;
using Runner.Engine.Configuration;
using Runner.Engine.Logs.Collector;
using Runner.Web.Hosting;
using Runner.Web.Telemetry;

namespace Runner.Web;

/// <summary>
/// The composition of the log collector as a process of its own (<c>deploy logcollector</c>): pods are watched and nothing else, there is no database and no console.
/// Its addresses are those of the official one, and tell numbers only: no names, no lines.
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
        app.MapMethods("/api/v1/logcollector/stats", ["GET", "POST"], Statistics);
        app.MapPrometheusScrapingEndpoint(TelemetryServices.MetricsPath);
        return app;
    }

    /// <summary>The process lives. Loki or a cluster that is down does not make it ill: a restart would help neither.</summary>
    private static IResult Healthy() => Results.Text("ok");

    private static IResult Statistics(LogCollection collection, ClusterDirectory clusters)
    {
        var status = collection.Status;
        return Results.Ok(new
        {
            active_streams = status.Streams,
            queued_streams = status.Queued,
            total_logs_sent = status.Sent,
            total_bytes_sent = status.SentBytes,
            held_lines = status.HeldLines,
            held_bytes = status.HeldBytes,
            oldest_held = status.OldestHeld,
            dropped = status.Dropped.ToDictionary(drop => drop.Key.ToString(), drop => drop.Value),
            cut_lines = status.Cut,
            failed_pushes = status.Failures,
            last_sent = status.LastSentAt,
            last_error = status.LastError.English,
            last_error_at = status.LastErrorAt,
            problem = status.Problem.English,
            clusters = clusters.Connections.Select(cluster => new { name = cluster.Name, connected = cluster.Status.Health == ClusterHealth.Connected, pods = cluster.State.Caches.First(cache => cache.Resource == "pods").Count }),
        });
    }
}
