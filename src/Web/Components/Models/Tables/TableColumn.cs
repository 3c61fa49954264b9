namespace Runner.Web.Components.Models.Tables;

/// <summary>What a header needs to know of a column.</summary>
/// <param name="Id">Name in the URL, in the resources and, as <c>c-{Id}</c>, of its cells.</param>
/// <param name="Shown">Whether it is there unless the reader chooses otherwise.</param>
/// <param name="Figures">Whether it holds figures, which are set right-aligned.</param>
/// <param name="Sortable">Whether rows can be ordered by it.</param>
public abstract record TableColumn(string Id, bool Shown, bool Figures, bool Sortable)
{
    /// <summary>A column of words, which are ordered without regard to case and searched.</summary>
    public static TableColumn<TRow> Words<TRow>(string id, Func<TRow, string> value, bool shown = true) =>
        new(id, shown, false, (a, b) => string.Compare(value(a), value(b), StringComparison.OrdinalIgnoreCase)) { Text = value };

    /// <summary>A column of figures.</summary>
    public static TableColumn<TRow> Figure<TRow, TValue>(string id, Func<TRow, TValue> value, bool shown = true)
        where TValue : IComparable<TValue> => new(id, shown, true, (a, b) => value(a).CompareTo(value(b)));
}

/// <summary>One column of a table of <typeparamref name="TRow"/>.</summary>
/// <param name="Compare">Order of rows by this column; null where they have none.</param>
public sealed record TableColumn<TRow>(string Id, bool Shown, bool Figures, Comparison<TRow>? Compare) : TableColumn(Id, Shown, Figures, Compare is not null)
{
    /// <summary>What the filter looks at, in the words that are on the screen; null where there are none.</summary>
    public Func<TRow, string>? Text { get; init; }
}
