using Microsoft.Extensions.Logging;
using Runner.Engine.Telemetry;

namespace Runner.Engine.Hub.Events;

/// <content>Sends what waits, and takes up what another replica has left.</content>
public sealed partial class Outbox
{
    /// <summary>Sends until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!_client.MaySend)
        {
            LogSilent(_client.WhyNot);
        }

        while (!cancellationToken.IsCancellationRequested)
        {
            if (!await SucceedAsync(cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            var now = Uptime;
            TimeSpan? due = null;
            lock (_lock)
            {
                while (_client.MaySend && _lanes.Next(now, Parallel) is { } next)
                {
                    _ = SendAsync(next.Resource, next.Sequence, cancellationToken);
                }

                due = _client.MaySend ? _lanes.Due() : null;
            }

            // What is due already waits for one that is in flight, whose end wakes us.
            await _wake.WaitAsync(due is { } at && at > now ? at - now : Timeout.InfiniteTimeSpan, _time, cancellationToken).ConfigureAwait(false);
        }

        // What is in flight is given up at once, but not before it has let go of the database.
        while (InFlight() > 0)
        {
            await _wake.WaitAsync(Timeout.InfiniteTimeSpan, _time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until nothing is on its way to the hub, or for so long.</summary>
    internal async Task QuietAsync(TimeSpan patience)
    {
        var began = _time.GetTimestamp();
        while (InFlight() > 0 && _time.GetElapsedTime(began) < patience)
        {
            await Task.Delay(Glance, _time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Takes up what the replica that spoke before has left, each time that this one is elected.</summary>
    /// <returns>False when it has to be tried again.</returns>
    private async Task<bool> SucceedAsync(CancellationToken cancellationToken)
    {
        var term = _leadership.Term;
        if (term == _term)
        {
            return true;
        }

        // What this process had begun in its last term has been broken off; it is told of before anything is begun anew.
        if (InFlight() > 0)
        {
            await Task.Delay(Glance, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }

        try
        {
            lock (_lock)
            {
                // Read under the lock: what is added at the same moment is either read here or put into the new lanes.
                // Numbers of another outbox, which this process has left, say nothing of this one's.
                var facts = _store.Load();
                (_lanes, _loaded, _last) = (new OutboxLanes(Random.Shared.NextDouble), 0, 0);
                _early.Clear();
                Fill(facts);
            }

            _term = term;
            Raise();
            return true;
        }
        catch (IOException exception)
        {
            LogNotRead(exception.Message);
            await Task.Delay(DiskPause, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }
    }

    private async Task SendAsync(string resource, long sequence, CancellationToken cancellationToken)
    {
        // Off the lock of the caller.
        await Task.Yield();
        HubAnswer answer = default;
        try
        {
            // Where this replica was alone and has joined the others since, the number may be another event's until the outbox is read again.
            var stored = _store.Find(sequence) is { } found && found.Resource == resource ? found : throw new InvalidOperationException($"Event {sequence} of {resource} is not on disk.");
            answer = stored.SentAt is not null || IsTaken(sequence, stored.Body) ? new(HubVerdict.Taken, LocalText.None) : await _client.SendAsync(stored.Body, cancellationToken).ConfigureAwait(false);
            if (answer.Verdict == HubVerdict.Silenced)
            {
                GiveBack(resource, TimeSpan.Zero, answer.Problem);
                return;
            }

            if (answer.Verdict == HubVerdict.Taken)
            {
                Take(sequence, stored.Body);
                await _store.MarkSentAsync(sequence, CancellationToken.None).ConfigureAwait(false);
                Forget(sequence);
                EngineMetrics.EventsSent.Add(1, new KeyValuePair<string, object?>("event_type", stored.Type));
            }
            else
            {
                EngineMetrics.SendFailures.Add(1, new KeyValuePair<string, object?>("verdict", answer.Verdict));
            }

            Finish(resource, sequence, answer);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            GiveBack(resource, TimeSpan.Zero);
        }
#pragma warning disable CA1031 // The event stays and is tried again; a loop that sends must not end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotSent(sequence, resource, exception.Message);
            GiveBack(resource, DiskPause, IExplained.Of(exception));
        }
    }

    /// <summary>Whether the hub has taken the event, though that could not be written down. By what it tells as well: in an outbox that was joined since, the number is another's.</summary>
    private bool IsTaken(long sequence, string body)
    {
        lock (_lock)
        {
            return _taken.GetValueOrDefault(sequence) == body;
        }
    }

    private void Take(long sequence, string body)
    {
        lock (_lock)
        {
            _taken[sequence] = body;
        }
    }

    private void Forget(long sequence)
    {
        lock (_lock)
        {
            _taken.Remove(sequence);
        }
    }

    private void Finish(string resource, long sequence, HubAnswer answer)
    {
        lock (_lock)
        {
            _lanes.Done(resource, answer, Uptime);
            (_lastError, _tokenRefused) = (answer.Problem, answer.TokenRefused);
            if (answer.Verdict == HubVerdict.Taken)
            {
                _sent++;
                _lastSentAt = _time.GetUtcNow();
            }
        }

        if (answer.Verdict != HubVerdict.Taken)
        {
            LogNotSent(sequence, resource, answer.Problem);
        }

        _wake.Set();
        Raise();
    }

    private void GiveBack(string resource, TimeSpan pause, LocalText? problem = null)
    {
        lock (_lock)
        {
            _lanes.Return(resource, Uptime, pause);
            if (problem is not null)
            {
                (_lastError, _tokenRefused) = (problem, false);
            }
        }

        _wake.Set();
        Raise();
    }

    [LoggerMessage(LogLevel.Error, "What waits for the hub cannot be read and is tried again: {Problem}")]
    private partial void LogNotRead(string problem);

    [LoggerMessage(LogLevel.Warning, "Event {Sequence} of {Resource} was not taken and is tried again: {Problem}")]
    private partial void LogNotSent(long sequence, string resource, string problem);

    [LoggerMessage(LogLevel.Warning, "Nothing is sent: {Reason}")]
    private partial void LogSilent(string reason);
}
