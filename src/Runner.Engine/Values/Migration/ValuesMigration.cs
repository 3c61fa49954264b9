using System.Text.Json;

namespace Runner.Engine.Values;

/// <summary>What a migration did with a key.</summary>
public enum MigrationAct
{
    /// <summary>It has another place or name now.</summary>
    Moved,

    /// <summary>Its value has another type now, with the same meaning.</summary>
    Converted,

    /// <summary>No chart of the target reads it: it is gone from the file.</summary>
    Removed,

    /// <summary>It stays as it is and must be looked at by a person.</summary>
    LeftAlone,
}

/// <summary>What a migration did with one key, and why.</summary>
/// <param name="To">Where it is now; null where it is not.</param>
public sealed record MigrationStep(MigrationAct Act, KeyPath From, KeyPath? To, LocalText Why);

/// <summary>A migrated file.</summary>
/// <param name="Before">The file as it was: taking the migration back is taking this.</param>
public sealed record MigratedValues(ValuesDocument Before, ValuesDocument After, ChartVersion Chart, IReadOnlyList<MigrationStep> Steps)
{
    /// <summary>The one change of the text that takes the migration back.</summary>
    public TextChange Undo => new(0, After.Text, Before.Text);
}

/// <summary>Brings a file to the keys and types of another chart, older or newer. Pure.</summary>
public static class ValuesMigration
{
    private static readonly ValuesCatalogue Catalogue = ValuesCatalogue.Instance;

    /// <summary>Migrates a file. Keys that are not known stay; keys that are in the file under both their names stay and are reported.</summary>
    public static MigratedValues Run(ValuesDocument document, ChartVersion chart)
    {
        var (after, steps) = (document, new List<MigrationStep>());
        foreach (var (from, to) in GroupMoves.Find(document, chart))
        {
            // Where another group took the place, the keys go one by one.
            after = after.Find(to) is null ? Move(after, from, to, steps) : after;
        }

        foreach (var value in Catalogue.Values)
        {
            after = Migrate(after, value, chart, steps);
        }

        return new(document, after, chart, steps);
    }

    private static ValuesDocument Migrate(ValuesDocument document, ValueDefinition value, ChartVersion chart, List<MigrationStep> steps)
    {
        var target = value.KeyIn(chart);
        foreach (var path in value.Keys.Select(key => key.Path).Concat(value.Mistakes).Where(path => document.Find(path) is not null).ToList())
        {
            var key = value.Keys.FirstOrDefault(known => known.Path.Equals(path));
            if (key is { Inert: true } || path.Equals(target) || (target is not null && key is not null && key.Charts.Has(chart) && document.Find(target) is not null))
            {
                continue;
            }

            document = target is null ? Remove(document, path, chart, steps) : Move(document, path, target, steps);
        }

        return target is not null ? Convert(document, value, target, chart, steps) : document;
    }

    private static ValuesDocument Move(ValuesDocument document, KeyPath from, KeyPath to, List<MigrationStep> steps)
    {
        if (document.Find(to) is not null)
        {
            steps.Add(new(MigrationAct.LeftAlone, from, null, new($"'{to}' is in the file too: keep the one that is meant.", $"文件中同时有 '{to}'：请保留需要的一个。")));
            return document;
        }

        var moved = document.Move(from, to, Catalogue.Order);
        steps.Add(moved is not null
            ? new(MigrationAct.Moved, from, to, new($"'{from}' is '{to}' in this chart.", $"'{from}' 在此 Chart 中为 '{to}'。"))
            : new(MigrationAct.LeftAlone, from, null, new($"It must become '{to}', but is written in a way that cannot be moved here: move it in the file's text.", $"它应改为 '{to}'，但其写法无法自动移动：请在文件文本中移动。")));
        return moved ?? document;
    }

    private static ValuesDocument Remove(ValuesDocument document, KeyPath path, ChartVersion chart, List<MigrationStep> steps)
    {
        try
        {
            var after = document.Remove(path);
            steps.Add(new(MigrationAct.Removed, path, null, new($"Chart {chart} does not read it.", $"Chart {chart} 不读取它。")));
            return after;
        }
        catch (ValuesException exception)
        {
            steps.Add(new(MigrationAct.LeftAlone, path, null, exception.Problem.Message));
            return document;
        }
    }

    private static ValuesDocument Convert(ValuesDocument document, ValueDefinition value, KeyPath path, ChartVersion chart, List<MigrationStep> steps)
    {
        if (document.Find(path) is not { Kind: YamlKind.Scalar, IsNull: false } node)
        {
            return document;
        }

        var (kind, written) = (value.KindIn(chart), HelmScalar.Read(node)!);
        var text = HelmValues.Print(written);
        var given = written.GetValueKind();
        YamlValue? converted = kind switch
        {
            ValueKind.Boolean when given == JsonValueKind.String && text is "true" or "false" => YamlValue.Of(text == "true"),
            ValueKind.Flag when given is JsonValueKind.True or JsonValueKind.False => YamlValue.Of(text),
            ValueKind.Integer when given == JsonValueKind.String && long.TryParse(text, out var number) => YamlValue.Of(number),
            ValueKind.Text when given is JsonValueKind.Number => YamlValue.Of(node.Value),
            _ => null,
        };
        if (converted is null)
        {
            return document;
        }

        // Charts that take the text "false" for true have no way to say false but by leaving it out.
        if (kind == ValueKind.Flag && text == "false" && path.ToString() == "registry.insecure")
        {
            return Remove(document, path, chart, steps);
        }

        var why = path.ToString() == "registry.insecure" && text == "false"
            ? new LocalText("The text \"false\" was taken for true before; now it is false, and certificates are checked.", "以前文本 \"false\" 被视为 true；现在为 false，将校验证书。")
            : new LocalText($"Chart {chart} wants it in another type.", $"Chart {chart} 要求另一种类型。");
        try
        {
            // A quoted text becomes a literal: the quotes go with it.
            var after = document.Set(path, converted);
            steps.Add(new(MigrationAct.Converted, path, path, why));
            return after;
        }
        catch (ValuesException exception)
        {
            steps.Add(new(MigrationAct.LeftAlone, path, null, exception.Problem.Message));
            return document;
        }
    }
}
