using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;

namespace Runner.Engine.Logs.Collector;

/// <summary>
/// Searches what Loki keeps of a workload's logs (<c>GET /loki/api/v1/query_range</c>): of what the runner and the collectors of its clusters wrote, and of the
/// workload's deploys under earlier ids of a cluster, in namespaces of workloads; Loki may have logs of others too. Bounded in lines, bytes and time.
/// </summary>
public sealed class LokiQuery : IDisposable
{
    public const int MostLines = 1000;
    private const int LargestAnswer = 16 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http;
    private readonly Uri? _address;
    private readonly Func<LogScope> _scope;

    /// <param name="scope">Whose logs may be searched now.</param>
    internal LokiQuery(RunnerOptions options, Func<LogScope> scope)
    {
        _scope = scope;
        var proxy = options.Proxy;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = proxy is { Enabled: true, Url: not null },
            Proxy = proxy is { Enabled: true, Url: { } url } ? new HubProxy(url, proxy.Hosts) : null,
        })
        {
            Timeout = Patience,
            MaxResponseContentBufferSize = LargestAnswer,
        };
        if (options.LogCollector.LokiUrl is not { } loki)
        {
            return;
        }

        _address = new UriBuilder(loki.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/loki/api/v1/query_range") { UserName = "", Password = "" }.Uri;
        _http.DefaultRequestHeaders.Authorization = loki.UserInfo.Length == 0
            ? null
            : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(loki.UserInfo))));
    }

    /// <summary>Whether an address is set.</summary>
    public bool Available => _address is not null;

    /// <summary>The last lines of the range.</summary>
    /// <exception cref="LokiUnavailableException">Loki does not answer, or not with what it should, or may not be asked for this namespace.</exception>
    public async Task<LogHistoryPage> SearchAsync(LogSearch search, CancellationToken cancellationToken)
    {
        if (_address is null)
        {
            throw new LokiUnavailableException(new("No address of Loki is set: STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL.", "未设置 Loki 的地址：STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL。"));
        }

        var scope = _scope();
        if (scope.Refusal(search.Namespace) is { Length: > 0 } refusal)
        {
            throw new LokiUnavailableException(refusal);
        }

        var limit = Math.Clamp(search.Limit, 1, MostLines);
        var query = string.Create(
            CultureInfo.InvariantCulture,
            $"{_address}?query={Uri.EscapeDataString(Query(search, scope))}&start={LogTimestamp.FromTime(search.From)}&end={search.Before ?? LogTimestamp.FromTime(search.Until)}&limit={limit}&direction=backward");
        try
        {
            using var response = await _http.GetAsync(new Uri(query), cancellationToken).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                var said = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 200))).ReplaceLineEndings(" ").Trim();
                throw new LokiUnavailableException(new($"Loki at {_address.Authority} answered {(int)response.StatusCode}: {said}", $"位于 {_address.Authority} 的 Loki 应答 {(int)response.StatusCode}：{said}"));
            }

            var lines = Read(body).OrderBy(line => line.Nanoseconds).ToList();
            return new(lines.Count > limit ? lines[^limit..] : lines, lines.Count >= limit);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new LokiUnavailableException(new(
                $"What answers at {_address.Authority} is not Loki. Check STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL.",
                $"在 {_address.Authority} 应答的不是 Loki。请检查 STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL。"));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new LokiUnavailableException(exception is OperationCanceledException
                ? new($"Loki at {_address.Authority} cannot be asked: it did not answer in time", $"无法查询位于 {_address.Authority} 的 Loki：没有及时应答")
                : new($"Loki at {_address.Authority} cannot be asked: {(exception.InnerException ?? exception).Message}", $"无法查询位于 {_address.Authority} 的 Loki：{(exception.InnerException ?? exception).Message}"));
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>As LogQL: <c>{namespace="spaces", service_name="web", client_id=~"…"} |= "text" | (… or csghub_deploy_id=~"7")</c>. What people type stays within its quotes.</summary>
    internal static string Query(LogSearch search, LogScope scope) =>
        LokiLabels.Text([new("namespace", search.Namespace), new("service_name", search.Service), new("pod_name", search.Pod)])[..^1]
        + $", {LogScope.Writers}}}"
        + (search.Text.Length > 0 ? $" |= {LokiLabels.Quote(search.Text)}" : "")
        + $" | {scope.Filter(search.Namespace, search.Service)}";

    private static IEnumerable<HistoryLine> Read(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        foreach (var stream in document.RootElement.GetProperty("data").GetProperty("result").EnumerateArray())
        {
            var labels = stream.GetProperty("stream");
            foreach (var value in stream.GetProperty("values").EnumerateArray())
            {
                if (value.GetArrayLength() < 2)
                {
                    throw new FormatException("A line is a time and a text.");
                }

                var time = long.Parse(value[0].GetString() ?? "", CultureInfo.InvariantCulture);
                yield return new(LogTimestamp.ToTime(time), Label("pod_name"), Label("container_name"), Label("category"), Text(value[1].GetString() ?? ""), time);
            }

            string Label(string name) => labels.TryGetProperty(name, out var label) ? label.GetString() ?? "" : "";
        }
    }

    private static string Text(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && LogTimestamp.TryRead(Encoding.UTF8.GetBytes(line[..space]), out _, out _) ? line[(space + 1)..] : line;
    }
}
