using Runner.EmbeddedCluster.Http.Handlers;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>Sends a request for a resource to what answers it, or says that nothing does.</summary>
internal sealed class ResourceHandler(
    ObjectStore store, ListHandler lists, WatchHandler watches, WriteHandler writes, DeleteHandler deletes, ScaleHandler scales, PodHandler pods, LogHandler logs, ReviewHandler reviews,
    UsageHandler usage)
{
    /// <param name="cut">Ends long answers without a goodbye.</param>
    public Task HandleAsync(ApiRequest request, CancellationToken cut)
    {
        Check(request);
        if (ReviewHandler.Handles(request.Type))
        {
            return reviews.HandleAsync(request);
        }

        if (UsageHandler.Handles(request.Type))
        {
            return usage.HandleAsync(request);
        }

        if (request.Info.Subresource is { } subresource)
        {
            return Subresource(request, subresource, cut);
        }

        return request.Info.Verb switch
        {
            "get" => GetAsync(request),
            "list" => lists.HandleAsync(request),
            "watch" => watches.HandleAsync(request, cut),
            "create" => writes.CreateAsync(request),
            "update" => writes.UpdateAsync(request),
            "patch" => writes.PatchAsync(request),
            "delete" => deletes.DeleteAsync(request),
            _ => deletes.DeleteCollectionAsync(request),
        };
    }

    private Task Subresource(ApiRequest request, string subresource, CancellationToken cut) => (subresource, request.Info.Verb) switch
    {
        ("log", "get") => logs.HandleAsync(request, cut),
        ("scale", "get" or "update" or "patch") => scales.HandleAsync(request),
        ("binding", "create") => pods.BindAsync(request),
        ("eviction", "create") => pods.EvictAsync(request),
        ("token", "create") => reviews.IssueTokenAsync(request),
        ("finalize", "update") or (_, "update") when !IsStream(subresource) => writes.UpdateAsync(request),
        (_, "patch") when !IsStream(subresource) => writes.PatchAsync(request),
        (_, "get") when !IsStream(subresource) => GetAsync(request),
        _ when IsStream(subresource) => throw ApiErrors.BadRequest($"the embedded cluster is simulated: its containers have no process to {subresource} to"),
        _ => throw ApiErrors.MethodNotAllowed(),
    };

    private static bool IsStream(string subresource) => subresource is "exec" or "attach" or "portforward" or "proxy";

    private Task GetAsync(ApiRequest request)
    {
        var stored = store.Get(request.Key) ?? throw ApiErrors.NotFound(request.Type.Group, request.Type.Plural, request.Info.Name ?? "");
        var asked = ListOptionsVersion(request);
        if (asked > store.ResourceVersion)
        {
            throw ApiErrors.TooLarge(asked.Value, store.ResourceVersion);
        }

        return Answers.WriteObjectAsync(request, 200, stored);
    }

    private static long? ListOptionsVersion(ApiRequest request) => request.Query("resourceVersion") is null
        ? null
        : long.TryParse(request.Query("resourceVersion"), out var version)
            ? version
            : throw ApiErrors.BadRequest($"invalid resource version: resourceVersion: Invalid value: \"{request.Query("resourceVersion")}\": strconv.ParseUint: parsing \"{request.Query("resourceVersion")}\": invalid syntax");

    /// <summary>Refuses what the resource does not offer.</summary>
    private static void Check(ApiRequest request)
    {
        var (type, info) = (request.Type, request.Info);
        if (info.Subresource is { } subresource)
        {
            if (!type.Has(subresource))
            {
                throw ApiErrors.UnknownResource();
            }

            if (info.Verb is "delete" or "watch" or "list" || (info.Verb == "create" && subresource is not ("binding" or "eviction" or "token") && !IsStream(subresource)))
            {
                throw ApiErrors.MethodNotAllowed();
            }

            return;
        }

        var collection = info.Name is null;
        var offered = info.Verb switch
        {
            "create" => collection && type.Verbs.Contains("create") && type.Namespaced == (info.Namespace is not null),
            "update" or "patch" => !collection && type.Verbs.Contains(info.Verb),
            _ => type.Verbs.Contains(info.Verb),
        };
        if (!offered)
        {
            throw ApiErrors.MethodNotAllowed();
        }

        if (!type.Namespaced && info.Namespace is not null)
        {
            throw ApiErrors.UnknownResource();
        }
    }
}
