using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>Where a list goes on: <c>{"v":"meta.k8s.io/v1","rv":4044,"start":"/item-09\u0000"}</c> in base64.</summary>
/// <param name="ResourceVersion">Version of the first page; -1 goes on with the newest state.</param>
/// <param name="Start">First possible path within what is listed.</param>
internal sealed record ContinueToken(long ResourceVersion, string Start)
{
    public static ContinueToken After(long resourceVersion, string path) => new(resourceVersion, path + "\0");

    public string Write(bool slash = true)
    {
        var start = (slash ? "/" : "") + Start.Replace("\0", "\\u0000", StringComparison.Ordinal);
        return Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{{\"v\":\"meta.k8s.io/v1\",\"rv\":{ResourceVersion},\"start\":\"{start}\"}}"));
    }

    /// <exception cref="ApiException">400 when it is none.</exception>
    public static ContinueToken Read(string text)
    {
        byte[] bytes;
        try
        {
            bytes = Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            throw Bad("illegal base64 data at input byte 0");
        }

        try
        {
            if (JsonNode.Parse(bytes) is JsonObject json && (string?)json["v"] == "meta.k8s.io/v1" && (long?)json["rv"] is { } version && (string?)json["start"] is { } start)
            {
                return new ContinueToken(version, start.TrimStart('/'));
            }
        }
        catch (JsonException)
        {
            throw Bad($"invalid character '{(char)bytes.FirstOrDefault()}' looking for beginning of value");
        }

        throw Bad("server does not recognize this encoded version \"\"");
    }

    private static ApiException Bad(string fault) => ApiErrors.BadRequest($"invalid continue token: continue key is not valid: {fault}");
}
