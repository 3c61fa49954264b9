namespace Runner.Engine.Values;

/// <summary>How the keys of a file are grouped.</summary>
public enum ValuesLayout
{
    /// <summary>Nothing in it tells.</summary>
    Either,

    /// <summary>As charts up to 2.2.1 read it.</summary>
    Flat,

    /// <summary>As charts since 2.2.2 read it.</summary>
    Nested,

    /// <summary>Some of each: part of it is ignored by any chart.</summary>
    Mixed,
}

/// <summary>Recognises the layout of a file.</summary>
public static class ValuesLayouts
{
    private static readonly ChartVersion LastFlat = new(2, 2, 1);
    private static readonly ChartVersion Nested = ChartVersion.Parse("2.2");

    /// <summary>The layout of a file, by its keys that only one layout has.</summary>
    public static ValuesLayout Of(ValuesDocument document)
    {
        var values = HelmValues.Read(document);
        bool Has(ChartVersion chart, ChartVersion other) => ValuesCatalogue.Instance.Values.Any(value =>
            value.KeyIn(chart) is { } key && !(value.KeyIn(other)?.Equals(key) ?? false) && value.Keys.Count > 1 | value.KeyIn(other) is null
            && value.Section != "dependencies" && document.Find(key) is not null && values.At(key) is not null);
        return (Has(LastFlat, Nested), Has(Nested, LastFlat)) switch
        {
            (true, true) => ValuesLayout.Mixed,
            (true, false) => ValuesLayout.Flat,
            (false, true) => ValuesLayout.Nested,
            _ => ValuesLayout.Either,
        };
    }
}
