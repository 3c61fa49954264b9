namespace Runner.Engine.Hub;

/// <summary>An event that the hub took.</summary>
internal readonly record struct SentEvent(long Sequence, DateTime At);

/// <summary>Events that the hub took, by the time at which it did, each once. Adding and taking out cost about the same however many there are. Not thread-safe.</summary>
internal sealed class SentEvents
{
    private readonly Dictionary<long, DateTime> _times = [];
    private readonly SortedSet<SentEvent> _byTime = new(Comparer<SentEvent>.Create((a, b) => (a.At, a.Sequence).CompareTo((b.At, b.Sequence))));

    public SentEvents(IEnumerable<SentEvent> sent)
    {
        foreach (var e in sent)
        {
            Add(e);
        }
    }

    public int Count => _times.Count;

    /// <summary>Adds an event, in place of what was known of it.</summary>
    public void Add(SentEvent sent)
    {
        if (_times.Remove(sent.Sequence, out var before))
        {
            _byTime.Remove(new(sent.Sequence, before));
        }

        _times.Add(sent.Sequence, sent.At);
        _byTime.Add(sent);
    }

    /// <summary>Takes out those that were sent first: nobody else removes them meanwhile.</summary>
    public List<SentEvent> TakeOldest(int count) => Take(taken => taken.Count < count);

    /// <summary>Takes out those that were sent before a moment.</summary>
    public List<SentEvent> TakeBefore(DateTime before) => Take(_ => _byTime.Min.At < before);

    /// <summary>Adds what was taken out, unless it is known anew.</summary>
    public void PutBack(IEnumerable<SentEvent> taken)
    {
        foreach (var e in taken)
        {
            if (_times.TryAdd(e.Sequence, e.At))
            {
                _byTime.Add(e);
            }
        }
    }

    private List<SentEvent> Take(Func<List<SentEvent>, bool> goesOn)
    {
        List<SentEvent> taken = [];
        while (_byTime.Count > 0 && goesOn(taken))
        {
            var oldest = _byTime.Min;
            _byTime.Remove(oldest);
            _times.Remove(oldest.Sequence);
            taken.Add(oldest);
        }

        return taken;
    }
}
