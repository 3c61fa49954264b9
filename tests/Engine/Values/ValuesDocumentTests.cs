using System.Text;
using Runner.Engine.Values;

namespace Runner.Tests.Engine.Values;

/// <summary>Edits of an administrator's file, and files that cannot be read.</summary>
public sealed class ValuesDocumentTests
{
    private static ValuesDocument Sample() => ValuesDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "samples", "custom-values-flat.yaml")));

    [Fact]
    public void Five_edits_of_the_sample_change_five_lines()
    {
        var before = Sample();
        var after = before
            .Set(KeyPath.Parse("interval"), YamlValue.Of(30))
            .Set(KeyPath.Parse("hubAPIToken"), YamlValue.Of("0a1b2c"))
            .Set(KeyPath.Parse("registry.password"), YamlValue.Of("new: # 'pass' \"word\""))
            .Set(KeyPath.Parse("logcollector.loki.address"), YamlValue.Of("http://loki:3100"))
            .Set(KeyPath.Parse("gpuModelLabel.capacityLabel"), YamlValue.Of("amd.com/gpu"));
        var changed = before.Text.Split('\n').Zip(after.Text.Split('\n')).Where(pair => pair.First != pair.Second).Select(pair => pair.Second);
        Assert.Equal(
        [
            "hubAPIToken: \"0a1b2c\"     # rotate in January",
            "interval: 30",
            "gpuModelLabel: { typeLabel: \"nvidia.com/gpu.product\", capacityLabel: \"amd.com/gpu\" }",
            "  loki: {address: \"http://loki:3100\"}",
            "  password: \"new: # 'pass' \\\"word\\\"\"",
        ], changed);
        Assert.Equal(before.Text.Count(character => character == '\n'), after.Text.Count(character => character == '\n'));
    }

    [Theory]
    [InlineData("a: &x v # c\n", "a: &x new # c\n")]
    [InlineData("a: # c\n", "a: new # c\n")]
    [InlineData("a:\nb: 1", "a: new\nb: 1")]
    [InlineData("a: 'old'\r\nb: 1\r\n", "a: 'new'\r\nb: 1\r\n")]
    [InlineData("a: |\n  x\n  y\n\n# c\nb: 1\n", "a: new\n\n# c\nb: 1\n")]
    [InlineData("{b: 1, a: , c: 2}", "{b: 1, a: new , c: 2}")]
    [InlineData("a: 1\na: 2\n", "a: 1\na: new\n")]
    [InlineData("x: &n 1\na: *n\n", "x: &n 1\na: new\n")]
    [InlineData("a:\n  # c\n  - x\n  - y\nb: 1\n", "a: new\n  # c\nb: 1\n")]
    [InlineData("\uFEFF# head\nb: 1", "\uFEFF# head\nb: 1\na: new")]
    [InlineData("", "a: new\n")]
    [InlineData("# only\r\n", "# only\r\na: new\r\n")]
    public void A_value_is_set_where_it_stands_in_the_manner_of_the_file(string before, string after) =>
        Assert.Equal(after, ValuesDocument.Parse(before).Set(KeyPath.Parse("a"), YamlValue.Of("new")).Text);

    [Theory]
    [InlineData("a: 1 # mine\nb: 2\n", "b: 2\n")]
    [InlineData("# head\n\n# mine\na: 1\nb: 2\n", "# head\n\nb: 2\n")]
    [InlineData("# head\na: 1\nb: 2\n", "# head\nb: 2\n")]
    [InlineData("b: 2\na:\n  - 1\n  # - 2\nc: 3\n", "b: 2\nc: 3\n")]
    [InlineData("b: {x: 1, a: 2}\na: {y: 1}\n", "b: {x: 1, a: 2}\n")]
    [InlineData("b: 2", "b: 2")]
    public void A_key_goes_with_its_own_comments(string before, string after) =>
        Assert.Equal(after, ValuesDocument.Parse(before).Remove(KeyPath.Parse("a")).Text);

    [Fact]
    public void A_map_that_is_left_empty_goes_too()
    {
        var document = ValuesDocument.Parse("logcollector:\n  # where\n  loki: {address: x}\nb: 1\n");
        Assert.Equal("b: 1\n", document.Remove(KeyPath.Parse("logcollector.loki.address")).Text);
    }

    [Fact]
    public void A_missing_key_is_added_in_its_place_with_the_maps_above_it()
    {
        string[] order = ["region", "registry", "username", "password", "tempo"];
        var document = ValuesDocument.Parse("region: x # r\nregistry:\n    username: u\n    # more\ntempo: {}\n")
            .Set(KeyPath.Parse("registry.password"), YamlValue.Of("p"), path => Array.IndexOf(order, path.Last.Key))
            .Set(KeyPath.Parse("runner.imageBuilder.args"), new YamlValue.List([YamlValue.Of("--a")]));
        Assert.Equal("region: x # r\nregistry:\n    username: u\n    password: p\n    # more\ntempo: {}\nrunner:\n  imageBuilder:\n    args:\n      - \"--a\"\n", document.Text);
    }

    [Theory]
    [InlineData("a: 1\n\tb: 2\n", "tab-indentation", 2, 1)]
    [InlineData("a:\n  b: 1\n \tc: 2\n", "tab-indentation", 3, 2)]
    [InlineData("a: 1\n---\nb: 2\n", "several-documents", 2, 1)]
    [InlineData("a: \"open\nb: 2\n", "syntax", 1, 4)]
    [InlineData("a: {b: 1\nc: 2\n", "syntax", 1, 6)]
    [InlineData("- a\n", "not-a-map", 1, 1)]
    [InlineData("a: 1\nb: *gone\n", "unknown-anchor", 2, 4)]
    [InlineData("? [a]\n: 1\n", "key-not-plain", 1, 3)]
    public void A_file_that_cannot_be_read_is_refused_with_line_and_column(string text, string code, int line, int column)
    {
        var problem = Assert.Throws<ValuesException>(() => ValuesDocument.Parse(text)).Problem;
        Assert.Equal((code, line, column), (problem.Code, problem.Line, problem.Column));
        Assert.NotEmpty(problem.Remedy.Chinese);
    }

    [Fact]
    public void Files_that_are_too_large_too_deep_or_no_text_are_refused()
    {
        Assert.Equal("too-large", Code(() => ValuesDocument.Parse(new string('#', ValuesDocument.MaxLength + 1))));
        Assert.Equal("too-deep", Code(() => ValuesDocument.Parse("a: " + new string('[', 20_000))));
        Assert.Equal("not-utf8", Code(() => ValuesDocument.Parse([0x61, 0x3a, 0x20, 0xff])));
    }

    [Fact]
    public void Files_as_large_as_any_are_checked_masked_and_edited_in_the_time_of_their_length()
    {
        // What grows with the square of the length takes minutes here and runs into the test's own end.
        var unknown = ValuesDocument.Parse(string.Concat(Enumerable.Range(0, 60_000).Select(number => $"key{number:000000}: {number}\n")));
        var problems = ValuesCheck.Run(unknown, new(ChartVersion.Newest));
        Assert.Equal(("unknown-keys", 201), (problems.Single(problem => problem.Code == "unknown-keys").Code, problems.Single(problem => problem.Code == "unknown-keys").Line));
        Assert.Contains("59800 more", problems.Single(problem => problem.Code == "unknown-keys").Message.English, StringComparison.Ordinal);
        Assert.Equal(unknown.Text.Length + 1, unknown.Set(KeyPath.Parse("key059999"), YamlValue.Of(100_000)).Text.Length);

        var secrets = ValuesDocument.Parse("environments:\n" + string.Concat(Enumerable.Range(0, 20_000).Select(number => $"  PASSWORD_{number:00000}: \"s3cret-{number:00000}\" # s3cret-{number:00000}\n")));
        Assert.DoesNotContain("s3cret", ValuesMask.Mask(secrets), StringComparison.Ordinal);
    }

    [Fact]
    public void Aliases_of_aliases_are_not_followed_without_end()
    {
        var text = "a: &a [x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(0, 9).Select(step => $"{(char)('b' + step)}: &{(char)('b' + step)} [{string.Join(',', Enumerable.Repeat($"*{(char)('a' + step)}", 9))}]\n"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var problem = Assert.Single(ValuesCheck.Run(ValuesDocument.Parse(text), new(ChartVersion.Newest)));
        Assert.Equal("too-many-aliases", problem.Code);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 200_000_000, "It takes too much memory.");
        Assert.Equal("too-deep", Code(() => ValuesDocument.Parse(string.Concat(Enumerable.Range(0, 600).Select(depth => new string(' ', depth * 2) + "k:\n")))));
    }

    [Fact]
    public void Whatever_is_given_is_read_or_refused_with_a_place()
    {
        const string odd = "\t\n\r{}[]:-?&*!|>'\"#%@`,~ \uFEFF\0\u2028\uD800";
        for (var seed = 0; seed < 3000; seed++)
        {
            var text = new GeneratedValues(seed).Make();
            var at = (int)((uint)(seed * 2654435761) % text.Length);
            text = seed % 11 == 0 ? text + "---\nsecond: document\n" : seed % 3 == 0 ? text[..at] : text[..at] + odd[seed % odd.Length] + text[(at + (seed % 2))..];
            try
            {
                Assert.Equal(text, ValuesDocument.Parse(text).Text);
            }
            catch (ValuesException exception)
            {
                Assert.InRange(exception.Problem.Line, 1, text.Count(character => character == '\n') + 1);
                Assert.True(exception.Problem.Column >= 1);
            }
        }
    }

    [Theory]
    [InlineData("base: &b {x: 1}\na: *b\n", "base.x", "anchor")]
    [InlineData("base: &b {x: 1}\na: *b\n", "a.x", "alias")]
    [InlineData("a: text\n", "a.x", "not-a-map")]
    [InlineData("a: [1]\n", "a[1]", "list-item")]
    public void An_edit_that_would_change_something_else_is_refused(string text, string path, string code) =>
        Assert.Equal(code, Code(() => ValuesDocument.Parse(text).Set(KeyPath.Parse(path), YamlValue.Of(2))));

    [Theory]
    [InlineData("registry.password")]
    [InlineData("tolerations[0].key")]
    [InlineData("nodeSelector[\"kubernetes.io/arch\"].x[\"a\\\"b\"]")]
    public void A_path_is_written_as_it_was_read(string path) => Assert.Equal(path, KeyPath.Parse(path).ToString());

    private static string Code(Action edit) => Assert.Throws<ValuesException>(edit).Problem.Code;
}
