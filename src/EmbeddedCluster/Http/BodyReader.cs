using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission.Schemas;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>Reads the bodies of requests and refuses what is none, in the API server's words.</summary>
internal static class BodyReader
{
    private const string Binary = "application/vnd.kubernetes.protobuf";
    private const string Accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 128 };

    public static async Task<byte[]> ReadBytesAsync(HttpContext http)
    {
        using var buffer = new MemoryStream();
        await http.Request.Body.CopyToAsync(buffer, http.RequestAborted);
        return buffer.ToArray();
    }

    /// <summary>An object in JSON, YAML or binary form, as a new one for a resource.</summary>
    /// <param name="kind">Kind that belongs there, for the error texts.</param>
    /// <exception cref="ApiException">400 or 415.</exception>
    public static async Task<JsonObject> ReadObjectAsync(HttpContext http, string kind)
    {
        var mediaType = MediaType(http);
        if (mediaType == Binary)
        {
            return ParseBinary(await ReadBytesAsync(http), kind);
        }

        if (mediaType is not ("" or "application/json" or "application/yaml" or "*/*"))
        {
            throw UnknownFormat(Accepted);
        }

        return ParseObject(await ReadBytesAsync(http), mediaType == "application/yaml", kind);
    }

    /// <summary>Options of a deletion; an empty object when the request has no body.</summary>
    public static async Task<JsonObject> ReadOptionsAsync(HttpContext http)
    {
        var bytes = await ReadBytesAsync(http);
        return bytes.Length == 0 ? [] : MediaType(http) == Binary ? ParseBinary(bytes, "DeleteOptions") : ParseObject(bytes, MediaType(http) == "application/yaml", "DeleteOptions");
    }

    public static string MediaType(HttpContext http) => (http.Request.ContentType ?? "").Split(';')[0].Trim();

    public static ApiException UnknownFormat(string accepted) =>
        new(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: {accepted}");

    /// <exception cref="ApiException">400 in the words of a JSON decoder.</exception>
    public static JsonNode? ParsePatch(byte[] bytes)
    {
        try
        {
            return JsonNode.Parse(bytes, documentOptions: Strict);
        }
        catch (JsonException fault)
        {
            throw ApiErrors.BadRequest($"error decoding patch: {Explain(fault)}");
        }
    }

    private static JsonObject ParseBinary(byte[] bytes, string kind)
    {
        try
        {
            return ProtobufReader.Read(bytes);
        }
        catch (FormatException fault)
        {
            throw ApiErrors.BadRequest($"the object provided is unrecognized (must be of type {kind}): {fault.Message}");
        }
    }

    private static JsonObject ParseObject(byte[] bytes, bool yaml, string kind)
    {
        var head = $"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: ";
        JsonNode? node;
        try
        {
            node = yaml ? YamlText.Read(Encoding.UTF8.GetString(bytes)) : JsonNode.Parse(bytes, documentOptions: Strict);
        }
        catch (JsonException fault)
        {
            throw ApiErrors.BadRequest($"{head}{Explain(fault)} ({Show(bytes)})");
        }
        catch (YamlDotNet.Core.YamlException fault)
        {
            throw ApiErrors.BadRequest($"{head}error converting YAML to JSON: yaml: {fault.Message} ({Show(bytes)})");
        }

        return node switch
        {
            null => [],
            JsonObject json => json,
            _ => throw ApiErrors.BadRequest(
                $"{head}json: cannot unmarshal {(node is JsonArray ? "array" : Scalar(node))} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }} ({Show(bytes)})"),
        };
    }

    private static string Scalar(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        _ => "bool",
    };

    private static string Explain(JsonException fault) => fault.Message.Contains("end of", StringComparison.OrdinalIgnoreCase) || fault.Message.Contains("does not contain any JSON tokens", StringComparison.Ordinal)
        || fault.Message.Contains("is incomplete", StringComparison.Ordinal) || fault.Message.Contains("open JSON object or array", StringComparison.Ordinal)
        ? "unexpected end of JSON input"
        : "invalid character looking for beginning of value";

    /// <summary>The start of a body: as text when it looks like an object, else as hexadecimal digits.</summary>
    private static string Show(byte[] bytes) => bytes.Length switch
    {
        0 => "<empty>",
        _ when bytes[0] != '{' => Convert.ToHexStringLower(bytes.AsSpan(0, Math.Min(bytes.Length, 1024))),
        > 1024 => Encoding.UTF8.GetString(bytes, 0, 1024) + $"...(truncated {bytes.Length - 1024} chars)",
        _ => Encoding.UTF8.GetString(bytes),
    };
}
