namespace Runner.Web.Identity;

/// <summary>Which entries of the audit log are asked for. What is empty or null does not matter.</summary>
/// <param name="Who">Part of the name, compared without regard to case.</param>
/// <param name="Action">One of <see cref="AuditActions"/>.</param>
/// <param name="Text">Part of the name, target, address or detail in either language, compared without regard to case.</param>
/// <param name="From">Entries from then on.</param>
/// <param name="Until">Entries before.</param>
public sealed record AuditFilter(
    string Who = "", string Action = "", AuditOutcome? Outcome = null, string Text = "", DateTimeOffset? From = null, DateTimeOffset? Until = null)
{
    public static AuditFilter None { get; } = new();

    /// <summary>Pure.</summary>
    public bool Takes(AuditEntry entry) =>
        (Who.Length == 0 || Has(entry.Who, Who))
        && (Action.Length == 0 || entry.Action == Action)
        && (Outcome is null || entry.Outcome == Outcome)
        && (From is null || entry.Time >= From)
        && (Until is null || entry.Time < Until)
        && (Text.Length == 0 || Has(entry.Who, Text) || Has(entry.Target, Text) || Has(entry.Detail.English, Text) || Has(entry.Detail.Chinese, Text) || Has(entry.RemoteAddress, Text));

    private static bool Has(string value, string part) => value.Contains(part, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A part of the audit log.</summary>
/// <param name="Entries">In the order that was asked for.</param>
/// <param name="Next">What to give as <c>after</c> to read on; null at the end.</param>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, string? Next);
