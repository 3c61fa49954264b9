using System.Web;
using Microsoft.AspNetCore.WebUtilities;
using Runner.Web.Components.Models.Tables;
using Runner.Web.Identity;

namespace Runner.Web.Components.Models.Access;

/// <summary>What the audit page shows, as kept in its address.</summary>
internal sealed record AuditQuery() : TableQuery(Entries)
{
    /// <summary>The columns of the log. It is read from disk a part at a time, in the orders that <see cref="AuditOrder"/> has; any other would need the whole of it.</summary>
    public static TableColumns<AuditEntry> Entries { get; } = new(
        "time",
        new("time", true, false, (a, b) => b.Time.CompareTo(a.Time)),
        TableColumn.Words<AuditEntry>("who", entry => entry.Who),
        TableColumn.Words<AuditEntry>("act", entry => entry.Action),
        new("outcome", true, false, null),
        new("target", true, false, null),
        new("detail", true, false, null),
        new("address", true, false, null));

    /// <summary>One act; empty for all.</summary>
    public string Action { get; init; } = "";

    /// <summary>One outcome; null for all.</summary>
    public AuditOutcome? Outcome { get; init; }

    /// <summary>Where in the order the page begins, from <see cref="AuditPage.Next"/>; null for the first page.</summary>
    public string? After { get; init; }

    public AuditOrder Order => Sort switch
    {
        "who" => AuditOrder.Who,
        "act" => AuditOrder.Act,
        _ => AuditOrder.Time,
    };

    public AuditFilter Wanted => new(Action: Action, Outcome: Outcome, Text: Filter);

    /// <summary>Parameters of the export of all that the filter takes; begins with a question mark.</summary>
    public string Export(string format) => QueryHelpers.AddQueryString("", new Dictionary<string, string?>
    {
        ["text"] = Said(Filter),
        ["action"] = Said(Action),
        ["outcome"] = Outcome?.ToString(),
        ["format"] = format,
    }.Where(part => part.Value is not null));

    protected override IEnumerable<(string Name, string? Value)> Choices => [("action", Said(Action)), ("outcome", Outcome?.ToString())];

    protected override IEnumerable<(string Name, string? Value)> Opened => [("after", After)];

    /// <summary>Reads the query part of a URL; what it does not know it leaves out.</summary>
    public static AuditQuery Parse(string query)
    {
        var values = HttpUtility.ParseQueryString(query);
        return new AuditQuery
        {
            Action = values["action"] ?? "",
            Outcome = Enum.TryParse<AuditOutcome>(values["outcome"], ignoreCase: true, out var outcome) && Enum.IsDefined(outcome) ? outcome : null,
            After = values["after"] is { Length: > 0 } after ? after : null,
        }.Reading(values);
    }
}
