using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>Writes answers: one object, a Status, text.</summary>
internal static class Answers
{
    private const string JsonType = "application/json";

    public static Task WriteAsync(HttpContext http, int code, JsonNode body, bool yaml = false) => yaml
        ? WriteTextAsync(http, code, "application/yaml", YamlText.Write(body))
        : WriteBytesAsync(http, code, JsonType, JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Options));

    /// <summary>One object in the form that was asked for.</summary>
    public static Task WriteObjectAsync(ApiRequest request, int code, StoredObject stored)
    {
        var format = request.Format;
        return format switch
        {
            { View: ResponseView.Full, Yaml: false } when Views.IsStoredForm(request.Type) => WriteBytesAsync(request.Http, code, JsonType, stored.Utf8),
            { View: ResponseView.Full } => WriteAsync(request.Http, code, Views.Serve(request.Type, stored), format.Yaml),
            { View: ResponseView.PartialMetadata } => WriteAsync(request.Http, code, Views.Partial(stored, format.MetaVersion), format.Yaml),
            _ => WriteAsync(request.Http, code, Views.Table(request, [stored], Views.ObjectListMeta(stored), first: true), format.Yaml),
        };
    }

    public static Task WriteFailureAsync(HttpContext http, ApiException refusal)
    {
        if (refusal.Details?.RetryAfterSeconds is > 0 and var seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return WriteAsync(http, refusal.Code, StatusObject.Failure(refusal));
    }

    public static Task WriteTextAsync(HttpContext http, int code, string contentType, string text) =>
        WriteBytesAsync(http, code, contentType, System.Text.Encoding.UTF8.GetBytes(text));

    public static async Task WriteBytesAsync(HttpContext http, int code, string contentType, ReadOnlyMemory<byte> bytes)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = bytes.Length;
        http.Response.Headers.CacheControl = "no-cache, private";
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.BodyWriter.Write(bytes.Span);
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        }
    }
}
