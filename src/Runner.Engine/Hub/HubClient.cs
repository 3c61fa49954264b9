using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Runner.Engine.Hub;

/// <summary>What the hub made of an event.</summary>
internal enum HubVerdict
{
    Taken,

    /// <summary>The hub is well and does not want this event.</summary>
    Refused,

    /// <summary>The hub answered that it could not, or with something that is not an answer of a hub.</summary>
    Failed,

    /// <summary>The hub did not answer.</summary>
    Unreachable,

    /// <summary>Not this process speaks to the hub any more. What was on its way may have arrived.</summary>
    Silenced,
}

/// <param name="Problem">What went wrong and what to try; empty when taken. Holds no secret.</param>
internal readonly record struct HubAnswer(HubVerdict Verdict, LocalText Problem)
{
    /// <summary>True where it was the token that the hub did not accept.</summary>
    public bool TokenRefused { get; init; }
}

/// <summary>Sends events to the hub's webhook. Never throws for what the hub or the network does.</summary>
internal sealed class HubClient : IDisposable
{
    /// <summary>The hub answers in a few dozen bytes; of anything longer only the beginning is looked at.</summary>
    private const int LongestAnswer = 16 * 1024;
    private const int LongestQuote = 200;

    private static readonly LocalText NoHub = new(
        "No hub is configured: set STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT, or put it into the watched ConfigMap. Events wait.",
        "未配置 Hub：请设置 STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT，或写入被监视的 ConfigMap。事件会等待。");

    private readonly HubSettings _settings;
    private readonly HubLeadership _leadership;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private volatile Uri? _webhook;
    private HubClock? _clock;

    /// <param name="leadership">Null for a process that always speaks.</param>
    public HubClient(HubSettings settings, TimeProvider time, HubLeadership? leadership = null)
    {
        _leadership = leadership ?? HubLeadership.Alone;
        _settings = settings;
        _time = time;
        _webhook = WebhookOf(settings.Endpoint);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = settings.Timeout / 2,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseProxy = settings.Proxy is not null,
            Proxy = settings.Proxy is { } proxy ? new HubProxy(proxy, settings.ProxiedHosts) : null,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>How far the hub's clock was ahead of ours by its last answer; null while none of the hub that is spoken to told.</summary>
    public TimeSpan? ClockOffset => Volatile.Read(ref _clock) is { } clock && clock.Webhook == _webhook ? clock.Offset : null;

    /// <summary>Whether it is known where the hub is, and it is this process that speaks to it.</summary>
    public bool MaySend => _webhook is not null && _leadership.IsLeader;

    /// <summary>Whether nothing is sent because another replica does.</summary>
    public bool StandsBy => _webhook is not null && _leadership.StandsBy;

    /// <summary>Why nothing may be sent; empty when it may.</summary>
    public LocalText WhyNot => _webhook is null ? NoHub : _leadership.WhySilent;

    /// <summary>Sends to another hub from the next event on.</summary>
    /// <param name="endpoint">Its base URL; null when it is not known any more.</param>
    /// <returns>Whether that is another one than before.</returns>
    public bool PointTo(Uri? endpoint)
    {
        var before = _webhook;
        _webhook = WebhookOf(endpoint);
        return before != _webhook;
    }

    /// <param name="body">The event as JSON; sent as it is, so that a repetition is the same to the byte.</param>
    public async Task<HubAnswer> SendAsync(string body, CancellationToken cancellationToken)
    {
        // One event goes to one hub, though the settings change meanwhile.
        if (_webhook is not { } webhook)
        {
            return new(HubVerdict.Unreachable, NoHub);
        }

        var speaking = _leadership.Speaking;
        using var timeout = new CancellationTokenSource(_settings.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, speaking, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, webhook);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _settings.Token);
            request.Content = new SpokenContent(body, _leadership);
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            if (response.Headers.Date is { } date)
            {
                Volatile.Write(ref _clock, new(webhook, date - _time.GetUtcNow()));
            }

            var text = await ReadBoundedAsync(response.Content, either.Token).ConfigureAwait(false);
            return Judge(webhook, response.StatusCode, text);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && (speaking.IsCancellationRequested || !_leadership.IsLeader)
            && exception is OperationCanceledException or HttpRequestException or IOException)
        {
            return new(HubVerdict.Silenced, _leadership.WhySilent);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The whole call took too long, or the connection alone, which HttpClient tells in the same way.
            return new(HubVerdict.Unreachable, new(
                $"The hub at {webhook.Authority} did not answer within {_settings.Timeout.TotalSeconds:0.#} s.",
                $"位于 {webhook.Authority} 的 Hub 在 {_settings.Timeout.TotalSeconds:0.#} 秒内没有应答。"));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            var reason = (exception.InnerException ?? exception).Message;
            return new(HubVerdict.Unreachable, Clean(new($"The hub at {webhook.Authority} cannot be reached: {reason}", $"无法连接位于 {webhook.Authority} 的 Hub：{reason}")));
        }
    }

    public void Dispose() => _http.Dispose();

    /// <param name="Webhook">Whose clock: the hub may move.</param>
    private sealed record HubClock(Uri Webhook, TimeSpan Offset);

    /// <summary>The event as JSON. Looks once more, at the last moment, whether it is this process that speaks: one that was paused on the way here must not go on where it was.</summary>
    private sealed class SpokenContent : HttpContent
    {
        private readonly byte[] _body;
        private readonly HubLeadership _leadership;

        public SpokenContent(string body, HubLeadership leadership)
        {
            _body = Encoding.UTF8.GetBytes(body);
            _leadership = leadership;
            Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            _leadership.IsLeader ? stream.WriteAsync(_body, cancellationToken).AsTask() : throw new IOException(_leadership.WhySilent);

        protected override bool TryComputeLength(out long length)
        {
            length = _body.Length;
            return true;
        }
    }

    private static Uri? WebhookOf(Uri? endpoint) => endpoint is null ? null : new Uri($"{endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/')}/api/v1/webhook/runner");

    private static async Task<string> ReadBoundedAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestAnswer];
        using var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private HubAnswer Judge(Uri webhook, HttpStatusCode status, string text)
    {
        var number = (int)status;
        if (number == 200)
        {
            return LooksLikeAnAnswer(text)
                ? new(HubVerdict.Taken, LocalText.None)
                : new(HubVerdict.Failed, Clean(new(
                    $"What answers at {webhook.Authority} is not a hub: 200 with '{text}'. Check STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT.",
                    $"在 {webhook.Authority} 应答的不是 Hub：200，内容为“{text}”。请检查 STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT。")));
        }

        LocalText problem = number switch
        {
            401 or 403 => new(
                $"The hub at {webhook.Authority} does not accept the token ({number}). Compare STARHUB_SERVER_API_TOKEN with the hub's.",
                $"位于 {webhook.Authority} 的 Hub 不接受令牌（{number}）。请将 STARHUB_SERVER_API_TOKEN 与 Hub 的令牌比对。"),
            404 => new(
                $"The hub at {webhook.Authority} has no webhook at {webhook.AbsolutePath} (404). Check STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT.",
                $"位于 {webhook.Authority} 的 Hub 在 {webhook.AbsolutePath} 没有 webhook（404）。请检查 STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT。"),
            >= 300 and < 400 => new(
                $"The hub at {webhook.Authority} redirects elsewhere ({number}). Configure the address that it redirects to.",
                $"位于 {webhook.Authority} 的 Hub 重定向到别处（{number}）。请配置重定向后的地址。"),
            _ => new($"The hub at {webhook.Authority} answered {number}: {MessageOf(text)}", $"位于 {webhook.Authority} 的 Hub 应答 {number}：{MessageOf(text)}"),
        };

        // What concerns the address or the token, or asks for patience, concerns every event.
        var refused = number is >= 400 and < 500 and not (401 or 403 or 404 or 407 or 408 or 429);
        return new(refused ? HubVerdict.Refused : HubVerdict.Failed, Clean(problem)) { TokenRefused = number is 401 or 403 };
    }

    /// <summary>The hub says <c>{"msg":"OK",…}</c>; nothing and a bare OK are let pass, a sign-in page of some proxy is not.</summary>
    private static bool LooksLikeAnAnswer(string text)
    {
        var trimmed = text.Trim();
        return trimmed.Length == 0 || trimmed.Equals("ok", StringComparison.OrdinalIgnoreCase) || TryParse(trimmed, _ => true);
    }

    private static string MessageOf(string text)
    {
        var message = "";
        return TryParse(text, root => root.ValueKind == JsonValueKind.Object && root.TryGetProperty("msg", out var msg) && (message = msg.ToString()).Length > 0) ? message : text;
    }

    private static bool TryParse(string text, Func<JsonElement, bool> look)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return look(document.RootElement);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private LocalText Clean(LocalText text) => text.With(Clean);

    /// <summary>One short line of visible characters, without the token should the hub have echoed it.</summary>
    private string Clean(string text)
    {
        var masked = _settings.Token.Length > 0 ? text.Replace(_settings.Token, "***", StringComparison.Ordinal) : text;
        var line = new string([.. masked.Select(character => char.IsControl(character) || character == '\uFFFD' ? ' ' : character)]).Trim();
        return line.Length <= LongestQuote ? line : string.Concat(line.AsSpan(0, LongestQuote), "…");
    }
}
