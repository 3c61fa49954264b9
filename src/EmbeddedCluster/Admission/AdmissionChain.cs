using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission.Defaults;
using Runner.EmbeddedCluster.Admission.Schemas;
using Runner.EmbeddedCluster.Admission.Validation;
using Runner.EmbeddedCluster.Admission.Webhooks;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission;

/// <summary>
/// What happens to an object between the wire and the store, in the API server's order: decoding, defaults, mutating admission, validation, validating admission.
/// The caller has set name and namespace; versions, generation and creation time are the store's business. Objects handed in are not kept; the result is a new one.
/// </summary>
internal static class AdmissionChain
{
    /// <summary>A new object from a client.</summary>
    public static AdmissionResult Create(ResourceType type, JsonObject json, AdmissionContext context) => Run(type, null, json, null, context);

    /// <summary>A changed object from a client.</summary>
    /// <param name="subresource">Null for the object itself, else <c>status</c>, <c>scale</c> and the like.</param>
    public static AdmissionResult Update(ResourceType type, JsonObject old, JsonObject json, string? subresource, AdmissionContext context) =>
        Run(type, old, json, subresource, context);

    /// <summary>Fills in what the API server and the webhooks would; for objects of in-process controllers, which are valid by construction.</summary>
    /// <returns>The same object, changed.</returns>
    public static JsonObject Default(ResourceType type, JsonObject json, AdmissionContext context)
    {
        ObjectDefaults.Apply(type, json);
        MutatingAdmission.OnCreate(type, json, context);
        return type.Group == KnativeDefaults.Group ? KnativeDefaults.Apply(type, null, json, context) : json;
    }

    private static AdmissionResult Run(ResourceType type, JsonObject? old, JsonObject json, string? subresource, AdmissionContext context)
    {
        var warnings = new List<string>();
        try
        {
            return new AdmissionResult(Admit(type, old, json, subresource, context, warnings), null, warnings);
        }
        catch (ApiException refusal)
        {
            return new AdmissionResult(null, refusal, warnings);
        }
    }

    private static JsonObject Admit(ResourceType type, JsonObject? old, JsonObject json, string? subresource, AdmissionContext context, List<string> warnings)
    {
        json = ObjectReader.Read(type, json, context.FieldValidation, warnings);
        if (subresource is not null and not "status")
        {
            return json;
        }

        if (old is null)
        {
            // Jobs refer to their own uid, so it is given here; one that the client made up does not count.
            json.Ensure("metadata")["uid"] = Guid.NewGuid().ToString();
        }

        ObjectDefaults.Apply(type, json);
        if (old is not null && type.Has("status"))
        {
            json = KeepOther(old, json, subresource);
        }

        if (subresource is null)
        {
            json = Mutate(type, old, json, context);
        }

        var name = (string?)json["metadata"]?["name"] ?? "";
        var causes = new List<StatusCause>(ObjectValidation.Validate(type, old, json, subresource));
        if (causes.Count > 0)
        {
            throw ApiErrors.Invalid(type.Group, type.Kind, name, causes);
        }

        if (type.Group == KnativeDefaults.Group && subresource is null)
        {
            KnativeValidation.Check(type, old, json, warnings);
        }

        return json;
    }

    // The status changes only through its subresource, everything else but labels and annotations only through the object itself.
    private static JsonObject KeepOther(JsonObject old, JsonObject json, string? subresource)
    {
        var (result, kept) = subresource is null ? (json, old) : ((JsonObject)old.DeepClone(), json);
        result["status"] = kept["status"]?.DeepClone();
        if (result["status"] is null)
        {
            result.Remove("status");
        }

        if (subresource is not null && json["metadata"] is { } metadata)
        {
            result["metadata"] = metadata.DeepClone();
        }

        return result;
    }

    private static JsonObject Mutate(ResourceType type, JsonObject? old, JsonObject json, AdmissionContext context)
    {
        if (old is null)
        {
            MutatingAdmission.Require(type, json, context);
            MutatingAdmission.OnCreate(type, json, context);
        }
        else
        {
            MutatingAdmission.OnUpdate(type, old, json);
        }

        return type.Group switch
        {
            KnativeDefaults.Group => KnativeDefaults.Apply(type, old, json, context),
            LeaderWorkerSetWebhook.Group => LeaderWorkerSetWebhook.Default(json),
            SandboxSchema.Group => SandboxSchema.Default(json),
            _ => json,
        };
    }
}
