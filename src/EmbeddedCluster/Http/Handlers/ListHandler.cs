using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Handlers;

/// <summary>Answers lists, whole or in pages of one consistent snapshot.</summary>
internal sealed class ListHandler(ObjectStore store)
{
    private const int FlushEvery = 64 * 1024;

    public Task HandleAsync(ApiRequest request)
    {
        var page = Page(request, ListOptions.Read(request));
        return request.Format.View switch
        {
            ResponseView.Full when !request.Format.Yaml => WriteAsync(request, page),
            ResponseView.Full => Answers.WriteAsync(request.Http, 200, Whole(request, page.Items, page.Metadata(request.Type.Custom)), yaml: true),
            ResponseView.PartialMetadata => Answers.WriteAsync(request.Http, 200, Partial(request, page), request.Format.Yaml),
            _ => Answers.WriteAsync(request.Http, 200, Views.Table(request, page.Items, page.Metadata(false), first: true), request.Format.Yaml),
        };
    }

    /// <summary>The list object of some objects, as for the answer to a deletion of many.</summary>
    public static JsonObject Whole(ApiRequest request, IEnumerable<StoredObject> items, JsonObject metadata) => new()
    {
        ["kind"] = request.Type.Kind + "List",
        ["apiVersion"] = request.Type.ApiVersion,
        ["metadata"] = metadata,
        ["items"] = new JsonArray([.. items.Select(item =>
        {
            var json = (JsonObject)Views.Serve(request.Type, item).DeepClone();
            if (!request.Type.Custom)
            {
                json.Remove("kind");
                json.Remove("apiVersion");
            }

            return (JsonNode)json;
        })]),
    };

    private ListPage Page(ApiRequest request, ListOptions options)
    {
        var type = request.Type;
        var snapshot = Snapshot(type, options);
        var prefix = options.Namespace is null ? "" : options.Namespace + "/";
        var start = options.Continue is { } token ? prefix + token.Start : null;
        var items = new List<StoredObject>();
        string? next = null;
        foreach (var item in snapshot.Range(type.Namespaced ? options.Namespace : null, start).Where(options.Matches))
        {
            if (options.Limit > 0 && items.Count == options.Limit)
            {
                next = ContinueToken.After(snapshot.ResourceVersion, items[^1].Path[prefix.Length..]).Write();
                break;
            }

            items.Add(item);
        }

        var counted = next is not null && options.Labels.IsEmpty && options.Fields.IsEmpty;
        var remaining = counted ? snapshot.Count(type.Namespaced ? options.Namespace : null, items[^1].Path + "\0") : 0;
        return new ListPage(items, snapshot.ResourceVersion, next, remaining);
    }

    private ListSnapshot Snapshot(ResourceType type, ListOptions options)
    {
        if (options.Continue is { } token)
        {
            if (options.ResourceVersion is > 0)
            {
                throw ApiErrors.BadRequest("specifying resource version is not allowed when using continue");
            }

            return token.ResourceVersion < 0
                ? store.Snapshot(type.StorageGroup, type.Plural)
                : store.SnapshotAt(type.StorageGroup, type.Plural, token.ResourceVersion) ?? throw TokenExpired(token);
        }

        var now = store.Snapshot(type.StorageGroup, type.Plural);
        if (options.ResourceVersion > now.ResourceVersion)
        {
            throw ApiErrors.TooLarge(options.ResourceVersion.Value, now.ResourceVersion);
        }

        return !options.Exact
            ? now
            : store.SnapshotAt(type.StorageGroup, type.Plural, options.ResourceVersion ?? 0) ?? throw ApiErrors.Expired("The resourceVersion for the provided list is too old.");
    }

    private static ApiException TokenExpired(ContinueToken token) => new(410, "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.")
    {
        Continue = (token with { ResourceVersion = -1 }).Write(slash: false),
    };

    private static JsonObject Partial(ApiRequest request, ListPage page) => new()
    {
        ["kind"] = "PartialObjectMetadataList",
        ["apiVersion"] = $"meta.k8s.io/{request.Format.MetaVersion}",
        ["metadata"] = page.Metadata(false),
        ["items"] = new JsonArray([.. page.Items.Select(i => (JsonNode)Views.Partial(i, request.Format.MetaVersion))]),
    };

    /// <summary>Writes the list from the objects' own bytes, without building it in memory first.</summary>
    private static async Task WriteAsync(ApiRequest request, ListPage page)
    {
        var type = request.Type;
        var response = request.Http.Response;
        response.StatusCode = 200;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-cache, private";
        var body = response.BodyWriter;
        var metadata = page.Metadata(type.Custom).ToJsonString(ApiJson.Options);
        Write(body, type.Custom
            ? $"{{\"apiVersion\":\"{type.ApiVersion}\",\"items\":["
            : $"{{\"kind\":\"{type.Kind}List\",\"apiVersion\":\"{type.ApiVersion}\",\"metadata\":{metadata},\"items\":[");
        var head = type.Custom ? null : Encoding.UTF8.GetBytes($"{{\"kind\":\"{type.Kind}\",\"apiVersion\":\"{type.ApiVersion}\",");
        var first = true;
        foreach (var item in page.Items)
        {
            if (!first)
            {
                Write(body, ",");
            }

            first = false;
            WriteItem(body, type, item, head);
            if (body.UnflushedBytes > FlushEvery)
            {
                await body.FlushAsync(request.Aborted);
            }
        }

        Write(body, type.Custom ? $"],\"kind\":\"{type.Kind}List\",\"metadata\":{metadata}}}" : "]}");
        await body.FlushAsync(request.Aborted);
    }

    private static void WriteItem(IBufferWriter<byte> body, ResourceType type, StoredObject item, byte[]? head)
    {
        if (!Views.IsStoredForm(type))
        {
            var served = (JsonObject)Views.Serve(type, item).DeepClone();
            served.Remove("kind");
            served.Remove("apiVersion");
            Write(body, served.ToJsonString(ApiJson.Options));
            return;
        }

        var bytes = item.Utf8.Span;
        if (head is not null && bytes.StartsWith(head))
        {
            Write(body, "{");
            bytes = bytes[head.Length..];
        }

        body.Write(bytes);
    }

    private static void Write(IBufferWriter<byte> body, string text) => Encoding.UTF8.GetBytes(text, body);

    private sealed record ListPage(IReadOnlyList<StoredObject> Items, long ResourceVersion, string? Next, int Remaining)
    {
        /// <param name="custom">Custom resources write an empty token, built-in ones leave it out.</param>
        public JsonObject Metadata(bool custom)
        {
            var metadata = new JsonObject();
            if (custom)
            {
                metadata["continue"] = Next ?? "";
                if (Remaining > 0)
                {
                    metadata["remainingItemCount"] = Remaining;
                }
            }

            metadata["resourceVersion"] = ResourceVersion.ToString(CultureInfo.InvariantCulture);
            if (!custom && Next is not null)
            {
                metadata["continue"] = Next;
                if (Remaining > 0)
                {
                    metadata["remainingItemCount"] = Remaining;
                }
            }

            return metadata;
        }
    }
}
