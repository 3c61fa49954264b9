using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>Brings objects from clients before admission and tells the clients its warnings.</summary>
internal sealed class Admitter(ObjectStore store, TimeProvider time)
{
    /// <summary>What a new object becomes.</summary>
    public JsonObject Create(ApiRequest request, JsonObject json)
    {
        _ = (store, time, request);
        return json;
    }

    /// <summary>What a changed object becomes.</summary>
    public JsonObject Update(ApiRequest request, JsonObject old, JsonObject json, string? subresource)
    {
        _ = (store, time, request, old, subresource);
        return json;
    }

    /// <summary>What an object of a controller in this process becomes.</summary>
    public JsonObject Default(ResourceType type, JsonObject json)
    {
        _ = (store, time, type);
        return json;
    }
}
