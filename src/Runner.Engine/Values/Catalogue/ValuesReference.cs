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

            Made from the catalogue (`Runner.Web values reference`); do not edit by hand. Older names of a value are taken too: the first column has the name of today, the second the ones before.
            *Live* values reach a running runner through its ConfigMap, the others take effect with the next `helm upgrade`.


            """.ReplaceLineEndings("\n"));
        foreach (var section in catalogue.Sections)
        {
            text.Append("## ").Append(section).Append("\n\n| value | older names | default | takes effect | meaning |\n| --- | --- | --- | --- | --- |\n");
            foreach (var value in catalogue.Values.Where(value => value.Section == section))
            {
                var older = value.Keys.SkipLast(1).Select(key => $"`{key.Path}`{(key.Charts.Until is { } until ? $" (to {until})" : "")}");
                var gone = value.Keys[^1].Charts.Until is { } last ? $" (to {last})" : "";
                var fallback = HelmValues.Print(value.DefaultIn(ChartVersion.Ours));
                text.Append("| `").Append(value.Id).Append('`').Append(gone).Append(" | ").Append(string.Join(", ", older)).Append(" | ").Append(fallback.Length > 0 ? $"`{Escaped(fallback)}`" : "–")
                    .Append(" | ").Append(value.Takes == TakesEffect.Live ? "live" : "upgrade").Append(" | ").Append(Escaped(value.Description.English))
                    .Append(value.Secret ? " Secret." : "").Append(value.Allowed.Count > 0 ? $" One of {string.Join(", ", value.Allowed.Select(allowed => $"`{allowed}`"))}." : "").Append(" |\n");
            }

            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static string Escaped(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
