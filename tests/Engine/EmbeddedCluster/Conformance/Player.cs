using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Http;

namespace Runner.Tests.Engine.EmbeddedCluster.Conformance;

/// <summary>Plays recorded requests against a cluster and tells how its answers differ.</summary>
internal sealed partial class Player(EmbeddedClusterHost host, HttpClient client, Comparison comparison) : IDisposable
{
    private static readonly TimeSpan LongestWatch = TimeSpan.FromSeconds(8);
    private string? _serviceAccountToken;

    public async Task<IReadOnlyList<string>> PlayAsync(Exchange exchange, CancellationToken cancellationToken) =>
        exchange.IsWatch ? await WatchAsync(exchange, cancellationToken) : await RequestAsync(exchange, cancellationToken);

    public void Dispose() => client.Dispose();

    private async Task<IReadOnlyList<string>> RequestAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        using var request = await MessageAsync(exchange, exchange.Path, cancellationToken);
        using var response = await client.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var differences = new List<string>();
        Head(exchange, response, differences);
        Body(exchange, text, differences);
        return differences;
    }

    private void Body(Exchange exchange, string text, List<string> differences)
    {
        if (exchange.Response is JsonObject or JsonArray)
        {
            try
            {
                var current = JsonNode.Parse(text);
                comparison.LearnFrom(exchange.Response, current);
                differences.AddRange(comparison.Differences(exchange.Response, current));
            }
            catch (JsonException)
            {
                differences.Add($"the body is no JSON: {text[..Math.Min(text.Length, 200)]}");
            }
        }
        else if (exchange.ResponseContentType == "application/yaml")
        {
            // Keys and values count, not the layout; who last managed which field is not part of the recordings' agreement.
            var (recorded, current) = (YamlText.Read((string?)exchange.Response ?? ""), YamlText.Read(text));
            (recorded?["metadata"] as JsonObject)?.Remove("managedFields");
            differences.AddRange(comparison.Differences(recorded, current));
        }
        else if (((string?)exchange.Response ?? "") != text)
        {
            differences.Add($"the body is \"{text}\" and not \"{(string?)exchange.Response}\"");
        }
    }

    private async Task<IReadOnlyList<string>> WatchAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        var differences = new List<string>();
        // The clock of a watch is not what is compared; a short one shows the same.
        using var request = await MessageAsync(exchange, Timeout().Replace(exchange.Path, m => m.Length > "timeoutSeconds=1".Length ? "timeoutSeconds=3" : "timeoutSeconds=1"), cancellationToken);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ended.CancelAfter(LongestWatch);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ended.Token);
        Head(exchange, response, differences);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(ended.Token));
        foreach (var inner in exchange.During)
        {
            differences.AddRange((await RequestAsync(inner, ended.Token)).Select(d => $"during \"{inner.Name}\": {d}"));
        }

        var events = new List<JsonObject>();
        var wanted = exchange.Events.Where(e => (string?)e["type"] != "BOOKMARK").ToList();
        try
        {
            while ((exchange.ServerEnds || events.Count(e => (string?)e["type"] != "BOOKMARK") < wanted.Count) && await reader.ReadLineAsync(ended.Token) is { } line)
            {
                events.Add(JsonNode.Parse(line)!.AsObject());
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            differences.Add($"the watch did not end, or did not tell enough, within {LongestWatch.TotalSeconds} s");
        }

        Events(exchange, wanted, events, differences);
        return differences;
    }

    private void Events(Exchange exchange, List<JsonObject> wanted, List<JsonObject> events, List<string> differences)
    {
        JsonArray Told(IEnumerable<JsonObject> all) => new([.. all.Where(e => (string?)e["type"] != "BOOKMARK")
            .Select(e => (JsonNode)new JsonObject { ["type"] = (string?)e["type"], ["object"] = e["object"]?.DeepClone() })]);
        var (recorded, current) = (Told(wanted), Told(events));
        comparison.LearnFrom(recorded, current);
        differences.AddRange(comparison.Differences(recorded, current));
        var marks = exchange.Events.Where(e => (string?)e["type"] == "BOOKMARK").Select(e => e["object"]).ToList();
        var marked = events.Where(e => (string?)e["type"] == "BOOKMARK").Select(e => e["object"]).ToList();
        if (marks.Count > 0 != marked.Count > 0)
        {
            differences.Add($"{marked.Count} bookmarks and not {marks.Count}");
        }
        else if (marks.Count > 0)
        {
            differences.AddRange(comparison.Differences(marks[0], marked[0]).Select(d => "bookmark " + d));
        }
    }

    private static void Head(Exchange exchange, HttpResponseMessage response, List<string> differences)
    {
        if ((int)response.StatusCode != exchange.Status)
        {
            differences.Add($"the status is {(int)response.StatusCode} and not {exchange.Status}");
        }

        var type = response.Content.Headers.ContentType?.ToString();
        if ((exchange.ResponseContentType ?? "").Replace(" ", "", StringComparison.Ordinal) != (type ?? "").Replace(" ", "", StringComparison.Ordinal))
        {
            differences.Add($"the content type is {type} and not {exchange.ResponseContentType}");
        }

        // Of several warnings the recorder kept the last.
        foreach (var name in new[] { "Warning", "WWW-Authenticate", "Location", "Retry-After", "Allow" })
        {
            var current = response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values) ? values.LastOrDefault() : null;
            if (current != (string?)exchange.Headers[name])
            {
                differences.Add($"the header {name} is {current ?? "missing"} and not {(string?)exchange.Headers[name] ?? "missing"}");
            }
        }
    }

    private async Task<HttpRequestMessage> MessageAsync(Exchange exchange, string path, CancellationToken cancellationToken)
    {
        var message = new HttpRequestMessage(new HttpMethod(exchange.Method), new Uri(host.Address, Query(path)));
        message.Headers.TryAddWithoutValidation("Accept", exchange.Accept);
        var token = exchange.Auth switch
        {
            null => host.Token,
            "invalid token" => "wrong",
            "service account token" => _serviceAccountToken ??= await TokenAsync(cancellationToken),
            _ => null,
        };
        message.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        if (exchange.Body is not null)
        {
            var text = exchange.Body is JsonValue value && value.GetValueKind() == JsonValueKind.String ? (string)value! : Current(exchange.Body)!.ToJsonString();
            message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
            if (exchange.HasContentType)
            {
                message.Content.Headers.TryAddWithoutValidation("Content-Type", exchange.ContentType);
            }
        }

        return message;
    }

    /// <summary>The path with this run's resource versions and tokens in its query.</summary>
    private string Query(string path) => Parameter().Replace(path, m => m.Groups[1].Value + comparison.Current(m.Groups[2].Value));

    private JsonNode? Current(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.Select(p => KeyValuePair.Create(p.Key, Current(p.Value)))),
        JsonArray array => new JsonArray([.. array.Select(Current)]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => comparison.Current((string)value!),
        _ => node?.DeepClone(),
    };

    private async Task<string> TokenAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address, "/api/v1/namespaces/rec-errs/serviceaccounts/runner/token"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", host.Token);
        request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, cancellationToken);
        return (string)JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!["status"]!["token"]!;
    }

    [GeneratedRegex(@"([?&](?:resourceVersion|continue)=)([^&]+)")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"timeoutSeconds=\d+")]
    private static partial Regex Timeout();
}
