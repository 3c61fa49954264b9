namespace Runner.Web.Components.Models.Tables;

/// <summary>Which part of a table is shown.</summary>
/// <param name="Matching">Number of rows that pass the filter.</param>
/// <param name="Total">Number of rows before the filter.</param>
/// <param name="First">Place of the first row shown among those that pass, from zero.</param>
/// <param name="Number">Number of the page, from one.</param>
/// <param name="Pages">Number of pages; one for a table without rows.</param>
public abstract record TablePage(int Matching, int Total, int First, int Number, int Pages)
{
    /// <summary>Most rows of a page: as many as a browser draws at once without being noticed.</summary>
    public const int Size = 100;

    /// <summary>Number of rows shown.</summary>
    public abstract int Count { get; }
}

/// <summary>The rows of a table that are shown.</summary>
public sealed record TablePage<TRow>(IReadOnlyList<TRow> Rows, int Matching, int Total, int First, int Number, int Pages) : TablePage(Matching, Total, First, Number, Pages)
{
    /// <summary>Of a table that was not read yet.</summary>
    public static TablePage<TRow> Empty { get; } = new([], 0, 0, 0, 1, 1);

    public override int Count => Rows.Count;
}
