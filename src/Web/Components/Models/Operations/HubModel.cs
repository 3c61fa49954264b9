using Runner.Engine.Hub.Events;

namespace Runner.Web.Components.Models.Operations;

/// <summary>Where an event stands.</summary>
public enum EventState
{
    Waiting,
    Refused,
    Sent,
}

/// <summary>The events of the outbox as the hub page shows them. Pure but for <see cref="Read"/>; used by one circuit at a time.</summary>
public sealed class HubModel(Outbox outbox)
{
    /// <summary>Most events read from disk at once.</summary>
    public const int Most = 4000;

    private IReadOnlyList<OutboxEvent> _all = [];
    private IReadOnlyDictionary<EventState, int> _counts = new Dictionary<EventState, int>();

    public OutboxStatus Status { get; private set; } = outbox.Status;

    public HubQuery Query { get; private set; } = new();

    /// <summary>What is shown, in order.</summary>
    public IReadOnlyList<OutboxEvent> Rows { get; private set; } = [];

    /// <summary>Events of all states that are kept and were read.</summary>
    public int Total => _all.Count;

    /// <summary>True where more is kept than was read.</summary>
    public bool Cut => _all.Count >= Most;

    /// <summary>The event whose payload is open; null for none and for one that is no longer kept.</summary>
    public OutboxEvent? Open { get; private set; }

    /// <summary>How many of a state the words of the filter find among those that were read; null for all states.</summary>
    public int Count(EventState? state) => state is { } one ? _counts.GetValueOrDefault(one) : _counts.Values.Sum();

    /// <summary>Whether the hub has yet to take something about a resource.</summary>
    public bool Waits(string resource) => _all.Any(e => e.SentAt is null && e.Resource == resource);

    public static EventState StateOf(OutboxEvent e) => e.SentAt is not null ? EventState.Sent : e.Refused ? EventState.Refused : EventState.Waiting;

    /// <summary>Reads the outbox anew.</summary>
    public void Read()
    {
        Status = outbox.Status;
        _all = outbox.Recent(Most);
        Show(Query);
    }

    public void Show(HubQuery query)
    {
        Query = query;
        (Rows, _counts) = (Choose(_all, query), Counts(_all, query));
        Open = query.Event is { } sequence ? outbox.Find(sequence) : null;
    }

    /// <summary>Which events a query means, in its order. Pure.</summary>
    public static IReadOnlyList<OutboxEvent> Choose(IReadOnlyList<OutboxEvent> all, HubQuery query) =>
        [.. HubQuery.Events.Arrange(all.Where(e => (query.State is null || StateOf(e) == query.State) && HubQuery.Events.Matches(e, query.Words)), query)];

    /// <summary>How many events of each state a query's words find, whichever state it asks for. Pure.</summary>
    public static IReadOnlyDictionary<EventState, int> Counts(IReadOnlyList<OutboxEvent> all, HubQuery query) =>
        all.Where(e => HubQuery.Events.Matches(e, query.Words)).GroupBy(StateOf).ToDictionary(state => state.Key, state => state.Count());
}
