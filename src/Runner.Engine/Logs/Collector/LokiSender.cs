using Microsoft.Extensions.Logging;

namespace Runner.Engine.Logs.Collector;

/// <summary>
/// Takes what waits in the buffer to Loki, one push at a time, so that each stream stays in order. A push is tried until Loki takes it; what Loki refuses is halved
/// until the lines it does not want are alone, and these are dropped and counted.
/// </summary>
internal sealed partial class LokiSender(CollectorBuffer buffer, LokiClient loki, CollectorSettings settings, CollectorCounters counters, TimeProvider time, ILogger<LokiSender> logger)
{
    private readonly IngestionPace _pace = new(settings.BytesPerSecond, time);
    private readonly Lock _lock = new();
    private SenderHealth _health = new(LocalText.None, null, null);
    private int _failures;
    private volatile bool _draining;

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

    /// <summary>Sends until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await AwaitReadyAsync(cancellationToken).ConfigureAwait(false);
        while (!cancellationToken.IsCancellationRequested)
        {
            await WaitForBatchAsync(cancellationToken).ConfigureAwait(false);
            var taken = buffer.Take(settings.MaxBatchBytes);
            if (taken.Count > 0)
            {
                try
                {
                    await PushAsync(taken, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    buffer.Release(taken);
                }
            }
            else if (_draining)
            {
                return;
            }
        }
    }

    /// <summary>From here on nothing waits for company, and <see cref="RunAsync"/> returns when nothing is left.</summary>
    public void Drain()
    {
        _draining = true;
        buffer.Arrived.Set();
    }

    private async Task WaitForBatchAsync(CancellationToken cancellationToken)
    {
        while (!_draining && buffer.Lines < settings.BatchSize && !cancellationToken.IsCancellationRequested)
        {
            var left = buffer.Age is { } age ? settings.BatchDelay - age : Timeout.InfiniteTimeSpan;
            if (left != Timeout.InfiniteTimeSpan && left <= TimeSpan.Zero)
            {
                return;
            }

            await buffer.Arrived.WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <param name="limitedSince">When Loki first refused these lines for a limit of their own.</param>
    private async Task PushAsync(IReadOnlyList<ChunkPart> parts, CancellationToken cancellationToken, long? limitedSince = null)
    {
        var body = PushBody.Write(parts);
        var bytes = parts.Sum(Size);
        while (true)
        {
            await PauseAsync(_pace.Spend(bytes), cancellationToken).ConfigureAwait(false);
            var answer = await loki.PushAsync(body, cancellationToken).ConfigureAwait(false);
            switch (answer.Verdict)
            {
                case LokiVerdict.Taken:
                    Well(parts, bytes);
                    return;
                case LokiVerdict.Refused:
                    Note(answer.Problem);
                    await ApartAsync(parts, answer.Reason, limitedSince, cancellationToken).ConfigureAwait(false);
                    return;
                case LokiVerdict.StreamLimited when Count(parts) > 1 || time.GetElapsedTime(limitedSince ?? time.GetTimestamp()) >= settings.DropAfter:
                    Note(answer.Problem);
                    await ApartAsync(parts, DropReason.Limited, limitedSince ?? time.GetTimestamp(), cancellationToken).ConfigureAwait(false);
                    return;
                case LokiVerdict.StreamLimited:
                    limitedSince ??= time.GetTimestamp();
                    break;
            }

            Trouble(answer.Problem);
            await PauseAsync(answer.RetryAfter ?? settings.Retry.Delay(_failures), cancellationToken).ConfigureAwait(false);
            if (answer.Verdict == LokiVerdict.Failed && _failures > settings.MaxRetries)
            {
                await AwaitReadyAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sends each half on its own; drops what cannot be halved.</summary>
    private async Task ApartAsync(IReadOnlyList<ChunkPart> parts, DropReason reason, long? limitedSince, CancellationToken cancellationToken)
    {
        if (Count(parts) == 1)
        {
            counters.Dropped(reason, 1);
            parts[0].Chunk.Stream.Done(parts[0]);
            return;
        }

        var (first, second) = Halves(parts);
        await PushAsync(first, cancellationToken, limitedSince).ConfigureAwait(false);
        await PushAsync(second, cancellationToken, limitedSince).ConfigureAwait(false);
    }

    /// <summary>Halves by lines; order stays.</summary>
    internal static (IReadOnlyList<ChunkPart> First, IReadOnlyList<ChunkPart> Second) Halves(IReadOnlyList<ChunkPart> parts)
    {
        var left = Count(parts) / 2;
        List<ChunkPart> first = [], second = [];
        foreach (var part in parts)
        {
            var taken = Math.Min(left, part.Count);
            left -= taken;
            if (taken > 0)
            {
                first.Add(part with { To = part.From + taken });
            }

            if (taken < part.Count)
            {
                second.Add(part with { From = part.From + taken });
            }
        }

        return (first, second);
    }

    private static int Count(IReadOnlyList<ChunkPart> parts) => parts.Sum(part => part.Count);

    private static long Size(ChunkPart part)
    {
        long size = 0;
        for (var i = part.From; i < part.To; i++)
        {
            size += part.Chunk.Entries[i].Length;
        }

        return size;
    }

    /// <summary>Returns when Loki says that it is ready.</summary>
    private async Task AwaitReadyAsync(CancellationToken cancellationToken)
    {
        while (await loki.ReadyAsync(cancellationToken).ConfigureAwait(false) is { Verdict: not LokiVerdict.Taken } answer)
        {
            Trouble(answer.Problem);
            await PauseAsync(settings.HealthInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken) => pause > TimeSpan.Zero ? Task.Delay(pause, time, cancellationToken) : Task.CompletedTask;

    private void Well(IReadOnlyList<ChunkPart> parts, long bytes)
    {
        foreach (var part in parts)
        {
            part.Chunk.Stream.Done(part);
        }

        counters.Sent(Count(parts), bytes);
        if (_failures > 0)
        {
            _failures = 0;
            LogWell(loki.Authority);
        }

        Set(health => health with { Problem = LocalText.None, LastSentAt = time.GetUtcNow() });
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

    /// <summary>Loki is well, but not content with a line.</summary>
    private void Note(LocalText problem) => Set(health => health with { LastError = (time.GetUtcNow(), problem) });

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
