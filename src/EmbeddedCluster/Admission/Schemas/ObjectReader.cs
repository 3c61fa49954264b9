using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Schemas;

/// <summary>Reads what a client sent as an object of one resource: right kind, right types, no unknown fields.</summary>
internal static class ObjectReader
{
    /// <summary>The object in the form in which it is stored.</summary>
    /// <param name="warnings">Receives one text for each unknown field when validation warns.</param>
    /// <exception cref="ApiException">400: it is no object of this resource.</exception>
    public static JsonObject Read(ResourceType type, JsonObject json, FieldValidation validation, List<string> warnings)
    {
        CheckKind(type, json);
        var (result, unknown) = type.Custom ? ReadCustom(type, json) : ReadBuiltIn(type, json);
        result["kind"] = type.Kind;
        result["apiVersion"] = type.ApiVersion;
        var faults = unknown.Select(path => $"unknown field \"{path}\"").ToList();
        if (faults.Count > 0 && validation == FieldValidation.Strict)
        {
            throw CannotHandle(type, type.Kind, type.Version, $"strict decoding error: {string.Join(", ", faults)}");
        }

        if (validation == FieldValidation.Warn)
        {
            warnings.AddRange(faults);
        }

        return result;
    }

    private static (JsonObject Result, IReadOnlyList<string> Unknown) ReadBuiltIn(ResourceType type, JsonObject json)
    {
        if (TypeCatalog.Find(type.Group, type.Version, type.Kind) is not { } schema)
        {
            return ((JsonObject)json.DeepClone(), []);
        }

        try
        {
            var decoder = new Decoder();
            return (decoder.Decode(schema, json), decoder.UnknownFields);
        }
        catch (DecodeFault fault)
        {
            throw CannotHandle(type, type.Kind, type.Version, fault.Message);
        }
    }

    private static (JsonObject Result, IReadOnlyList<string> Unknown) ReadCustom(ResourceType type, JsonObject json)
    {
        var unknown = new List<string>();
        var result = TypeCatalog.Find(type.Group, type.Version, type.Kind) is { } schema ? Pruning.Prune(schema, json, unknown) : (JsonObject)json.DeepClone();
        if (result["metadata"] is not JsonObject metadata)
        {
            return (result, unknown);
        }

        try
        {
            var decoder = new Decoder();
            result["metadata"] = decoder.Decode(TypeCatalog.Get("meta.ObjectMeta"), metadata);
            return (result, [.. decoder.UnknownFields.Select(path => "metadata." + path), .. unknown]);
        }
        catch (DecodeFault fault)
        {
            throw ApiErrors.BadRequest(fault.Message);
        }
    }

    private static void CheckKind(ResourceType type, JsonObject json)
    {
        var kind = json.Text("kind");
        var apiVersion = json.Text("apiVersion");
        if ((kind.Length == 0 || kind == type.Kind) && (apiVersion.Length == 0 || apiVersion == type.ApiVersion))
        {
            return;
        }

        if (type.Custom)
        {
            throw apiVersion.Length > 0 && apiVersion != type.ApiVersion
                ? ApiErrors.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({type.ApiVersion})")
                : ApiErrors.BadRequest($"the kind in the data ({kind}) does not match the expected kind ({type.Kind})");
        }

        var slash = apiVersion.LastIndexOf('/');
        var (group, version) = (slash < 0 ? "" : apiVersion[..slash], slash < 0 ? apiVersion : apiVersion[(slash + 1)..]);
        throw TypeCatalog.Find(group, version, kind) is null
            ? CannotHandle(type, kind, version, $"no kind \"{kind}\" is registered for version \"{apiVersion}\" in scheme \"pkg/runtime/scheme.go:111\"")
            : CannotHandle(type, kind, version, $"converting ({version}.{kind}) to ({Package(type.Group)}.{type.Kind}): unknown conversion");
    }

    private static string Package(string group) => group.Length == 0 ? "core" : group.Split('.')[0];

    private static ApiException CannotHandle(ResourceType type, string kind, string version, string why) =>
        ApiErrors.BadRequest($"{kind} in version \"{version}\" cannot be handled as a {type.Kind}: {why}");
}
