using Runner.Engine.Values;

namespace Runner.Tests.Engine.Values;

/// <summary>Edits of thousands of generated files: only what is edited differs, in the bytes and in what they say, and every edit can be taken back.</summary>
public sealed class ValuesDocumentProperties
{
    private const int Documents = 3000;

    private static readonly YamlValue[] Values =
    [
        YamlValue.Of("new"), YamlValue.Of("true"), YamlValue.Of(""), YamlValue.Of("p@ss: with # and 'quotes' \"too\""), YamlValue.Of("two\nlines\t😀"), YamlValue.Of("- x"), YamlValue.Of("*a"), YamlValue.Of("30m"),
        YamlValue.Of(true), YamlValue.Of(-17), YamlValue.Null,
        new YamlValue.List([YamlValue.Of("--verbosity=debug"), YamlValue.Of("b, c")]), new YamlValue.List([]), new YamlValue.Map([]),
        new YamlValue.Map([new("cpu", YamlValue.Of("250m")), new("nested", new YamlValue.List([new YamlValue.Map([new("a", YamlValue.Of(1)), new("b", YamlValue.Null)])]))]),
    ];

    [Fact]
    public void An_edit_changes_what_it_edits_and_nothing_else_and_can_be_taken_back()
    {
        var (made, refused) = (0, new Dictionary<string, int>());
        for (var seed = 0; seed < Documents; seed++)
        {
            var generated = new GeneratedValues(seed);
            var text = generated.Make();
            var document = Parse(text);
            Assert.All(generated.Paths, path => Assert.NotNull(document.Find(path)));
            for (var edit = 0; edit < 4; edit++)
            {
                try
                {
                    Check(document, Edit(document, generated, edit, out var path, out var change), path, change);
                    made++;
                }
                catch (ValuesException exception)
                {
                    var code = exception.Problem.Code;
                    refused[code] = refused.GetValueOrDefault(code) + 1;
                }
            }
        }

        var tally = $"{made} made; refused: {string.Join(", ", refused)}";
        TestContext.Current.SendDiagnosticMessage(tally);
        Assert.All(refused.Keys, code => Assert.Contains(code, new[] { "alias", "anchor", "list-item", "not-a-map", "edit-unsafe", "duplicate-key" }));
        Assert.True(made > Documents * 3, tally);
        Assert.True(refused.GetValueOrDefault("edit-unsafe") < Documents * 2 / 5, tally);
    }

    private static ValuesDocument Parse(string text)
    {
        try
        {
            return ValuesDocument.Parse(text);
        }
        catch (ValuesException exception)
        {
            throw new InvalidDataException($"A generated file is refused: {exception.Message}\n{text}", exception);
        }
    }

    private static ValuesDocument Edit(ValuesDocument document, GeneratedValues generated, int edit, out KeyPath path, out TextChange change)
    {
        path = generated.Any(generated.Paths);
        switch (edit)
        {
            case 0:
                return document.Remove(path, out change);
            case 1:
                path = (path.Last.IsIndex || document.Find(path)!.Kind != YamlKind.Map ? KeyPath.Root : path).Child("added").Child("deeper");
                return document.Set(path, generated.Any(Values), key => int.TryParse(key.Last.Key.AsSpan(3), out var number) ? number : generated.Paths.Count / 2, out change);
            default:
                return document.Set(path, generated.Any(Values), null, out change);
        }
    }

    private static void Check(ValuesDocument before, ValuesDocument after, KeyPath path, TextChange change)
    {
        Assert.Equal(change.Removed, before.Text.Substring(change.Start, change.Removed.Length));
        Assert.Equal(change.ApplyTo(before.Text), after.Text);
        Assert.Equal(before.ToBytes(), after.Apply(change.Inverse).ToBytes());
        Assert.Equal(Leaves(before, path), Leaves(after, path));
        Assert.DoesNotContain('\r', before.Text.Contains('\r') ? after.Text.Replace("\r\n", "") : after.Text);
        Assert.DoesNotContain('\n', before.Text.Contains('\r') ? after.Text.Replace("\r\n", "") : "");
    }

    /// <summary>Every value of the file by its path, but what lies at, below or above the edited path (whose empty maps an edit makes and takes).</summary>
    private static List<string> Leaves(ValuesDocument document, KeyPath edited)
    {
        var leaves = new List<string>();
        Walk(document.Root, KeyPath.Root);
        return leaves;

        void Walk(YamlNode? node, KeyPath path)
        {
            if (node is null || path.StartsWith(edited))
            {
                return;
            }

            if (!edited.StartsWith(path))
            {
                leaves.Add($"{path} {node.Kind} {node.Anchor} {node.Tag} {node.Style} {node.Value}");
            }

            foreach (var key in node.Keys)
            {
                Walk(node[key], path.Child(key));
            }

            for (var index = 0; index < node.Items.Count; index++)
            {
                Walk(node.Items[index], path.Child(index));
            }
        }
    }
}
