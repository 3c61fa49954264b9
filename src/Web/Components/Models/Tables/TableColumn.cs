using System.Globalization;

namespace Runner.Web.Components.Models.Tables;

/// <summary>What a header needs to know of a column.</summary>
/// <param name="Id">Name in the URL, in the resources and, as <c>c-{Id}</c>, of its cells.</param>
/// <param name="Shown">Whether it is there unless the reader chooses otherwise.</param>
/// <param name="Figures">Whether it holds figures, which are set right-aligned.</param>
public abstract record TableColumn(string Id, bool Shown, bool Figures)
{
    /// <summary>Whether rows can be ordered by it.</summary>
    public abstract bool Sortable { get; }

    /// <summary>A column of names and ids, which are ordered by their letters, without regard to case and in the same way in every language, and searched.</summary>
    public static TableColumn<TRow> Words<TRow>(string id, Func<TRow, string> value, bool shown = true) =>
        new(id, shown, false, (a, b) => string.Compare(value(a), value(b), StringComparison.OrdinalIgnoreCase)) { Text = value };

    /// <summary>A column of words of the reader's language, which are ordered as it orders them, Chinese by its sound, and searched.</summary>
    public static TableColumn<TRow> Spoken<TRow>(string id, Func<TRow, string> value, bool shown = true) => new(id, shown, false, null) { Text = value, Spoken = value };

    /// <summary>A column of figures.</summary>
    public static TableColumn<TRow> Figure<TRow, TValue>(string id, Func<TRow, TValue> value, bool shown = true)
        where TValue : IComparable<TValue> => new(id, shown, true, (a, b) => value(a).CompareTo(value(b)));
}

/// <summary>One column of a table of <typeparamref name="TRow"/>.</summary>
/// <param name="Compare">Order of rows by this column, the same in every language; null where they have none.</param>
public sealed record TableColumn<TRow>(string Id, bool Shown, bool Figures, Comparison<TRow>? Compare) : TableColumn(Id, Shown, Figures)
{
    public override bool Sortable => Compare is not null || Spoken is not null;

    /// <summary>Words that are ordered as their language orders them; null where they are ordered otherwise.</summary>
    public Func<TRow, string>? Spoken { get; init; }

    /// <summary>Whether two rows are not the same in this column.</summary>
    public bool Differs(TRow a, TRow b) => Spoken is { } words ? words(a) != words(b) : Compare is { } compare && compare(a, b) != 0;

    /// <summary>Order of rows by this column for readers of a language; null where they have none.</summary>
    public Comparison<TRow>? OrderIn(CultureInfo language)
    {
        if (Spoken is not { } words)
        {
            return Compare;
        }

        var order = language.CompareInfo;
        return (a, b) => order.Compare(words(a), words(b), CompareOptions.IgnoreCase);
    }

    /// <summary>What the filter looks at, in the words that are on the screen; null where there are none.</summary>
    public Func<TRow, string>? Text { get; init; }
}
