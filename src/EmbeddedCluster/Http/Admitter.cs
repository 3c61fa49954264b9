using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>Brings objects before admission and tells clients its warnings.</summary>
internal sealed class Admitter(ObjectStore store, TimeProvider time)
{
    private const string Controller = "system:kube-controller-manager";
    private readonly ServiceAddresses _addresses = new();

    /// <summary>What a new object becomes.</summary>
    /// <exception cref="ApiException">It is refused.</exception>
    public JsonObject Create(ApiRequest request, JsonObject json) =>
        Result(request, AdmissionChain.Create(Stored(request.Type), json, Context(request)));

    /// <summary>What a changed object becomes.</summary>
    /// <exception cref="ApiException">It is refused.</exception>
    public JsonObject Update(ApiRequest request, JsonObject old, JsonObject json, string? subresource) =>
        Result(request, AdmissionChain.Update(Stored(request.Type), old, json, subresource, Context(request)));

    /// <summary>What an object of a controller in this process becomes.</summary>
    public JsonObject Default(ResourceType type, JsonObject json) => AdmissionChain.Default(type, json, Context(Controller, FieldValidation.Ignore));

    /// <summary>The resource whose objects are stored; views of it are admitted as what they are stored as.</summary>
    private ResourceType Stored(ResourceType type) => type.StorageGroup == type.Group ? type : store.Catalog.Find(type.StorageGroup, type.Plural) ?? type;

    private static JsonObject Result(ApiRequest request, AdmissionResult result)
    {
        request.Warn(result.Warnings);
        return result.Object ?? throw result.Refusal ?? new ApiException(500, "InternalError", "admission gave neither an object nor a refusal");
    }

    private AdmissionContext Context(ApiRequest request) => Context(request.User.Name, request.Query("fieldValidation") switch
    {
        "Strict" => FieldValidation.Strict,
        "Ignore" => FieldValidation.Ignore,
        _ => FieldValidation.Warn,
    });

    private AdmissionContext Context(string user, FieldValidation validation) => new()
    {
        UserName = user,
        Now = time.GetUtcNow(),
        Find = key => store.Get(key)?.Json,
        Addresses = _addresses,
        FieldValidation = validation,
    };
}
