namespace Runner.Engine.Hub;

/// <summary>
/// Which event goes next, and when. One lane a resource: its events go one after the other. All lanes share one view of the hub: after a
/// failure that concerns the hub as a whole, one event at a time is tried, with growing pauses, until one is taken. Times are measured from the start of the process, so that a clock that is set
/// changes no pause. Not thread-safe; does nothing by itself.
/// </summary>
internal sealed class OutboxLanes(Func<double> random)
{
    /// <summary>After so many failures in a row it was the hub's fault, and its first answer lets all that failed meanwhile try at once.</summary>
    private const int Outage = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private int _failuresInARow;
    private TimeSpan _hubNext = TimeSpan.Zero;

    /// <summary>Events that the hub has not taken.</summary>
    public int Waiting { get; private set; }

    public int InFlight { get; private set; }

    /// <summary>Lanes whose first event the hub does not want.</summary>
    public int Refused => _lanes.Values.Count(lane => lane is { Refused: true, Attempts: > 0 });

    public void Add(string resource, long sequence)
    {
        if (!_lanes.TryGetValue(resource, out var lane))
        {
            _lanes[resource] = lane = new Lane();
        }

        lane.Sequences.Enqueue(sequence);
        Waiting++;
    }

    /// <summary>Takes the next event to send, or null. It is in flight until told of by <see cref="Done"/>.</summary>
    /// <param name="parallel">How many may be in flight while the hub is well.</param>
    public (string Resource, long Sequence)? Next(TimeSpan now, int parallel)
    {
        if (InFlight >= (_failuresInARow > 0 ? 1 : parallel) || now < _hubNext)
        {
            return null;
        }

        // The one that waits longest since its last attempt, so that one that the hub can never digest does not stand for all.
        var (resource, lane) = _lanes.Where(pair => !pair.Value.Busy && pair.Value.Next <= now).OrderBy(pair => pair.Value.LastTried).ThenBy(pair => pair.Value.Sequences.Peek()).FirstOrDefault();
        if (lane is null)
        {
            return null;
        }

        lane.Busy = true;
        lane.LastTried = now;
        InFlight++;
        return (resource, lane.Sequences.Peek());
    }

    /// <summary>When <see cref="Next"/> may have something, if nothing else happens; null for never.</summary>
    public TimeSpan? Due()
    {
        TimeSpan? soonest = null;
        foreach (var lane in _lanes.Values)
        {
            if (!lane.Busy && (soonest is null || lane.Next < soonest))
            {
                soonest = lane.Next;
            }
        }

        return soonest is { } due ? (due > _hubNext ? due : _hubNext) : null;
    }

    /// <summary>Tells what became of an event.</summary>
    public void Done(string resource, HubAnswer answer, TimeSpan now)
    {
        var lane = _lanes[resource];
        lane.Busy = false;
        InFlight--;
        switch (answer.Verdict)
        {
            case HubVerdict.Taken:
                lane.Sequences.Dequeue();
                Waiting--;
                (lane.Attempts, lane.Next, lane.Problem) = (0, TimeSpan.Zero, LocalText.None);
                if (lane.Sequences.Count == 0)
                {
                    _lanes.Remove(resource);
                }

                HubIsWell(now);
                break;
            case HubVerdict.Refused:
                Postpone(lane, answer, now, PauseAfter(++lane.Attempts));
                HubIsWell(now);
                break;
            case HubVerdict.Failed:
                Postpone(lane, answer, now, PauseAfter(++lane.Attempts));
                HubIsTroubled(now);
                break;
            default:
                lane.Attempts++;
                Postpone(lane, answer, now, TimeSpan.Zero);
                HubIsTroubled(now);
                break;
        }
    }

    /// <summary>Gives an event back as it was, neither taken nor refused.</summary>
    public void Return(string resource, TimeSpan now, TimeSpan pause)
    {
        var lane = _lanes[resource];
        lane.Busy = false;
        lane.Next = now + pause;
        InFlight--;
    }

    /// <summary>Forgets all pauses.</summary>
    public void RetryNow()
    {
        _hubNext = TimeSpan.Zero;
        foreach (var lane in _lanes.Values)
        {
            lane.Next = TimeSpan.Zero;
        }
    }

    /// <summary>How the event at the head of a lane fared so far.</summary>
    public (int Attempts, TimeSpan? Next, LocalText Problem) At(string resource, long sequence) =>
        _lanes.TryGetValue(resource, out var lane) && lane.Sequences.Peek() == sequence && lane.Attempts > 0
            ? (lane.Attempts, lane.Next > _hubNext ? lane.Next : _hubNext, lane.Problem)
            : (0, null, LocalText.None);

    /// <summary>Whether the event is at the head of a lane and the hub does not want it.</summary>
    public bool IsRefused(string resource, long sequence) =>
        _lanes.TryGetValue(resource, out var lane) && lane is { Refused: true, Attempts: > 0 } && lane.Sequences.Peek() == sequence;

    private static void Postpone(Lane lane, HubAnswer answer, TimeSpan now, TimeSpan pause)
    {
        lane.Next = now + pause;
        lane.Problem = answer.Problem;
        lane.Refused = answer.Verdict == HubVerdict.Refused;
    }

    private void HubIsTroubled(TimeSpan now)
    {
        // Events that were in flight together fail together; that is one failure.
        if (now >= _hubNext)
        {
            _failuresInARow++;
            _hubNext = now + PauseAfter(_failuresInARow);
        }
    }

    private void HubIsWell(TimeSpan now)
    {
        if (_failuresInARow >= Outage)
        {
            foreach (var lane in _lanes.Values.Where(lane => !lane.Refused && lane.Next > now))
            {
                lane.Next = now;
            }
        }

        _failuresInARow = 0;
        _hubNext = TimeSpan.Zero;
    }

    /// <summary>1 s, 2 s, 4 s … 5 min, give or take a fifth.</summary>
    private TimeSpan PauseAfter(int attempts)
    {
        var pause = Math.Min(FirstPause.TotalSeconds * Math.Pow(2, Math.Min(attempts - 1, 30)), LongestPause.TotalSeconds);
        return TimeSpan.FromSeconds(pause * (0.8 + (0.4 * random())));
    }

    private sealed class Lane
    {
        public Queue<long> Sequences { get; } = new();

        public bool Busy { get; set; }

        public bool Refused { get; set; }

        public int Attempts { get; set; }

        public TimeSpan Next { get; set; } = TimeSpan.Zero;

        public TimeSpan LastTried { get; set; } = TimeSpan.Zero;

        public LocalText Problem { get; set; } = LocalText.None;
    }
}
