using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Reading;

namespace Runner.Tests.Engine.Support;

/// <summary>Objects as the caches hold them.</summary>
internal static class Held
{
    public static V1Pod Pod(JsonNode json) => Read(json, PodReader.Read);

    public static V1Node Node(JsonNode json) => Read(json, NodeReader.Read);

    public static T Read<T>(JsonNode json, ItemReader<T> read) => ApiJson.Read(JsonSerializer.SerializeToUtf8Bytes(json), read);
}
