using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Runner.Engine.Configuration;

namespace Runner.Engine.Logs.Collector;

/// <summary>What is known of the collector that is a process of its own.</summary>
/// <param name="Status">Its last answer; null while there was none.</param>
/// <param name="At">When that came.</param>
/// <param name="Problem">Why it cannot be asked now, and what to try; empty when it answers.</param>
/// <param name="Since">Since when it cannot be asked; null when it answers.</param>
public sealed record SeparateCollectorState(LogCollectionStatus? Status, IReadOnlyList<CollectorCluster> Clusters, DateTimeOffset? At, LocalText Problem, DateTimeOffset? Since);

/// <summary>Asks the collector that is a process of its own (<c>deploy logcollector</c>) how it stands: while somebody looks, and for all who look together.</summary>
public sealed class SeparateCollector : IDisposable
{
    private const int LargestAnswer = 64 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly Uri? _address;
    private SeparateCollectorState _state = new(null, [], null, LocalText.None, null);
    private Task _asking = Task.CompletedTask;
    private long? _askedAt;

    public SeparateCollector(RunnerOptions options, TimeProvider time)
    {
        _time = time;
        _address = options.LogCollector is { Mode: LogCollectorMode.Separate, LokiUrl: not null, Url: { } url } ? new Uri(url, CollectorStatistics.Path) : null;
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LargestAnswer,
        };
        if (options.ApiToken.Length > 0)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiToken);
        }
    }

    /// <summary>Whether its address is known.</summary>
    public bool Available => _address is not null;

    /// <summary>Where it is, for people; empty where that is not known.</summary>
    public string Authority => _address?.Authority ?? "";

    public SeparateCollectorState State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    /// <summary>Asks it again, unless that was done within the last 5 seconds; returns at once.</summary>
    public void Refresh()
    {
        lock (_lock)
        {
            if (_address is not null && !_stop.IsCancellationRequested && _asking.IsCompleted && (_askedAt is not { } asked || _time.GetElapsedTime(asked) >= Interval))
            {
                _askedAt = _time.GetTimestamp();
                _asking = Task.Run(() => AskAsync(_address, _stop.Token), CancellationToken.None);
            }
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _http.Dispose();
    }

    private async Task AskAsync(Uri address, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        LocalText problem;
        try
        {
            using var response = await _http.GetAsync(address, either.Token).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            if (response.IsSuccessStatusCode && JsonSerializer.Deserialize<CollectorStatistics>(body, CollectorStatistics.Json) is { Dropped: not null } statistics)
            {
                lock (_lock)
                {
                    _state = new(statistics.ToStatus(), statistics.Details?.Clusters ?? [], _time.GetUtcNow(), LocalText.None, null);
                }

                return;
            }

            problem = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
                ? new(
                    $"The log collector at {Authority} does not accept the runner's token ({(int)response.StatusCode}). Give both the same STARHUB_SERVER_API_TOKEN.",
                    $"位于 {Authority} 的日志采集器不接受 Runner 的令牌（{(int)response.StatusCode}）。请为两者设置相同的 STARHUB_SERVER_API_TOKEN。")
                : Stranger((int)response.StatusCode);
        }
        catch (JsonException)
        {
            problem = Stranger((int)HttpStatusCode.OK);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            problem = new($"The log collector at {Authority} did not answer within {Patience.TotalSeconds:0} s.", $"位于 {Authority} 的日志采集器在 {Patience.TotalSeconds:0} 秒内没有应答。");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            var reason = (exception.InnerException ?? exception).Message;
            problem = new($"The log collector at {Authority} cannot be reached: {reason}", $"无法连接位于 {Authority} 的日志采集器：{reason}");
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException && cancellationToken.IsCancellationRequested)
        {
            // The process ends.
            return;
        }

        lock (_lock)
        {
            _state = _state with { Problem = problem, Since = _state.Since ?? _time.GetUtcNow() };
        }
    }

    private LocalText Stranger(int status) => new(
        $"What answers at {Authority} is not the log collector ({status}). Check RUNNER_LOGCOLLECTOR_URL.",
        $"在 {Authority} 应答的不是日志采集器（{status}）。请检查 RUNNER_LOGCOLLECTOR_URL。");
}
