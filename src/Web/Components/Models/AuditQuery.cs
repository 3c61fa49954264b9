using Microsoft.AspNetCore.WebUtilities;
using Runner.Web.Identity;

namespace Runner.Web.Components.Models;

/// <summary>What the audit page shows, as kept in its address.</summary>
/// <param name="Text">Part of any field.</param>
/// <param name="Action">One act; empty for all.</param>
/// <param name="Outcome">One outcome; empty for all.</param>
/// <param name="Before">Where the page begins; null for the newest.</param>
internal sealed record AuditQuery(string Text = "", string Action = "", AuditOutcome? Outcome = null, long? Before = null)
{
    public AuditFilter Filter => new(Action: Action, Outcome: Outcome, Text: Text);

    /// <summary>As parameters of an address; empty or beginning with a question mark.</summary>
    public string Parameters => QueryHelpers.AddQueryString("", new Dictionary<string, string?>
    {
        ["text"] = Text.Length > 0 ? Text : null,
        ["action"] = Action.Length > 0 ? Action : null,
        ["outcome"] = Outcome?.ToString(),
        ["before"] = Before?.ToString(System.Globalization.CultureInfo.InvariantCulture),
    }.Where(part => part.Value is not null));

    public static AuditQuery Parse(string query)
    {
        var parts = QueryHelpers.ParseQuery(query);
        string Text(string name) => parts.TryGetValue(name, out var value) ? value.ToString() : "";
        return new AuditQuery(
            Text("text"),
            Text("action"),
            Enum.TryParse<AuditOutcome>(Text("outcome"), ignoreCase: true, out var outcome) && Enum.IsDefined(outcome) ? outcome : null,
            long.TryParse(Text("before"), System.Globalization.CultureInfo.InvariantCulture, out var before) ? before : null);
    }
}
