using System.Runtime.CompilerServices;
using System.Text.Json;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Logs;

/// <summary>
/// Reads one container's log over breaks of the connection and restarts of the container, every line once. Before a stream goes on after a
/// break, the container's run is looked up: a new run's log begins anew, and what was missed of the run before it is read first.
/// </summary>
/// <param name="resume">Where an earlier reader left off; kept up to date. It takes the pod's uid with it: a later pod of the name has no log for it.</param>
/// <param name="transform">Turns a block into what the reader wants; null where nothing in it is new.</param>
internal sealed class LogFollower<T>(LogSource source, PodLogOptions options, Func<LogBlock, LogCursor, T?> transform, LogSettings settings, TimeProvider time, LogResume? resume = null)
    where T : struct
{
    /// <summary>A followed stream that brings nothing for so long had nothing to begin with.</summary>
    private static readonly TimeSpan EmptyFor = TimeSpan.FromSeconds(2);

    private readonly LogCursor _cursor = resume?.Cursor ?? new();
    private bool _opened;
    private bool _delivered = resume?.Cursor.ResumeFrom is not null;

    /// <summary>When a stream was opened that brought nothing: the log was empty then, and everything written later is wanted.</summary>
    private DateTimeOffset? _emptyAt;
    private int _breaks;
    private string? _uid = resume?.PodUid;
    private int _run;

    /// <summary>Whether the run's log was read to its end after the run's end.</summary>
    private bool _complete;

    /// <summary>How the last stream ended.</summary>
    private bool _ended;

    public IAsyncEnumerable<T> RunAsync(CancellationToken cancellationToken) =>
        options.Follow && !options.Previous ? FollowAsync(cancellationToken) : ReadOnceAsync(cancellationToken);

    /// <summary>Reads what there is now.</summary>
    private async IAsyncEnumerable<T> ReadOnceAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        do
        {
            await foreach (var item in StreamAsync(follow: false, options.Previous, confirm: false, cancellationToken).ConfigureAwait(false))
            {
                yield return item;
            }

            if (!_ended)
            {
                await PauseAsync(settings.Reopen, cancellationToken).ConfigureAwait(false);
            }
        }
        while (!_ended);
    }

    private async IAsyncEnumerable<T> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await FirstLookAsync(cancellationToken).ConfigureAwait(false) is not { } phase)
        {
            yield break;
        }

        Enter(resume?.Run ?? phase.Restarts);
        while (true)
        {
            if (phase.Restarts > _run)
            {
                await foreach (var item in MissedAsync(phase, cancellationToken).ConfigureAwait(false))
                {
                    yield return item;
                }
            }

            if (phase.Started && !_complete)
            {
                await foreach (var item in StreamAsync(phase.Running, previous: false, confirm: true, cancellationToken).ConfigureAwait(false))
                {
                    yield return item;
                }

                // A stream of a running container may have ended with the container, or have been cut politely: only reading on tells.
                _complete = _ended && !phase.Running;
            }

            if (phase.EndedForGood && (_complete || !phase.Started))
            {
                yield break;
            }

            await PauseAsync(_complete || !phase.Started ? settings.Look : settings.Reopen, cancellationToken).ConfigureAwait(false);
            if (await LookAsync(cancellationToken).ConfigureAwait(false) is not { } next)
            {
                yield break;
            }

            phase = next;
        }
    }

    /// <summary>What was not yet read of a run that has been followed by another one. Runs before that one are no longer kept by the kubelet.</summary>
    private async IAsyncEnumerable<T> MissedAsync(ContainerPhase phase, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (!_complete)
        {
            await foreach (var item in StreamAsync(follow: false, previous: true, confirm: false, cancellationToken).ConfigureAwait(false))
            {
                yield return item;
            }

            _complete = _ended;
            if (!_ended)
            {
                await PauseAsync(settings.Reopen, cancellationToken).ConfigureAwait(false);
            }
        }

        Enter(phase.Restarts);
        _complete = false;
    }

    private void Enter(int run)
    {
        _run = run;
        if (resume is not null)
        {
            resume.Run = run;
        }
    }

    /// <summary>One request. Afterwards <see cref="_ended"/> tells whether the log was read to its end, rather than broken off.</summary>
    /// <param name="confirm">Whether to look, once the stream is open, that it is of the run it was opened for.</param>
    private async IAsyncEnumerable<T> StreamAsync(bool follow, bool previous, bool confirm, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _ended = false;
        using var watchdog = new Watchdog(time, cancellationToken);
        using var response = await OpenAsync(follow, previous, watchdog, cancellationToken).ConfigureAwait(false);
        if (response is null || (confirm && _delivered && await HasRestartedAsync(cancellationToken).ConfigureAwait(false)))
        {
            yield break;
        }

        var opened = time.GetTimestamp();
        using var reader = new LogBlockReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), settings.BlockBytes);
        while (true)
        {
            watchdog.Feed(settings.Silence);
            var block = await ReadAsync(reader, watchdog.Token, cancellationToken).ConfigureAwait(false);
            if (block is null && (!_ended || follow || reader.Remainder.Bytes.IsEmpty))
            {
                // An unfinished line at the end of a followed log is read again as a whole.
                if (!_delivered && follow && time.GetElapsedTime(opened) > EmptyFor)
                {
                    _emptyAt = response.Headers.Date ?? time.GetUtcNow();
                }

                yield break;
            }

            if (transform(block ?? reader.Remainder, _cursor) is { } item)
            {
                _delivered = true;
                _breaks = 0;
                yield return item;
            }

            if (block is null)
            {
                yield break;
            }
        }
    }

    private async Task<HttpResponseMessage?> OpenAsync(bool follow, bool previous, Watchdog watchdog, CancellationToken cancellationToken)
    {
        var from = _cursor.ResumeFrom ?? _emptyAt;
        _cursor.BeginReplay();
        watchdog.Feed(settings.RequestTimeout);
        try
        {
            var response = await source.OpenAsync(follow, previous, from is null ? options.TailLines : null, from ?? options.Since, watchdog.Token).ConfigureAwait(false);
            _opened = true;
            return response;
        }
        catch (ApiStatusException exception) when (previous && !options.Previous && exception.Code is 400 or 404)
        {
            // The kubelet has not kept the previous run.
            _ended = true;
            return null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (!MayPass(exception))
            {
                throw source.Unavailable(exception);
            }

            source.Suspect();
            return null;
        }
    }

    /// <summary>Whether waiting may help. What the API server refuses, and a cluster that is dead to begin with, is told to the caller.</summary>
    private bool MayPass(Exception exception)
    {
        // Not started, or gone by now: the next look at the pod tells.
        var undecided = options.Follow && exception is ApiStatusException { Code: 400 or 404 };
        var passing = exception is not ApiStatusException { Code: < 500 and not 401 and not 429 };
        return undecided || (passing && ((options.Follow && (_opened || source.Connected)) || _breaks < settings.MaxBreaks));
    }

    private async ValueTask<LogBlock?> ReadAsync(LogBlockReader reader, CancellationToken patience, CancellationToken cancellationToken)
    {
        try
        {
            var block = await reader.ReadAsync(patience).ConfigureAwait(false);
            _ended = block is null;
            return block;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            if (!options.Follow && _breaks >= settings.MaxBreaks)
            {
                throw source.Unavailable(exception);
            }

            return null;
        }
    }

    /// <summary>Null when another pod than the one that was read before bears the name.</summary>
    private async Task<ContainerPhase?> FirstLookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var pod = source.Known() ?? await source.LookAsync(cancellationToken).ConfigureAwait(false) ?? throw source.NoPod();
            if (_uid is not null && _uid != pod.Metadata.Uid)
            {
                return null;
            }

            _uid = pod.Metadata.Uid;
            return source.PhaseIn(pod) ?? throw source.NoContainer();
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or ApiStatusException or ClusterUnreachableException or JsonException)
        {
            throw source.Unavailable(exception);
        }
    }

    /// <summary>Null when the pod is gone or another one bears its name.</summary>
    private async Task<ContainerPhase?> LookAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            using var watchdog = new Watchdog(time, cancellationToken);
            watchdog.Feed(settings.RequestTimeout);
            try
            {
                var pod = await source.LookAsync(watchdog.Token).ConfigureAwait(false);
                return pod is null || pod.Metadata.Uid != _uid ? null : source.PhaseIn(pod);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not LogUnavailableException)
            {
                source.Suspect();
                await PauseAsync(settings.Reopen, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> HasRestartedAsync(CancellationToken cancellationToken) =>
        await LookAsync(cancellationToken).ConfigureAwait(false) is { } now && now.Restarts != _run;

    private Task PauseAsync(Backoff backoff, CancellationToken cancellationToken) => Task.Delay(backoff.Delay(++_breaks), time, cancellationToken);
}
