namespace Runner.Engine.Hub.Events;

/// <summary>
/// Which event goes next, and when. One lane a resource: its events go one after the other. All lanes share one view of the hub: after a
/// failure that concerns the hub as a whole, one event at a time is tried, with growing pauses, until one is taken. Times are measured from the start of the process, so that a clock that is set
/// changes no pause. Whatever is asked costs about the same however many lanes wait, but for what is done once after an outage. Not thread-safe; does nothing by itself.
/// </summary>
internal sealed class OutboxLanes(Func<double> random)
{
    /// <summary>After so many failures in a row it was the hub's fault, and its first answer lets all that failed meanwhile try at once.</summary>
    private const int Outage = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Lane> _lanes = new(StringComparer.Ordinal);

    /// <summary>Lanes that may be tried, the one that waits longest since its last attempt first, so that one that the hub can never digest does not stand for all.</summary>
    private readonly SortedSet<Lane> _ready = new(Comparer<Lane>.Create((a, b) => (a.LastTried, a.Head).CompareTo((b.LastTried, b.Head))));

    /// <summary>Lanes in a pause that may be over by now, the one whose pause ends soonest first. A lane that is not busy is either here or among <see cref="_ready"/>.</summary>
    private readonly SortedSet<Lane> _paused = new(Comparer<Lane>.Create((a, b) => (a.Next, a.Head).CompareTo((b.Next, b.Head))));
    private int _failuresInARow;
    private TimeSpan _hubNext = TimeSpan.Zero;

    /// <summary>Events that the hub has not taken.</summary>
    public int Waiting { get; private set; }

    public int InFlight { get; private set; }

    /// <summary>Lanes whose first event the hub does not want.</summary>
    public int Refused { get; private set; }

    /// <param name="sequence">No other event's; of one resource each higher than the one before.</param>
    public void Add(string resource, long sequence)
    {
        Waiting++;
        if (_lanes.TryGetValue(resource, out var lane))
        {
            lane.Sequences.Enqueue(sequence);
            return;
        }

        _lanes[resource] = lane = new Lane(resource);
        lane.Sequences.Enqueue(sequence);
        _ready.Add(lane);
    }

    /// <summary>Takes the next event to send, or null. It is in flight until told of by <see cref="Done"/>.</summary>
    /// <param name="parallel">How many may be in flight while the hub is well.</param>
    public (string Resource, long Sequence)? Next(TimeSpan now, int parallel)
    {
        if (InFlight >= (_failuresInARow > 0 ? 1 : parallel) || now < _hubNext)
        {
            return null;
        }

        while (_paused.Min is { } rested && rested.Next <= now)
        {
            _paused.Remove(rested);
            _ready.Add(rested);
        }

        if (_ready.Min is not { } lane)
        {
            return null;
        }

        _ready.Remove(lane);
        lane.LastTried = now;
        InFlight++;
        return (lane.Resource, lane.Head);
    }

    /// <summary>When <see cref="Next"/> may have something, if nothing else happens; null for never.</summary>
    public TimeSpan? Due() => (_ready.Count > 0 ? TimeSpan.Zero : _paused.Min?.Next) is { } due ? (due > _hubNext ? due : _hubNext) : null;

    /// <summary>Tells what became of an event.</summary>
    public void Done(string resource, HubAnswer answer, TimeSpan now)
    {
        var lane = _lanes[resource];
        InFlight--;
        Refused -= lane.IsRefused ? 1 : 0;
        switch (answer.Verdict)
        {
            case HubVerdict.Taken:
                lane.Sequences.Dequeue();
                Waiting--;
                (lane.Attempts, lane.Next, lane.Problem) = (0, TimeSpan.Zero, LocalText.None);
                break;
            case HubVerdict.Refused or HubVerdict.Failed:
                Postpone(lane, answer, now, PauseAfter(++lane.Attempts));
                break;
            default:
                lane.Attempts++;
                Postpone(lane, answer, now, TimeSpan.Zero);
                break;
        }

        Refused += lane.IsRefused ? 1 : 0;
        Rest(lane);
        if (answer.Verdict is HubVerdict.Taken or HubVerdict.Refused)
        {
            HubIsWell(now);
        }
        else
        {
            HubIsTroubled(now);
        }
    }

    /// <summary>Gives an event back as it was, neither taken nor refused.</summary>
    public void Return(string resource, TimeSpan now, TimeSpan pause)
    {
        var lane = _lanes[resource];
        lane.Next = now + pause;
        InFlight--;
        Rest(lane);
    }

    /// <summary>Forgets all pauses.</summary>
    public void RetryNow()
    {
        _hubNext = TimeSpan.Zero;
        EndPauses(_ => true, TimeSpan.Zero);
    }

    /// <summary>How the event at the head of a lane fared so far.</summary>
    public (int Attempts, TimeSpan? Next, LocalText Problem) At(string resource, long sequence) =>
        _lanes.TryGetValue(resource, out var lane) && lane.Head == sequence && lane.Attempts > 0
            ? (lane.Attempts, lane.Next > _hubNext ? lane.Next : _hubNext, lane.Problem)
            : (0, null, LocalText.None);

    /// <summary>Whether the event is at the head of a lane and the hub does not want it.</summary>
    public bool IsRefused(string resource, long sequence) =>
        _lanes.TryGetValue(resource, out var lane) && lane.IsRefused && lane.Head == sequence;

    private static void Postpone(Lane lane, HubAnswer answer, TimeSpan now, TimeSpan pause)
    {
        lane.Next = now + pause;
        lane.Problem = answer.Problem;
        lane.Refused = answer.Verdict == HubVerdict.Refused;
    }

    /// <summary>Puts a lane that is not in flight any more where it waits.</summary>
    private void Rest(Lane lane)
    {
        if (lane.Sequences.Count == 0)
        {
            _lanes.Remove(lane.Resource);
        }
        else if (lane.Next > TimeSpan.Zero)
        {
            _paused.Add(lane);
        }
        else
        {
            _ready.Add(lane);
        }
    }

    private void EndPauses(Func<Lane, bool> which, TimeSpan at)
    {
        foreach (var lane in _paused.Where(which).ToList())
        {
            _paused.Remove(lane);
            lane.Next = at;
            Rest(lane);
        }
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
            EndPauses(lane => !lane.Refused && lane.Next > now, now);
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

    /// <summary>What orders a lane where it waits is changed only while it is taken out.</summary>
    private sealed class Lane(string resource)
    {
        public string Resource => resource;

        public Queue<long> Sequences { get; } = new();

        public long Head => Sequences.Peek();

        public bool Refused { get; set; }

        public int Attempts { get; set; }

        /// <summary>Whether the hub does not want the event at its head.</summary>
        public bool IsRefused => Refused && Attempts > 0;

        public TimeSpan Next { get; set; } = TimeSpan.Zero;

        public TimeSpan LastTried { get; set; } = TimeSpan.Zero;

        public LocalText Problem { get; set; } = LocalText.None;
    }
}
