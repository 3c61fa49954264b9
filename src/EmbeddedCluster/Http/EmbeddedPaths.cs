using System.Text.Json;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>What the embedded cluster offers beyond Kubernetes, below <c>/embedded/</c>, for tests: faults, compaction, counts. For the administrator only.</summary>
internal static class EmbeddedPaths
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task HandleAsync(HttpContext http, FaultSwitches faults, ObjectStore store, IReadOnlyDictionary<string, long> counts, TimeProvider time)
    {
        switch (http.Request.Method, http.Request.Path.Value)
        {
            case ("GET", "/embedded/requests"):
                await http.Response.WriteAsJsonAsync(counts.OrderBy(c => c.Key, StringComparer.Ordinal).ToDictionary(), Json, http.RequestAborted);
                break;
            case ("GET", "/embedded/faults"):
                await http.Response.WriteAsJsonAsync(FaultSettings.Of(faults), Json, http.RequestAborted);
                break;
            case ("PUT", "/embedded/faults"):
                await SetAsync(http, faults);
                break;
            case ("POST", "/embedded/cut-watches"):
                faults.CutWatches();
                http.Response.StatusCode = 204;
                break;
            case ("POST", "/embedded/compact"):
                store.Compact();
                http.Response.StatusCode = 204;
                break;
            case ("POST", { } path) when path.StartsWith(WakePath.Prefix, StringComparison.Ordinal):
                WakePath.Handle(http, store, time);
                break;
            case ("POST", "/embedded/restart"):
                http.Response.StatusCode = 202;
                await http.Response.CompleteAsync();
                faults.AskForRestart();
                break;
            default:
                throw ApiErrors.UnknownResource();
        }
    }

    private static async Task SetAsync(HttpContext http, FaultSwitches faults)
    {
        FaultSettings settings;
        try
        {
            settings = await JsonSerializer.DeserializeAsync<FaultSettings>(http.Request.Body, Json, http.RequestAborted) ?? new FaultSettings();
        }
        catch (JsonException fault)
        {
            throw ApiErrors.BadRequest($"the faults are no JSON object with the properties of GET /embedded/faults: {fault.Message}");
        }

        settings.Apply(faults);
        await http.Response.WriteAsJsonAsync(FaultSettings.Of(faults), Json, http.RequestAborted);
    }

    /// <summary>The switches as JSON; what is left out of a PUT is off.</summary>
    private sealed record FaultSettings
    {
        public double ErrorRate { get; init; }

        public int ErrorStatus { get; init; } = 500;

        public bool ExpireWatches { get; init; }

        public bool NoBookmarks { get; init; }

        public bool SilentWatches { get; init; }

        public TimeSpan Latency { get; init; }

        public static FaultSettings Of(FaultSwitches faults) => new()
        {
            ErrorRate = faults.ErrorRate,
            ErrorStatus = faults.ErrorStatus,
            ExpireWatches = faults.ExpireWatches,
            NoBookmarks = faults.NoBookmarks,
            SilentWatches = faults.SilentWatches,
            Latency = faults.Latency,
        };

        public void Apply(FaultSwitches faults) =>
            (faults.ErrorRate, faults.ErrorStatus, faults.ExpireWatches, faults.NoBookmarks, faults.SilentWatches, faults.Latency) =
            (ErrorRate, ErrorStatus, ExpireWatches, NoBookmarks, SilentWatches, Latency);
    }
}
