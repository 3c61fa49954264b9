using Microsoft.Extensions.Logging;

namespace Runner.Engine.Logs.Collector;

/// <summary>
/// Takes what waits in the buffer to Loki, one push at a time, so that each stream stays in order. A push is tried until Loki takes it; what Loki refuses is halved
/// until the lines it does not want are alone, and these are dropped and counted. A stream that is over a limit of its own is set aside and tried alone, so that the
/// others go on.
/// </summary>
internal sealed partial class LokiSender(CollectorBuffer buffer, LokiPusher pusher, CollectorSettings settings, CollectorCounters counters, TimeProvider time, ILogger<LokiSender> logger)
{
    private readonly LimitedStreams _limited = new(settings, time);

    // What was taken out of the buffer and is to be pushed, the next on top. It is taken off when its end is known: nothing goes missing where the loop begins anew.
    private readonly Stack<IReadOnlyList<ChunkPart>> _work = new();
    private volatile bool _draining;

    /// <summary>Streams that Loki keeps out for a limit of their own, lines of them that wait, and when the first of these was written.</summary>
    public (int Streams, int Lines, DateTimeOffset? Oldest) Limited => _limited.Waiting;

    /// <summary>Sends until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await pusher.AwaitReadyAsync(cancellationToken).ConfigureAwait(false);
        while (!cancellationToken.IsCancellationRequested)
        {
            if (_work.Count == 0)
            {
                await WaitAsync(cancellationToken).ConfigureAwait(false);
                if (BatchIn() <= TimeSpan.Zero && buffer.Take(settings.MaxBatchBytes) is { Count: > 0 } taken)
                {
                    _work.Push(taken);
                }
                else if (_draining && _limited.UntilNext is null)
                {
                    return;
                }
            }

            // In turn: neither do limited streams hold up the others, nor these them.
            await SendNextAsync(cancellationToken).ConfigureAwait(false);
            await TryLimitedAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>From here on nothing waits for company, and <see cref="RunAsync"/> returns when nothing is left.</summary>
    public void Drain()
    {
        _draining = true;
        buffer.Arrived.Set();
    }

    /// <summary>Returns when there is something to push, or nothing is left at the end.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var limited = _limited.UntilNext;
            if (BatchIn() <= TimeSpan.Zero || limited <= TimeSpan.Zero || (_draining && limited is null))
            {
                return;
            }

            var pause = (BatchIn(), limited) is ({ } batch, { } other) ? TimeSpan.FromTicks(Math.Min(batch.Ticks, other.Ticks)) : BatchIn() ?? limited ?? Timeout.InfiniteTimeSpan;
            await buffer.Arrived.WaitAsync(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How long what is in the buffer waits for company; null where nothing is.</summary>
    private TimeSpan? BatchIn() => buffer.Age is not { } age ? null : _draining || buffer.Lines >= settings.BatchSize ? TimeSpan.Zero : settings.BatchDelay - age;

    private async Task SendNextAsync(CancellationToken cancellationToken)
    {
        if (!_work.TryPop(out var next))
        {
            return;
        }

        var concerned = next.ToLookup(part => _limited.Concerns(part.Chunk.Stream));
        var parts = concerned[false].ToList();
        _limited.Hold(concerned[true]);
        if (parts.Count == 0)
        {
            return;
        }

        _work.Push(parts);
        var answer = await pusher.PushAsync(parts, cancellationToken).ConfigureAwait(false);
        _work.Pop();
        switch (answer.Verdict)
        {
            case LokiVerdict.Taken:
                Taken(parts);
                break;
            case LokiVerdict.StreamLimited:
                pusher.Note(answer.Problem);
                Part(parts, answer);
                break;
            case var _ when parts.Lines() == 1:
                pusher.Note(answer.Problem);
                Drop(parts, answer.Reason);
                break;
            default:
                pusher.Note(answer.Problem);
                var (first, second) = parts.Halves();
                _work.Push(second);
                _work.Push(first);
                break;
        }
    }

    /// <summary>One of these streams is over a limit: each half of them is pushed on its own, or the one is set aside.</summary>
    private void Part(IReadOnlyList<ChunkPart> parts, LokiAnswer answer)
    {
        var streams = parts.GroupBy(part => part.Chunk.Stream.Labels).ToList();
        if (streams.Count > 1)
        {
            _work.Push([.. streams.Skip(streams.Count / 2).SelectMany(stream => stream)]);
            _work.Push([.. streams.Take(streams.Count / 2).SelectMany(stream => stream)]);
            return;
        }

        if (_limited.Waiting.Streams == 0)
        {
            LogLimited(answer.Problem);
        }

        counters.Failed();
        _limited.Hold(parts, answer.RetryAfter ?? settings.Retry.Delay(1));
        Gate(parts, hold: true);
    }

    private async Task TryLimitedAsync(CancellationToken cancellationToken)
    {
        if (_limited.Next() is not { } tried)
        {
            return;
        }

        var answer = await pusher.PushAsync(tried, cancellationToken).ConfigureAwait(false);
        switch (answer.Verdict)
        {
            case LokiVerdict.Taken:
                _limited.Taken(tried);
                Taken(tried);
                Gate(tried, hold: false);
                return;
            case LokiVerdict.StreamLimited when _limited.Limited(tried, answer.RetryAfter):
                Drop(tried, DropReason.Limited);
                Gate(tried, hold: false);
                break;
            case LokiVerdict.StreamLimited:
                counters.Failed();
                Gate(tried, hold: true);
                break;
            case var _ when _limited.Refused(tried):
                Drop(tried, answer.Reason);
                Gate(tried, hold: false);
                break;
        }

        pusher.Note(answer.Problem);
    }

    private void Taken(IReadOnlyList<ChunkPart> parts)
    {
        Done(parts);
        counters.Sent(parts.Lines(), parts.Sum(part => part.Size));
    }

    private void Drop(IReadOnlyList<ChunkPart> parts, DropReason reason)
    {
        counters.Dropped(reason, parts.Lines());
        Done(parts);
    }

    private void Done(IReadOnlyList<ChunkPart> parts)
    {
        foreach (var part in parts)
        {
            part.Chunk.Stream.Done(part);
            if (part.EndsChunk)
            {
                buffer.Release(part.Chunk);
            }
        }
    }

    /// <summary>While a stream is limited what it says is left to the kubelet, which has more room.</summary>
    private void Gate(IReadOnlyList<ChunkPart> parts, bool hold)
    {
        foreach (var stream in parts.Select(part => part.Chunk.Stream).Distinct())
        {
            buffer.Hold(stream, hold);
        }
    }

    [LoggerMessage(LogLevel.Warning, "A stream is over a limit of its own; its lines wait, those of others go on. {Problem}")]
    private partial void LogLimited(string problem);
}
