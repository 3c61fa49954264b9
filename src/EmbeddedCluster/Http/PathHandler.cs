using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>Answers the paths that are no resources: version, health, discovery, OpenAPI.</summary>
internal sealed class PathHandler(ResourceCatalog catalog)
{
    private const string NotFoundText = "404 page not found\n";
    private const string AggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    public Task HandleAsync(HttpContext http, RequestInfo info)
    {
        var known = Known(http, info);
        if (known is null)
        {
            return info is { Group.Length: > 0, Version.Length: > 0 } || info.Version.Length > 0
                ? throw ApiErrors.UnknownResource()
                : Answers.WriteTextAsync(http, 404, "text/plain; charset=utf-8", NotFoundText);
        }

        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            throw ApiErrors.MethodNotAllowed();
        }

        return known();
    }

    private Func<Task>? Known(HttpContext http, RequestInfo info)
    {
        Func<Task>? Json(JsonObject? body) => body is null ? null : () => Answers.WriteAsync(http, 200, body, ResponseFormat.Negotiate(http.Request.Headers.Accept).Yaml);
        var parts = info.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        switch (parts)
        {
            case []:
                return Json(Paths());
            case ["version"]:
                return Json(Discovery.Version());
            case ["healthz" or "livez" or "readyz", ..]:
                return () => Answers.WriteTextAsync(http, 200, "text/plain; charset=utf-8", "ok");
            case ["metrics"]:
                return () => Answers.WriteTextAsync(http, 200, "text/plain; version=0.0.4; charset=utf-8", "");
            case ["api"] or ["apis"]:
                return Root(http, parts[0] == "api");
            case ["api", var version]:
                return Json(Discovery.Resources(catalog, "", version));
            case ["apis", var group]:
                return Json(Discovery.Group(catalog, group));
            case ["apis", var group, var version]:
                return Json(Discovery.Resources(catalog, group, version));
            case ["openapi", "v3"]:
                return Json(OpenApi.Index(catalog));
            case ["openapi", "v3", "api", var version]:
                return Json(OpenApi.Document(catalog, "", version));
            case ["openapi", "v3", "apis", var group, var version]:
                return Json(OpenApi.Document(catalog, group, version));
            default:
                return null;
        }
    }

    private Func<Task> Root(HttpContext http, bool core)
    {
        if (http.Request.Headers.Accept.ToString().Contains("v=v2;as=APIGroupDiscoveryList", StringComparison.Ordinal))
        {
            return () => Answers.WriteBytesAsync(http, 200, AggregatedType,
                System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(Discovery.Aggregated(catalog, core), ApiJson.Options));
        }

        return () => Answers.WriteAsync(http, 200, core ? Discovery.CoreVersions(http.Request.Host.ToString()) : Discovery.Groups(catalog));
    }

    private JsonObject Paths()
    {
        var groups = catalog.All.Where(t => t.Group.Length > 0).SelectMany(t => new[] { $"/apis/{t.Group}", $"/apis/{t.Group}/{t.Version}" });
        string[] paths = ["/api", "/api/v1", "/apis", "/apis/", .. groups, "/healthz", "/livez", "/metrics", "/openapi/v3", "/openapi/v3/", "/readyz", "/version"];
        return new JsonObject { ["paths"] = new JsonArray([.. paths.Distinct().Order(StringComparer.Ordinal).Select(p => (JsonNode)p)]) };
    }
}
