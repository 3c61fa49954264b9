using System.Globalization;
using System.Text;
using System.Text.Json;
using Runner.Web.Identity;

namespace Runner.Web.ConsoleApi;

/// <summary>Reading and exporting the audit log.</summary>
internal static class AuditCalls
{
    private const int LargestPage = 1000;
    private const int Batch = 500;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter<AuditOutcome>() } };

    /// <summary>Entries of the audit log, the newest first: <c>?take=100&amp;skip=0</c>.</summary>
    public static IResult Read(AuditLog audit, int take = 100, int skip = 0) =>
        take is < 1 or > LargestPage || skip < 0
            ? Results.BadRequest(new { msg = $"take must be 1 to {LargestPage} and skip 0 or more." })
            : Results.Ok(new { msg = "OK", data = audit.Read(take, skip) });

    /// <summary>
    /// All entries that the filter takes, the newest first, as CSV or JSON: <c>?format=csv&amp;text=&amp;action=&amp;outcome=&amp;who=&amp;from=&amp;until=</c>, times as in
    /// ISO 8601. Written as it is read, so that a log of any length costs no memory. The export itself is audited.
    /// </summary>
    public static async Task<IResult> ExportAsync(
        HttpContext context, AuditLog audit, CancellationToken cancellationToken,
        string format = "csv", string text = "", string action = "", AuditOutcome? outcome = null, string who = "", DateTimeOffset? from = null, DateTimeOffset? until = null)
    {
        if (format is not ("csv" or "json"))
        {
            return Results.BadRequest(new { msg = "format must be csv or json." });
        }

        var filter = new AuditFilter(who, action, outcome, text, from, until);
        await audit.WriteAsync(context.User, AuditActions.AuditExport, format, AuditOutcome.Done, AuditDetail.None, cancellationToken).ConfigureAwait(false);
        return Results.Stream(
            body => format == "csv" ? WriteCsvAsync(body, audit, filter, cancellationToken) : WriteJsonAsync(body, audit, filter, cancellationToken),
            format == "csv" ? "text/csv; charset=utf-8" : "application/json",
            $"audit.{format}");
    }

    private static async Task WriteCsvAsync(Stream body, AuditLog audit, AuditFilter filter, CancellationToken cancellationToken)
    {
        // With a byte-order mark: spreadsheets take it for another encoding otherwise.
        await using var writer = new StreamWriter(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), leaveOpen: true) { NewLine = "\r\n" };
        await writer.WriteLineAsync("time,who,action,target,outcome,address,detail").ConfigureAwait(false);
        foreach (var page in Pages(audit, filter))
        {
            foreach (var entry in page)
            {
                string[] cells = [entry.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), entry.Who, entry.Action, entry.Target, entry.Outcome.ToString(), entry.RemoteAddress, entry.Detail.English];
                await writer.WriteLineAsync(string.Join(',', cells.Select(Cell)).AsMemory(), cancellationToken).ConfigureAwait(false);
            }

            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task WriteJsonAsync(Stream body, AuditLog audit, AuditFilter filter, CancellationToken cancellationToken)
    {
        await body.WriteAsync("["u8.ToArray(), cancellationToken).ConfigureAwait(false);
        var first = true;
        foreach (var entry in Pages(audit, filter).SelectMany(page => page))
        {
            await body.WriteAsync(first ? "\n"u8.ToArray() : ",\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
            await JsonSerializer.SerializeAsync(body, entry, Json, cancellationToken).ConfigureAwait(false);
            first = false;
        }

        await body.WriteAsync("\n]\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
    }

    private static IEnumerable<IReadOnlyList<AuditEntry>> Pages(AuditLog audit, AuditFilter filter)
    {
        for (string? after = null; ;)
        {
            var page = audit.Read(filter, Batch, after);
            yield return page.Entries;
            if (page.Next is null)
            {
                yield break;
            }

            after = page.Next;
        }
    }

    /// <summary>A cell of RFC 4180. What a spreadsheet would take for a formula is kept a text by an apostrophe: names that were tried come from anybody.</summary>
    internal static string Cell(string value)
    {
        var safe = value is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" + value : value;
        return safe.AsSpan().ContainsAny(",\"\r\n") ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }
}
