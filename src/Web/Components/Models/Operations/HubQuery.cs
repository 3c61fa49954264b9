using System.Globalization;
using System.Web;
using Runner.Engine.Hub.Events;
using Runner.Web.Components.Models.Tables;

namespace Runner.Web.Components.Models.Operations;

/// <summary>Which events are shown, as the address of the page has it.</summary>
public sealed record HubQuery() : TableQuery(Events)
{
    /// <summary>The columns of the outbox, the newest event first.</summary>
    public static TableColumns<OutboxEvent> Events { get; } = new(
        "age",
        TableColumn.Words<OutboxEvent>("of", e => e.Resource),
        TableColumn.Words<OutboxEvent>("event", e => e.Type),
        new("state", true, false, (a, b) => HubModel.StateOf(a).CompareTo(HubModel.StateOf(b))),
        TableColumn.Spoken<OutboxEvent>("problem", e => e.Problem.Shown),
        TableColumn.Figure("tries", (OutboxEvent e) => e.Attempts),
        TableColumn.Figure("age", (OutboxEvent e) => -e.Sequence));

    /// <summary>Null for all.</summary>
    public EventState? State { get; init; }

    /// <summary>Sequence of the event whose payload is open; null for none.</summary>
    public long? Event { get; init; }

    public string Address => "hub" + this;

    protected override IEnumerable<(string Name, string? Value)> Choices => [("state", State?.ToString().ToLowerInvariant())];

    protected override IEnumerable<(string Name, string? Value)> Opened => [("event", Event?.ToString(CultureInfo.InvariantCulture))];

    /// <summary>Reads the query part of a URL; what cannot be read counts as not said.</summary>
    public static HubQuery Parse(string query)
    {
        var values = HttpUtility.ParseQueryString(query);
        return new HubQuery
        {
            State = Enum.TryParse<EventState>(values["state"], ignoreCase: true, out var state) && Enum.IsDefined(state) ? state : null,
            Event = long.TryParse(values["event"], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : null,
        }.Reading(values);
    }
}
