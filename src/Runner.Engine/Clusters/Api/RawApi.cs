using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using k8s;

namespace Runner.Engine.Clusters.Api;

/// <summary>
/// GET requests whose answers are read as bytes, over a client's own connections and credentials. The client's generated methods read whole
/// answers as text first and parse watch events twice.
/// </summary>
internal static class RawApi
{
    /// <summary>An API server's <c>Status</c> is small; anything longer is not one.</summary>
    private const int MaxErrorBytes = 64 * 1024;

    /// <summary>Sends the request and returns once the headers of a successful answer are there. The token also ends reading the body.</summary>
    /// <param name="path">Path and query below the API server's address, without a leading slash.</param>
    /// <param name="ownConnection">
    /// Not over the connection that watches and other calls share: a large answer comes faster so, and a slow reader of it holds up nobody else.
    /// </param>
    /// <exception cref="ApiStatusException">The API server answered with an error.</exception>
    public static async Task<HttpResponseMessage> GetAsync(IKubernetes client, string path, CancellationToken cancellationToken, bool ownConnection = false)
    {
        var kubernetes = (Kubernetes)client;
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(kubernetes.BaseUri, path)) { Version = ownConnection ? HttpVersion.Version11 : HttpVersion.Version20 };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (kubernetes.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellationToken).ConfigureAwait(false);
        }

        var response = await kubernetes.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await ReadErrorAsync(response, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends a write and returns what the API server made of it.</summary>
    /// <param name="path">Path and query below the API server's address, without a leading slash.</param>
    /// <exception cref="ApiStatusException">The API server answered with an error.</exception>
    public static async Task<JsonDocument> SendAsync(IKubernetes client, HttpMethod method, string path, string contentType, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var kubernetes = (Kubernetes)client;
        using var request = new HttpRequestMessage(method, new Uri(kubernetes.BaseUri, path)) { Version = HttpVersion.Version20, Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (kubernetes.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellationToken).ConfigureAwait(false);
        }

        using var response = await kubernetes.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        return response.IsSuccessStatusCode
            ? await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), cancellationToken: cancellationToken).ConfigureAwait(false)
            : throw await ReadErrorAsync(response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a <c>Status</c> object; code 0 and empty texts where a field is missing.</summary>
    public static ApiStatusException ToException(JsonElement status, int code)
    {
        var isObject = status.ValueKind == JsonValueKind.Object;
        var message = isObject && status.TryGetProperty("message", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
        var reason = isObject && status.TryGetProperty("reason", out var word) && word.ValueKind == JsonValueKind.String ? word.GetString()! : "";
        if (isObject && status.TryGetProperty("code", out var number) && number.TryGetInt32(out var inner) && inner != 0)
        {
            code = inner;
        }

        return new ApiStatusException(code, reason, message.Length > 0 ? message : $"the API server answered {code} {reason}".TrimEnd());
    }

    private static async Task<ApiStatusException> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var code = (int)response.StatusCode;
        try
        {
            await response.Content.LoadIntoBufferAsync(MaxErrorBytes, cancellationToken).ConfigureAwait(false);
            using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            return ToException(json.RootElement, code);
        }
        catch (Exception exception) when (exception is JsonException or HttpRequestException or IOException)
        {
            return new ApiStatusException(code, "", $"the API server answered {code} {response.ReasonPhrase}");
        }
    }
}
