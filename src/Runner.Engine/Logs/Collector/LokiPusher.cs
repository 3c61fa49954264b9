using Microsoft.Extensions.Logging;

namespace Runner.Engine.Logs.Collector;

/// <summary>Pushes to Loki at its pace, again and again while it is down or wants less at once, and knows how that goes.</summary>
internal sealed partial class LokiPusher(LokiClient loki, CollectorSettings settings, CollectorCounters counters, TimeProvider time, ILogger<LokiPusher> logger)
{
    private readonly IngestionPace _pace = new(settings.BytesPerSecond, time);
    private readonly Lock _lock = new();
    private SenderHealth _health = new(LocalText.None, null, null);
    private int _failures;

    /// <summary>Raised on any thread when <see cref="Health"/> changes.</summary>
    public event Action? Changed;

    public SenderHealth Health
    {
        get
        {
            lock (_lock)
            {
                return _health;
            }
        }
    }

    /// <summary>Pushes until Loki has an opinion of these lines.</summary>
    /// <returns>Taken, refused or a limit of the stream.</returns>
    public async Task<LokiAnswer> PushAsync(IReadOnlyList<ChunkPart> parts, CancellationToken cancellationToken)
    {
        var body = PushBody.Write(parts);
        var bytes = parts.Sum(part => part.Size);
        while (true)
        {
            await PauseAsync(_pace.Spend(bytes), cancellationToken).ConfigureAwait(false);
            var answer = await loki.PushAsync(body, cancellationToken).ConfigureAwait(false);
            if (answer.Verdict is not (LokiVerdict.Failed or LokiVerdict.Limited))
            {
                Well(answer.Verdict == LokiVerdict.Taken);
                return answer;
            }

            Trouble(answer.Problem);
            await PauseAsync(answer.RetryAfter ?? settings.Retry.Delay(_failures), cancellationToken).ConfigureAwait(false);
            if (answer.Verdict == LokiVerdict.Failed && _failures > settings.MaxRetries)
            {
                await AwaitReadyAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Returns when Loki says that it is ready.</summary>
    public async Task AwaitReadyAsync(CancellationToken cancellationToken)
    {
        while (await loki.ReadyAsync(cancellationToken).ConfigureAwait(false) is { Verdict: not LokiVerdict.Taken } answer)
        {
            Trouble(answer.Problem);
            await PauseAsync(settings.HealthInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Loki is well, but not content with a line.</summary>
    public void Note(LocalText problem) => Set(health => health with { LastError = (time.GetUtcNow(), problem) });

    private Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken) => pause > TimeSpan.Zero ? Task.Delay(pause, time, cancellationToken) : Task.CompletedTask;

    private void Well(bool sent)
    {
        if (_failures > 0)
        {
            _failures = 0;
            LogWell(loki.Authority);
        }

        Set(health => health with { Problem = LocalText.None, LastSentAt = sent ? time.GetUtcNow() : health.LastSentAt });
    }

    private void Trouble(LocalText problem)
    {
        counters.Failed();
        if (++_failures == 1)
        {
            LogTrouble(problem);
        }

        Set(health => health with { Problem = problem, LastError = (time.GetUtcNow(), problem) });
    }

    private void Set(Func<SenderHealth, SenderHealth> change)
    {
        lock (_lock)
        {
            _health = change(_health);
        }

        Changed?.Invoke();
    }

    [LoggerMessage(LogLevel.Warning, "Log lines wait, and are sent again until they are taken. {Problem}")]
    private partial void LogTrouble(string problem);

    [LoggerMessage(LogLevel.Information, "Loki at {Authority} takes log lines again")]
    private partial void LogWell(string authority);
}

/// <summary>How sending goes.</summary>
/// <param name="Problem">Why nothing can be sent now; empty when all is well.</param>
internal sealed record SenderHealth(LocalText Problem, DateTimeOffset? LastSentAt, (DateTimeOffset At, LocalText Text)? LastError);
