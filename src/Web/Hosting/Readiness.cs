using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.Hosting;

/// <summary>How one thing the runner depends on stands.</summary>
/// <param name="Name"><c>storage</c>, with several replicas <c>state</c>, <c>hub</c>, or <c>cluster/</c> and the connection's name.</param>
/// <param name="State"><c>ok</c>, <c>degraded</c> (what is affected waits or is stale, and heals by itself) or <c>failed</c>.</param>
/// <param name="Message">A sentence that says what is the matter and what to try. Holds no secret.</param>
/// <param name="Caches">Of a cluster: the kinds of objects that are not complete and followed.</param>
internal sealed record Dependency(string Name, string State, string Message, IReadOnlyList<CacheState>? Caches = null);

internal sealed record CacheState(string Resource, string State, string Message);

/// <summary>
/// Whether this runner can do its job now. It cannot, and is answered 503, when the database cannot be read, or before the state that replicas share or any cluster's workloads are known: every
/// answer would be wrong; nor after it was told to end, though it still answers. A disk that refuses writes, a cluster that is lost later, or a hub that does not answer, degrades it: what is known is still served, events wait, and whoever
/// wants to know why needs the console. Without credentials only the word is told.
/// </summary>
internal static class Readiness
{
    public const string Path = "/readyz";

    private const string Ok = "ok";
    private const string Degraded = "degraded";
    private const string Failed = "failed";

    public static async Task<IResult> Answer(HttpContext context, Database database, ClusterDirectory clusters, Outbox outbox, Draining draining, IServiceProvider services)
    {
        IReadOnlyList<Dependency> dependencies = [Storage(database), .. State(services.GetService<SharedState>()), .. clusters.Connections.Select(Cluster), Hub(outbox.Status)];
        var ready = !draining.IsOn && dependencies.All(dependency => dependency is not { Name: "storage" or "state", State: Failed }) && clusters.Connections.Any(cluster => cluster.State.Synced);
        var status = draining.IsOn ? "ending" : !ready ? "not ready" : dependencies.All(dependency => dependency.State == Ok) ? "ready" : Degraded;
        var code = ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return await ApiAccess.MayAsync(context, services, ApiScopes.MetricsRead)
            ? Results.Json(new { status, dependencies }, statusCode: code)
            : Results.Json(new { status }, statusCode: code);
    }

    private static Dependency Storage(Database database)
    {
        try
        {
            database.Read(db => db.UserVersion);
            return database.Status.Problem is { } problem
                ? new("storage", Degraded, $"The disk refuses writes since {problem.Since:u}: {problem.Text} What was written is there. Make room in the data folder.")
                : new("storage", Ok, "");
        }
        catch (IOException exception)
        {
            return new("storage", Failed, exception.Message);
        }
    }

    private static IEnumerable<Dependency> State(SharedState? state) => state?.Status switch
    {
        null => [],
        { IsKnown: false } unknown => [new("state", Failed, unknown.Problem)],
        { Problem.Length: > 0 } troubled => [new("state", Degraded, troubled.Problem)],
        _ => [new("state", Ok, "")],
    };

    private static Dependency Cluster(ClusterConnection cluster)
    {
        var status = cluster.Status;
        var caches = cluster.State.Caches.Where(cache => cache.Health != CacheHealth.Synced)
            .Select(cache => new CacheState(cache.Resource, cache.Health.ToString(), cache.Problem)).ToList();
        var (state, message) = (status.Health, cluster.State.Synced) switch
        {
            (ClusterHealth.Connected, true) when caches.Count == 0 => (Ok, ""),
            (ClusterHealth.Connected, true) => (Degraded, "Some kinds of objects are not followed; see caches."),
            (ClusterHealth.Connected, false) => (Failed, "Connected, but its workloads are not known yet."),
            (_, true) => (Degraded, $"{status.Problem} What is shown of it is from {cluster.LastContact:u}."),
            _ => (Failed, status.Problem.Length > 0 ? status.Problem : "Not connected yet."),
        };
        return new($"cluster/{cluster.Name}", state, message, caches.Count > 0 ? caches : null);
    }

    private static Dependency Hub(OutboxStatus hub) => hub.LastError.Length == 0
        ? new("hub", Ok, $"{hub.Waiting} events wait.")
        : new("hub", hub.IsTroubled ? Degraded : Ok, $"{hub.LastError.English.TrimEnd('.')}. {hub.Waiting} events wait.");
}
