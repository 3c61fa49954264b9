using System.Collections.Immutable;
using System.Collections.Specialized;
using System.Globalization;

namespace Runner.Web.Components.Models.Tables;

/// <summary>What of a table is shown and how, exactly as it stands in the URL, so that a view can be bookmarked and sent. Two queries are the same when their addresses are.</summary>
/// <param name="Table">The columns there are.</param>
public abstract record TableQuery(TableColumns Table)
{
    /// <summary>Words that all have to occur in a row; empty for every row.</summary>
    public string Filter { get; init; } = "";

    /// <summary>Id of the column that orders the rows.</summary>
    public string Sort { get; init; } = Table.Sort;

    public bool Descending { get; init; } = Table.Descending;

    /// <summary>Ids of the columns shown, in table order.</summary>
    public ImmutableList<string> Columns { get; init; } = Table.Standard;

    /// <summary>Number of the page, from one. May be beyond the last one.</summary>
    public int Page { get; init; } = 1;

    /// <summary>The words of the filter one by one.</summary>
    public IReadOnlyList<string> Words => Filter.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What else rows are chosen by, as names and values in the URL. What has no value is left out.</summary>
    protected virtual IEnumerable<(string Name, string? Value)> Choices => [];

    /// <summary>What is open beside the rows, as names and values in the URL. What has no value is left out.</summary>
    protected virtual IEnumerable<(string Name, string? Value)> Opened => [];

    /// <summary>As screen readers are told it of the column that orders the rows; null for the others.</summary>
    public string? OrderOf(string column) => column != Sort ? null : Descending ? "descending" : "ascending";

    /// <summary>The query with its question mark; empty for the standard view.</summary>
    public sealed override string ToString()
    {
        IEnumerable<(string Name, string? Value)> parts =
        [
            ("filter", Said(Filter)),
            .. Choices,
            ("sort", Sort == Table.Sort && Descending == Table.Descending ? null : (Descending ? "-" : "") + Sort),
            ("columns", Columns.SequenceEqual(Table.Standard) ? null : string.Join(',', Columns)),
            ("page", Page == 1 ? null : Page.ToString(CultureInfo.InvariantCulture)),
            .. Opened,
        ];
        var said = parts.Where(part => part.Value is not null).Select(part => $"{part.Name}={Escape(part.Value!)}").ToList();
        return said.Count == 0 ? "" : "?" + string.Join('&', said);
    }

    public virtual bool Equals(TableQuery? other) => ReferenceEquals(this, other) || (other is not null && EqualityContract == other.EqualityContract && ToString() == other.ToString());

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>Null for an empty text, so that it is left out.</summary>
    protected static string? Said(string text) => text.Length > 0 ? text : null;

    private static string Escape(string value) => Uri.EscapeDataString(value).Replace("%2C", ",", StringComparison.Ordinal).Replace("%2F", "/", StringComparison.Ordinal);
}

/// <summary>Views made of others; each stays of the kind that it is.</summary>
public static class TableQueries
{
    /// <summary>Takes over from the query part of a URL what all tables have; what is not known stays as it is.</summary>
    public static TQuery Reading<TQuery>(this TQuery query, NameValueCollection values)
        where TQuery : TableQuery
    {
        var sort = values["sort"] ?? "";
        var sorted = query.Table.Find(sort.TrimStart('-')) is { Sortable: true } column ? column.Id : null;
        var columns = query.Table.InOrder(Ids(values["columns"]).ToHashSet());
        return query with
        {
            Filter = values["filter"] ?? "",
            Sort = sorted ?? query.Table.Sort,
            Descending = sorted is null ? query.Table.Descending : sort.StartsWith('-'),
            Columns = columns.Count == 0 ? query.Table.Standard : columns,
            Page = int.TryParse(values["page"], NumberStyles.None, CultureInfo.InvariantCulture, out var page) ? Math.Max(1, page) : 1,
        };
    }

    /// <summary>The parts of a list in a URL.</summary>
    public static string[] Ids(string? list) => (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Orders by a column; a second time turns the order round.</summary>
    public static TQuery SortedBy<TQuery>(this TQuery query, string column)
        where TQuery : TableQuery => query with { Sort = column, Descending = query.Sort == column && !query.Descending, Page = 1 };

    /// <summary>Chooses by other words.</summary>
    public static TQuery FilteredBy<TQuery>(this TQuery query, string? words)
        where TQuery : TableQuery => query with { Filter = words ?? "", Page = 1 };

    /// <summary>Turns to another page.</summary>
    public static TQuery AtPage<TQuery>(this TQuery query, int page)
        where TQuery : TableQuery => query with { Page = page };

    /// <summary>Shows or hides a column; the first one stays, because it is what a row is known by.</summary>
    public static TQuery ToggledColumn<TQuery>(this TQuery query, string column)
        where TQuery : TableQuery
    {
        var shown = query.Columns.ToHashSet();
        if (!shown.Remove(column))
        {
            shown.Add(column);
        }

        shown.Add(query.Table.All[0].Id);
        return query with { Columns = query.Table.InOrder(shown) };
    }
}
