using System.Text;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Patches;

internal enum PatchKind
{
    Json,
    Merge,
    StrategicMerge,
    Apply,
}

/// <summary>The body of a PATCH and how to apply it.</summary>
internal sealed record PatchBody(PatchKind Kind, JsonNode? Body)
{
    private const string CustomAccepted = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

    /// <exception cref="ApiException">400 or 415.</exception>
    public static PatchBody Read(ResourceType type, string mediaType, byte[] bytes)
    {
        PatchKind? kind = mediaType switch
        {
            "application/json-patch+json" => PatchKind.Json,
            "application/merge-patch+json" => PatchKind.Merge,
            "application/strategic-merge-patch+json" => PatchKind.StrategicMerge,
            "application/apply-patch+yaml" => PatchKind.Apply,
            _ => null,
        };
        if (type.Custom && kind is null or PatchKind.StrategicMerge && type.Custom)
        {
            throw BodyReader.UnknownFormat(CustomAccepted);
        }

        if (kind is not { } known)
        {
            throw new ApiException(415, "UnsupportedMediaType", "415: Unsupported Media Type") { Details = StatusDetails.Empty };
        }

        return new PatchBody(known, known == PatchKind.Apply ? ReadApply(bytes) : Checked(known, BodyReader.ParsePatch(bytes)));
    }

    /// <summary>The object after the patch; <paramref name="json"/> is used up.</summary>
    /// <exception cref="ApiException">422 when it cannot be applied.</exception>
    public JsonObject Apply(ResourceType type, JsonObject json) => Kind switch
    {
        PatchKind.Json => JsonPatch.Apply(json, (JsonArray)Body!),
        PatchKind.Merge => (JsonObject)MergePatch.Apply(json, Body!)!,
        _ => StrategicMergePatch.Apply(type, json, (JsonObject)Body!),
    };

    private static JsonNode? Checked(PatchKind kind, JsonNode? body) => kind switch
    {
        PatchKind.Json when body is not JsonArray => throw ApiErrors.BadRequest($"error decoding patch: json: cannot unmarshal {Name(body)} into Go value of type []handlers.jsonPatchOp"),
        PatchKind.Merge or PatchKind.StrategicMerge when body is not JsonObject => throw ApiErrors.BadRequest($"error decoding patch: json: cannot unmarshal {Name(body)} into Go value of type map[string]interface {{}}"),
        _ => body,
    };

    private static string Name(JsonNode? node) => node switch { JsonObject => "object", JsonArray => "array", null => "null", _ => "value" };

    private static JsonObject ReadApply(byte[] bytes)
    {
        try
        {
            return YamlText.Read(Encoding.UTF8.GetString(bytes)) as JsonObject ?? throw ApiErrors.BadRequest("error decoding YAML: the apply patch is no object");
        }
        catch (YamlDotNet.Core.YamlException fault)
        {
            throw ApiErrors.BadRequest($"error decoding YAML: {fault.Message}");
        }
    }
}
