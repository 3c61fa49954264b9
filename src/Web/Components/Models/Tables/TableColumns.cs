using System.Collections.Immutable;
using System.Globalization;

namespace Runner.Web.Components.Models.Tables;

/// <summary>The columns of a table and the order it has unless the reader chooses another. Knows nothing of rows.</summary>
public abstract class TableColumns
{
    /// <param name="sort">Id of the column that orders the rows, with a minus before it for the reverse.</param>
    /// <param name="all">From left to right; the first one is what a row is known by and cannot be hidden.</param>
    protected TableColumns(string sort, IReadOnlyList<TableColumn> all)
    {
        (All, Sort, Descending) = (all, sort.TrimStart('-'), sort.StartsWith('-'));
        Standard = [.. all.Where(column => column.Shown).Select(column => column.Id)];
    }

    /// <summary>All columns from left to right.</summary>
    public IReadOnlyList<TableColumn> All { get; }

    /// <summary>Id of the column that orders the rows unless another is chosen.</summary>
    public string Sort { get; }

    /// <summary>Whether that order is the reverse.</summary>
    public bool Descending { get; }

    /// <summary>Ids of the columns that are shown unless others are chosen.</summary>
    public ImmutableList<string> Standard { get; }

    /// <summary>Finds a column by its id, or null.</summary>
    public TableColumn? Find(string? id) => All.FirstOrDefault(column => column.Id == id);

    /// <summary>Puts ids into the order of the table; without those it does not know.</summary>
    public ImmutableList<string> InOrder(IReadOnlySet<string> ids) => [.. All.Select(column => column.Id).Where(ids.Contains)];
}

/// <summary>The columns of a table of <typeparamref name="TRow"/>, and what is done by them: to order, to choose, to turn pages. Pure.</summary>
/// <inheritdoc cref="TableColumns(string, IReadOnlyList{TableColumn})"/>
public sealed class TableColumns<TRow>(string sort, params IReadOnlyList<TableColumn<TRow>> all) : TableColumns(sort, all)
{
    /// <inheritdoc cref="TableColumns.All"/>
    public new IReadOnlyList<TableColumn<TRow>> All { get; } = all;

    /// <inheritdoc cref="TableColumns.Find"/>
    public new TableColumn<TRow>? Find(string? id) => All.FirstOrDefault(column => column.Id == id);

    /// <summary>The order that a query asks for, as the language orders words in which this is called.</summary>
    public Comparison<TRow> Order(TableQuery query) => Find(query.Sort)?.OrderIn(CultureInfo.CurrentUICulture) is not { } compare ? throw new ArgumentException($"Rows cannot be ordered by {query.Sort}.", nameof(query))
        : query.Descending ? (a, b) => compare(b, a) : compare;

    /// <summary>Orders rows; those that are alike stay as they were to each other.</summary>
    public IEnumerable<TRow> Arrange(IEnumerable<TRow> rows, TableQuery query) => rows.Order(Comparer<TRow>.Create(Order(query)));

    /// <summary>True when every word occurs in a column, of those that are hidden too.</summary>
    public bool Matches(TRow row, IReadOnlyList<string> words) =>
        words.All(word => All.Any(column => column.Text?.Invoke(row).Contains(word, StringComparison.OrdinalIgnoreCase) ?? false));

    /// <summary>The rows that a query means, in its order, and of them the part that one page has room for.</summary>
    /// <param name="all">Every row, in the order that those keep which are alike.</param>
    /// <param name="size">Most rows of one page.</param>
    public TablePage<TRow> Choose(IReadOnlyCollection<TRow> all, TableQuery query, int size = TablePage.Size)
    {
        var words = query.Words;
        var matching = Arrange(words.Count == 0 ? all : all.Where(row => Matches(row, words)), query).ToList();
        var pages = Math.Max(1, (matching.Count + size - 1) / size);
        var page = Math.Clamp(query.Page, 1, pages);
        var first = (page - 1) * size;
        return new([.. matching.Skip(first).Take(size)], matching.Count, all.Count, first, page, pages);
    }
}
