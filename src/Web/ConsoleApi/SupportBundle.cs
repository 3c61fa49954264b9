using System.IO.Compression;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Diagnostics;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Probes;
using Runner.Engine.Workloads;
using Runner.Web.Hosting;
using Runner.Web.Identity;

namespace Runner.Web.ConsoleApi;

/// <summary>All that helps somebody who cannot look at the console: a zip, written while it is read, from what is in memory. Secrets are taken out of every text in it.</summary>
internal sealed class SupportBundle(
    RunnerOptions options, LiveSettings settings, ClusterDirectory clusters, WorkloadFeed feed, CapacityFeed capacity, Outbox outbox, ClusterTelling telling, DiagnosticsBoard diagnostics, RecentLog log, AuditLog audit, TimeProvider time)
{
    private const int MostEvents = 2000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter() }, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly IReadOnlyList<string> _secrets = Redaction.SecretsOf(options);

    /// <summary><c>GET /api/console/support-bundle</c>.</summary>
    public static async Task Answer(HttpContext context, SupportBundle bundle)
    {
        await bundle.NoteAsync(context.User).ConfigureAwait(false);
        var name = $"runner-support-{bundle.Stamp}.zip";
        context.Response.ContentType = "application/zip";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        context.Response.Headers.CacheControl = "no-store";

        // The archive writes the end of an entry and its directory without waiting, a few bytes each.
        if (context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpBodyControlFeature>() is { } control)
        {
            control.AllowSynchronousIO = true;
        }

        await bundle.WriteAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
    }

    private string Stamp => time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd-HHmmss", System.Globalization.CultureInfo.InvariantCulture);

    private Task NoteAsync(ClaimsPrincipal user) => audit.WriteAsync(user, AuditActions.SupportBundle, "", AuditOutcome.Done, AuditDetail.None, CancellationToken.None);

    private async Task WriteAsync(Stream body, CancellationToken cancellationToken)
    {
        var zip = await ZipArchive.CreateAsync(body, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken).ConfigureAwait(false);
        await using var closing = zip.ConfigureAwait(false);
        await AddAsync(zip, "versions.json", Versions(), cancellationToken).ConfigureAwait(false);
        await AddAsync(zip, "settings.json", Settings(), cancellationToken).ConfigureAwait(false);
        await AddAsync(zip, "diagnostics.json", diagnostics.Results, cancellationToken).ConfigureAwait(false);
        await AddAsync(zip, "clusters.json", clusters.Connections.Select(cluster => new { cluster.Name, cluster.Origin, cluster.Status, cluster.LastContact, cluster.State.Caches }), cancellationToken).ConfigureAwait(false);
        await AddAsync(zip, "hub.json", new { outbox.Status, telling.Heartbeats, telling.Registrations }, cancellationToken).ConfigureAwait(false);
        await AddAsync(zip, "workloads.json", feed.Current.Values.OrderBy(workload => workload.Key.ToString(), StringComparer.Ordinal), cancellationToken).ConfigureAwait(false);
        await AddAsync(zip, "nodes.json", clusters.Connections.Select(cluster => capacity.Of(cluster.Name)).Select(snapshot => new { snapshot.Cluster, snapshot.Source, snapshot.Problem, snapshot.Nodes }), cancellationToken).ConfigureAwait(false);
        await AddAsync(zip, "events.json", feed.Current.Keys.Take(MostEvents).Select(key => new { Workload = key.ToString(), Events = clusters.Find(key.Cluster)?.State.EventsOf(key) ?? [] }), cancellationToken).ConfigureAwait(false);
        await AddAsync(zip, "outbox.json", outbox.Recent(MostEvents).Select(e => new { e.Sequence, e.Resource, e.Type, e.ClusterId, e.WrittenAt, e.SentAt, e.Attempts, e.NextTry, e.Problem, e.Refused, Payload = Outbox.PayloadOf(e) }), cancellationToken).ConfigureAwait(false);
        await AddTextAsync(zip, "log.txt", string.Join('\n', log.Lines), cancellationToken).ConfigureAwait(false);
    }

    private object Versions() => new
    {
        Runner = typeof(SupportBundle).Assembly.GetName().Version?.ToString(),
        Runtime = Environment.Version.ToString(),
        System = System.Runtime.InteropServices.RuntimeInformation.OSDescription,
        Clusters = clusters.Connections.ToDictionary(cluster => cluster.Name, cluster => cluster.Status.Version),
        Time = time.GetUtcNow(),
    };

    private object Settings() => new
    {
        Set = options.Variables.Values.Keys.Order(StringComparer.Ordinal),
        Hub = settings.WebhookEndpoint?.GetLeftPart(UriPartial.Path),
        Token = options.ApiToken.Length > 0 ? "set" : "not set",
        options.WorkloadNamespace,
        options.RunnerNamespace,
        options.Port,
        Registry = ConnectionSettings.Registry(options),
        ObjectStore = ConnectionSettings.ObjectStore(options),
        Live = clusters.Connections.ToDictionary(cluster => cluster.Name, cluster => settings.Of(cluster.Name)),
        settings.Problems,
    };

    private Task AddAsync<T>(ZipArchive zip, string name, T content, CancellationToken cancellationToken) => AddTextAsync(zip, name, JsonSerializer.Serialize(content, Json), cancellationToken);

    private async Task AddTextAsync(ZipArchive zip, string name, string text, CancellationToken cancellationToken)
    {
        var stream = await zip.CreateEntry(name, CompressionLevel.Fastest).OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(Redaction.Hide(text, _secrets)), cancellationToken).ConfigureAwait(false);
    }
}
