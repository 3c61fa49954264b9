using System.Net.Http.Headers;
using System.Text;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;

namespace Runner.Engine.Logs.Collector;

/// <summary>What Loki made of a push.</summary>
internal enum LokiVerdict
{
    Taken,

    /// <summary>Something in it is not acceptable; the rest may have been taken.</summary>
    Refused,

    /// <summary>A limit of one stream, or of the number of streams: waiting may not help, other lines may pass.</summary>
    StreamLimited,

    /// <summary>Too much at once: later.</summary>
    Limited,

    /// <summary>Loki could not, did not answer, or what answered is not Loki.</summary>
    Failed,
}

/// <param name="Problem">What went wrong and what to try; empty when taken. Holds no secret.</param>
/// <param name="Reason">Why, where it is refused.</param>
/// <param name="RetryAfter">How long Loki asks to wait; null where it does not say.</param>
internal readonly record struct LokiAnswer(LokiVerdict Verdict, LocalText Problem, DropReason Reason = DropReason.Refused, TimeSpan? RetryAfter = null);

/// <summary>Speaks Loki's push API. Never throws for what Loki or the network does.</summary>
internal sealed class LokiClient : IDisposable
{
    private const int LongestAnswer = 16 * 1024;
    private const int LongestQuote = 200;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly Uri _base;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly AuthenticationHeaderValue? _credentials;

    public LokiClient(Uri address, ProxyOptions proxy, TimeSpan timeout, TimeProvider time)
    {
        _base = new Uri(address.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/");
        (_timeout, _time) = (timeout, time);
        _credentials = address.UserInfo.Length == 0
            ? null
            : new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(address.UserInfo))));
        _base = new UriBuilder(_base) { UserName = "", Password = "" }.Uri;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = timeout / 2,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseProxy = proxy is { Enabled: true, Url: not null },
            Proxy = proxy is { Enabled: true, Url: { } url } ? new HubProxy(url, proxy.Hosts) : null,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Where it is, for people.</summary>
    public string Authority => _base.Authority;

    /// <param name="body">As <see cref="PushBody"/> writes it.</param>
    public async Task<LokiAnswer> PushAsync(byte[] body, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new(PushBody.ContentType);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_base, "loki/api/v1/push")) { Content = content };
        return await SendAsync(request, Judge, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether Loki says that it is ready; a gateway that does not pass the question on counts as ready.</summary>
    public async Task<LokiAnswer> ReadyAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_base, "ready"));
        return await SendAsync(
            request,
            (response, text) => (int)response.StatusCode >= 500 ? new(LokiVerdict.Failed, new($"Loki at {Authority} is not ready ({(int)response.StatusCode}): {text}", $"位于 {Authority} 的 Loki 尚未就绪（{(int)response.StatusCode}）：{text}")) : new(LokiVerdict.Taken, LocalText.None),
            cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _http.Dispose();

    private async Task<LokiAnswer> SendAsync(HttpRequestMessage request, Func<HttpResponseMessage, string, LokiAnswer> judge, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        request.Headers.Authorization = _credentials;
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            var buffer = new byte[LongestAnswer];
            using var stream = await response.Content.ReadAsStreamAsync(either.Token).ConfigureAwait(false);
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, either.Token).ConfigureAwait(false);
            var answer = judge(response, Encoding.UTF8.GetString(buffer, 0, length));
            return answer with { Problem = answer.Problem.With(Clean) };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(LokiVerdict.Failed, new($"Loki at {Authority} did not answer within {_timeout.TotalSeconds:0.#} s.", $"位于 {Authority} 的 Loki 在 {_timeout.TotalSeconds:0.#} 秒内没有应答。"));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            var reason = (exception.InnerException ?? exception).Message;
            return new(LokiVerdict.Failed, new LocalText($"Loki at {Authority} cannot be reached: {reason}", $"无法连接位于 {Authority} 的 Loki：{reason}").With(Clean));
        }
    }

    private LokiAnswer Judge(HttpResponseMessage response, string text)
    {
        var status = (int)response.StatusCode;
        return status switch
        {
            204 => new(LokiVerdict.Taken, LocalText.None),
            200 when text.Trim().Length == 0 => new(LokiVerdict.Taken, LocalText.None),
            >= 200 and < 300 => new(LokiVerdict.Failed, new(
                $"What answers at {Authority} is not Loki: {status} with '{text}'. Check STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL.",
                $"在 {Authority} 应答的不是 Loki：{status}，内容为“{text}”。请检查 STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL。")),
            401 or 403 => new(LokiVerdict.Failed, new(
                $"Loki at {Authority} does not accept us ({status}). Check the name and password in STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL.",
                $"位于 {Authority} 的 Loki 不接受凭据（{status}）。请检查 STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL 中的用户名和密码。")),
            >= 300 and < 400 or 404 or 405 or 407 or 408 => new(LokiVerdict.Failed, new(
                $"Loki at {Authority} does not take pushes ({status}). Check STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL.",
                $"位于 {Authority} 的 Loki 不接收推送（{status}）。请检查 STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL。")),
            429 => new(
                Has(text, "stream limit") || Has(text, "per stream rate") ? LokiVerdict.StreamLimited : LokiVerdict.Limited,
                new($"Loki at {Authority} wants less at once (429): {text}", $"位于 {Authority} 的 Loki 要求降低速率（429）：{text}"),
                DropReason.Limited,
                Wait(response)),
            < 500 => new(LokiVerdict.Refused, new($"Loki at {Authority} refuses lines ({status}): {text}", $"位于 {Authority} 的 Loki 拒收日志行（{status}）：{text}"), ReasonOf(text)),
            _ => new(LokiVerdict.Failed, new($"Loki at {Authority} answered {status}: {text}", $"位于 {Authority} 的 Loki 应答 {status}：{text}"), RetryAfter: Wait(response)),
        };
    }

    private static DropReason ReasonOf(string text) =>
        Has(text, "too old") || Has(text, "too far behind") || Has(text, "out of order") ? DropReason.TooOld
        : Has(text, "line too long") || Has(text, "line_too_long") || Has(text, "max entry size") ? DropReason.TooLong
        : DropReason.Refused;

    private static bool Has(string text, string words) => text.Contains(words, StringComparison.OrdinalIgnoreCase);

    private TimeSpan? Wait(HttpResponseMessage response)
    {
        var asked = response.Headers.RetryAfter is not { } header ? null : header.Delta ?? header.Date - _time.GetUtcNow();
        return asked is { } wait ? TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, LongestWait.Ticks)) : null;
    }

    /// <summary>One short line of visible characters.</summary>
    private static string Clean(string text)
    {
        var line = new string([.. text.Select(character => char.IsControl(character) || character == '\uFFFD' ? ' ' : character)]).Trim();
        return line.Length <= LongestQuote ? line : string.Concat(line.AsSpan(0, LongestQuote), "…");
    }
}
