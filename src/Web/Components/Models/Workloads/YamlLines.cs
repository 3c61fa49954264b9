namespace Runner.Web.Components.Models.Workloads;

/// <summary>One line of YAML in two parts that are drawn differently.</summary>
/// <param name="Key">Indentation and key up to the colon; empty for lines without a key.</param>
public readonly record struct YamlLine(string Key, string Rest);

/// <summary>Splits YAML that the console itself wrote for display: block style, one key a line.</summary>
public static class YamlLines
{
    public static IEnumerable<YamlLine> Of(string yaml)
    {
        var blockIndent = -1;
        foreach (var line in yaml.TrimEnd('\n').Split('\n'))
        {
            var indent = line.Length - line.TrimStart().Length;
            if (blockIndent >= 0 && (indent > blockIndent || line.Length == indent))
            {
                yield return new YamlLine("", line);
                continue;
            }

            blockIndent = -1;
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var isKey = colon > 0 && (colon + 1 == line.Length || line[colon + 1] == ' ') && !line.AsSpan(0, colon).Contains('"');
            yield return isKey ? new YamlLine(line[..(colon + 1)], line[(colon + 1)..]) : new YamlLine("", line);
            if (isKey && line[(colon + 1)..].Trim() is ['|' or '>', ..])
            {
                blockIndent = indent;
            }
        }
    }
}
