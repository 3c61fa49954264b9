using System.Globalization;
using System.Web;
using Microsoft.AspNetCore.WebUtilities;
using Runner.Web.Components.Models.Tables;
using Runner.Web.Identity;

namespace Runner.Web.Components.Models.Access;

/// <summary>What the audit page shows, as kept in its address.</summary>
internal sealed record AuditQuery() : TableQuery(Entries)
{
    /// <summary>The columns of the log. It is read from disk in the order of time, a part at a time; any other order would need the whole of it.</summary>
    public static TableColumns<AuditEntry> Entries { get; } = new(
        "-time",
        new("time", true, false, (a, b) => a.Time.CompareTo(b.Time)),
        new("who", true, false, null),
        new("act", true, false, null),
        new("outcome", true, false, null),
        new("target", true, false, null),
        new("detail", true, false, null),
        new("address", true, false, null));

    /// <summary>One act; empty for all.</summary>
    public string Action { get; init; } = "";

    /// <summary>One outcome; null for all.</summary>
    public AuditOutcome? Outcome { get; init; }

    /// <summary>Which entry the page begins after, from <see cref="AuditPage.Next"/>; null for the first page.</summary>
    public long? After { get; init; }

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

    protected override IEnumerable<(string Name, string? Value)> Opened => [("after", After?.ToString(CultureInfo.InvariantCulture))];

    /// <summary>Reads the query part of a URL; what it does not know it leaves out.</summary>
    public static AuditQuery Parse(string query)
    {
        var values = HttpUtility.ParseQueryString(query);
        return new AuditQuery
        {
            Action = values["action"] ?? "",
            Outcome = Enum.TryParse<AuditOutcome>(values["outcome"], ignoreCase: true, out var outcome) && Enum.IsDefined(outcome) ? outcome : null,
            After = long.TryParse(values["after"], NumberStyles.None, CultureInfo.InvariantCulture, out var after) ? after : null,
        }.Reading(values);
    }
}
