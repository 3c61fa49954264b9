using System.Globalization;
using System.Web;
using Runner.Engine.Hub;

namespace Runner.Web.Components.Models;

/// <summary>Where an event stands.</summary>
public enum EventState
{
    Waiting,
    Refused,
    Sent,
}

/// <summary>Which events are shown, as the address of the page has it.</summary>
/// <param name="State">Null for all.</param>
/// <param name="Filter">Text that workload, event or problem must hold.</param>
/// <param name="Event">Sequence of the event whose payload is open.</param>
public sealed record HubQuery(EventState? State, string Filter, long? Event)
{
    public string Address
    {
        get
        {
            var parts = new List<string>();
            if (State is { } state)
            {
                parts.Add($"state={state.ToString().ToLowerInvariant()}");
            }

            if (Filter.Length > 0)
            {
                parts.Add($"filter={Uri.EscapeDataString(Filter)}");
            }

            if (Event is { } sequence)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"event={sequence}"));
            }

            return parts.Count == 0 ? "hub" : "hub?" + string.Join('&', parts);
        }
    }

    /// <summary>Reads the query part of a URL; what cannot be read counts as not said.</summary>
    public static HubQuery Parse(string query)
    {
        var values = HttpUtility.ParseQueryString(query);
        return new(
            Enum.TryParse<EventState>(values["state"], ignoreCase: true, out var state) && Enum.IsDefined(state) ? state : null,
            values["filter"] ?? "",
            long.TryParse(values["event"], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : null);
    }
}

/// <summary>The events of the outbox as the hub page shows them. Pure but for <see cref="Read"/>; used by one circuit at a time.</summary>
public sealed class HubModel(Outbox outbox)
{
    /// <summary>Most events read from disk at once.</summary>
    public const int Most = 4000;

    private IReadOnlyList<OutboxEvent> _all = [];

    public OutboxStatus Status { get; private set; } = outbox.Status;

    public HubQuery Query { get; private set; } = new(null, "", null);

    /// <summary>What is shown, the newest first.</summary>
    public IReadOnlyList<OutboxEvent> Rows { get; private set; } = [];

    /// <summary>Events of all states that are kept and were read.</summary>
    public int Total => _all.Count;

    /// <summary>True where more is kept than was read.</summary>
    public bool Cut => _all.Count >= Most;

    /// <summary>The event whose payload is open; null for none and for one that is no longer kept.</summary>
    public OutboxEvent? Open { get; private set; }

    /// <summary>How many of a state were read.</summary>
    public int Count(EventState? state) => state is null ? _all.Count : _all.Count(e => StateOf(e) == state);

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
        Rows = Choose(_all, query);
        Open = query.Event is { } sequence ? outbox.Find(sequence) : null;
    }

    /// <summary>Which events a query means. Pure.</summary>
    public static IReadOnlyList<OutboxEvent> Choose(IReadOnlyList<OutboxEvent> all, HubQuery query) =>
    [
        .. all.Where(e => query.State is null || StateOf(e) == query.State)
            .Where(e => query.Filter.Length == 0 || $"{e.Resource} {e.Type} {e.Problem.Shown}".Contains(query.Filter.Trim(), StringComparison.OrdinalIgnoreCase)),
    ];
}
