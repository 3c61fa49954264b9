using System.Text;

namespace Runner.Engine.Values;

/// <summary>Writes the documentation of every value from the catalogue, as Markdown. Pure.</summary>
public static class ValuesReference
{
    /// <summary>The tables, a section each.</summary>
    public static string Make(ValuesCatalogue catalogue)
    {
        var text = new StringBuilder("""
            # Values of the runner's chart

            Made from the catalogue (`Runner.Web values reference`); do not edit by hand. The first column has the name in this runner's chart, the second those in the official charts, which it takes too, but for names that ended with 1.15 or before.
            *Live* values reach a running runner through its ConfigMap, the others take effect with the next `helm upgrade`.


            """.ReplaceLineEndings("\n"));
        foreach (var section in catalogue.Sections)
        {
            text.Append("## ").Append(section).Append("\n\n| value | other names | default | takes effect | meaning |\n| --- | --- | --- | --- | --- |\n");
            foreach (var value in catalogue.Values.Where(value => value.Section == section))
            {
                var name = value.KeyIn(ChartVersion.Ours) ?? value.Id;
                var others = value.Keys.Where(key => !key.Path.Equals(name)).Select(key => $"`{key.Path}`{Charts(key.Charts)}");
                var gone = value.Keys[^1].Charts.Until is { } last ? $" (to {last})" : "";
                var fallback = HelmValues.Print(value.DefaultIn(ChartVersion.Ours));
                text.Append("| `").Append(name).Append('`').Append(gone).Append(" | ").Append(string.Join(", ", others)).Append(" | ").Append(fallback.Length > 0 ? $"`{Escaped(fallback)}`" : "–")
                    .Append(" | ").Append(value.Takes == TakesEffect.Live ? "live" : "upgrade").Append(" | ").Append(Escaped(value.Description.English))
                    .Append(value.Secret ? " Secret." : "").Append(value.Allowed.Count > 0 ? $" One of {string.Join(", ", value.Allowed.Select(allowed => $"`{allowed}`"))}." : "").Append(" |\n");
            }

            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    /// <summary>Which charts, where the beginning or the end of a name does not go without saying.</summary>
    private static string Charts(ChartRange charts) => charts switch
    {
        { Until: { } until } => $" (to {until})",
        { Since: { } since } => $" (since {since.AsBeginning})",
        _ => "",
    };

    private static string Escaped(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
