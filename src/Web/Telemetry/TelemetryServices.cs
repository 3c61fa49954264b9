using System.Diagnostics.Metrics;
using OpenTelemetry.Exporter;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Instrumentation.Http;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Runner.Engine.Configuration;
using Runner.Engine.Telemetry;
using Runner.Web.Hosting;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.Telemetry;

/// <summary>Metrics for Prometheus at <see cref="MetricsPath"/>; traces, and logs where wished, over OTLP when <c>OPENCSG_TRACING_OTLP_ENDPOINT</c> is set.</summary>
internal static class TelemetryServices
{
    /// <summary>Takes a token with the scope <see cref="ApiScopes.MetricsRead"/>, the hub's token, or a session.</summary>
    public const string MetricsPath = "/metrics";

    private const string ServiceName = "csghub-runner";

    /// <summary>How the names of the log collector's instruments begin; none of them has names in its labels.</summary>
    private const string CollectorInstruments = "runner.log_collector.";

    private const string RequestMeter = "Microsoft.AspNetCore.Hosting";

    /// <summary>Most series of one instrument, such as one for each kind of object of each cluster; further ones are counted together.</summary>
    private const int MostSeries = 500;

    /// <summary>Port on which collectors take OTLP over HTTP; on any other it is gRPC, as the official program's exporter speaks.</summary>
    private const int HttpPort = 4318;

    /// <summary>Metrics alone, under the same address and for everybody: for a process that shows numbers only. What names clusters is left out.</summary>
    public static void AddOpenMetrics(this WebApplicationBuilder builder) => builder.Services.AddOpenTelemetry()
        .ConfigureResource(resource => resource.AddService(ServiceName + "-logcollector"))
        .WithMetrics(metrics => metrics
            .AddMeter(EngineMetrics.MeterName, "System.Runtime")
            .AddView(instrument => instrument.Meter.Name == EngineMetrics.MeterName && !instrument.Name.StartsWith(CollectorInstruments, StringComparison.Ordinal) ? MetricStreamConfiguration.Drop : null)
            .AddPrometheusExporter(exporter => exporter.ScrapeEndpointPath = MetricsPath));

    public static void AddTelemetry(this WebApplicationBuilder builder, RunnerOptions options)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(ServiceName, serviceVersion: typeof(TelemetryServices).Assembly.GetName().Version?.ToString(3)))
            .WithMetrics(metrics => metrics
                .AddMeter(EngineMetrics.MeterName, RequestMeter, "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Components.Server.Circuits", "System.Runtime")
                .AddPrometheusExporter(exporter => exporter.ScrapeEndpointPath = MetricsPath));
        builder.Services.ConfigureOpenTelemetryMeterProvider((services, metrics) => metrics.AddView(Streams(services.GetRequiredService<IMeterFactory>())));
        if (options.Tracing.Endpoint is not { } endpoint)
        {
            return;
        }

        telemetry.WithTracing(tracing => tracing
            .AddAspNetCoreInstrumentation(ConfigureServer)
            .AddHttpClientInstrumentation(ConfigureClient)
            .AddOtlpExporter(exporter => Configure(exporter, endpoint, "v1/traces")));
        if (options.Tracing.Logging)
        {
            telemetry.WithLogging(logging => logging.AddOtlpExporter(exporter => Configure(exporter, endpoint, "v1/logs")));
            builder.Services.Configure<OpenTelemetryLoggerOptions>(logging => logging.IncludeFormattedMessage = true);
        }
    }

    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        // Made here, so that what it observes is there from the first scrape on.
        routes.ServiceProvider.GetRequiredService<EngineMetrics>();
        routes.MapPrometheusScrapingEndpoint(MetricsPath).RequireAuthorization(ApiScopes.MetricsRead);
    }

    /// <summary>
    /// Meters are found by name in the whole process: what another program in it observes of itself is left out. Room for every series of an instrument is made at once,
    /// most of which a runner never needs: requests alone have many, one for each route, method and answer.
    /// </summary>
    private static Func<Instrument, MetricStreamConfiguration?> Streams(IMeterFactory own) => instrument =>
        instrument.Meter.Scope is IMeterFactory factory && factory != own ? MetricStreamConfiguration.Drop
        : instrument.Meter.Name == RequestMeter ? null
        : new MetricStreamConfiguration { CardinalityLimit = MostSeries };

    /// <summary>Addresses of spans come without the values of their queries, which hold one-time codes; that is the instrumentation's default and is tested.</summary>
    private static void ConfigureServer(AspNetCoreTraceInstrumentationOptions server) =>
        server.Filter = context => !IsNoise(context.Request.Path);

    /// <summary>Watches and followed logs last for minutes and say nothing when they end.</summary>
    private static void ConfigureClient(HttpClientTraceInstrumentationOptions client) =>
        client.FilterHttpRequestMessage = request => request.RequestUri?.Query is not { } query
            || !(query.Contains("watch=", StringComparison.Ordinal) || query.Contains("follow=true", StringComparison.Ordinal));

    private static bool IsNoise(PathString path) =>
        path == HealthCheck.Path || path == Readiness.Path || path == MetricsPath || path.StartsWithSegments("/_blazor", StringComparison.Ordinal);

    private static void Configure(OtlpExporterOptions exporter, Uri endpoint, string signal)
    {
        var http = endpoint.Port == HttpPort || endpoint.AbsolutePath.Length > 1;
        exporter.Protocol = http ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        exporter.Endpoint = http ? new Uri($"{endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{signal}") : endpoint;
    }
}
