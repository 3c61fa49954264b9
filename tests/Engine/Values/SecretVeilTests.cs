using Runner.Engine.Values;
using Runner.Tests.Support;

namespace Runner.Tests.Engine.Values;

/// <summary>A file is edited through its masked form, and comes back with its secrets.</summary>
public sealed class SecretVeilTests
{
    private static readonly string Sample = File.ReadAllText(Path.Combine(Repository.Root, "samples", "custom-values-flat.yaml"));

    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    public void What_was_not_edited_is_the_file_byte_by_byte(string mark)
    {
        foreach (var text in new[] { mark + Sample, mark + Sample.Replace("\n", "\r\n", StringComparison.Ordinal) })
        {
            var veil = new SecretVeil(text, masked: true);

            Assert.DoesNotContain("s3cr3t", veil.Shown, StringComparison.Ordinal);
            Assert.Equal(text, veil.Reveal(veil.Shown));
        }
    }

    [Fact]
    public void An_edit_elsewhere_leaves_every_secret_and_its_quotes()
    {
        var veil = new SecretVeil(Sample, masked: true);

        var edited = veil.Reveal(veil.Shown.Replace("region: cn-north  ", "region: cn-south  ", StringComparison.Ordinal));

        Assert.Equal(Sample.Replace("region: cn-north  ", "region: cn-south  ", StringComparison.Ordinal), edited);
    }

    [Fact]
    public void An_edit_in_the_line_of_a_secret_keeps_the_secret()
    {
        var veil = new SecretVeil(Sample, masked: true);

        var edited = veil.Reveal(veil.Shown.Replace("# rotate in January", "# rotate in May", StringComparison.Ordinal));

        Assert.Equal(Sample.Replace("# rotate in January", "# rotate in May", StringComparison.Ordinal), edited);
    }

    [Fact]
    public void A_secret_that_is_typed_over_is_the_new_one()
    {
        var veil = new SecretVeil(Sample, masked: true);

        var edited = veil.Reveal(veil.Shown.Replace($"hubAPIToken: \"{ValuesMask.Placeholder}\"", "hubAPIToken: \"a-new-one-77\"", StringComparison.Ordinal));

        Assert.Equal(Sample.Replace("f3c9a0d1b2e4", "a-new-one-77", StringComparison.Ordinal), edited);
    }

    [Fact]
    public void Lines_that_come_and_go_take_no_secret_along()
    {
        var veil = new SecretVeil(Sample, masked: true);

        var edited = veil.Reveal("# one more line\n" + veil.Shown.Replace("kymlMode: update\n", "", StringComparison.Ordinal));

        Assert.Equal("# one more line\n" + Sample.Replace("kymlMode: update\n", "", StringComparison.Ordinal), edited);
    }

    [Fact]
    public void A_secret_of_several_lines_is_kept_too()
    {
        const string Text = "hubAPIToken: |\n  first\n  second\nregion: a\n";
        var veil = new SecretVeil(Text, masked: true);
        Assert.DoesNotContain("first", veil.Shown, StringComparison.Ordinal);

        var edited = veil.Reveal(veil.Shown.Replace("region: a", "region: b", StringComparison.Ordinal));

        Assert.Equal("first\nsecond\n", (string?)HelmValues.Read(ValuesDocument.Parse(edited))["hubAPIToken"]);
        Assert.EndsWith("region: b\n", edited, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kymlMode: update", "kymlMode: merge")]
    [InlineData("hubAPIToken: ", "hubAPIToken: ")]
    public void What_is_typed_letter_by_letter_keeps_every_secret_and_shows_none(string old, string typed)
    {
        var veil = new SecretVeil(Sample, masked: true);
        var (before, after) = (veil.Shown[..veil.Shown.IndexOf(old, StringComparison.Ordinal)], veil.Shown[(veil.Shown.IndexOf(old, StringComparison.Ordinal) + old.Length)..]);
        var text = Sample;
        var unreadable = 0;
        for (var letters = 0; letters <= typed.Length; letters++)
        {
            text = veil.Reveal(before + typed[..letters] + after);
            veil = veil.Over(text);
            unreadable += IsReadable(text) ? 0 : 1;
            Assert.DoesNotContain("s3cr3t", veil.Shown, StringComparison.Ordinal);
            Assert.DoesNotContain("f3c9a0d1b2e4", veil.Shown, StringComparison.Ordinal);
        }

        Assert.NotEqual(0, unreadable);
        Assert.Equal(Sample.Replace(old, typed, StringComparison.Ordinal), text);
    }

    [Fact]
    public void A_file_in_the_middle_of_a_line_is_shown_and_hidden_as_any_other()
    {
        var veil = new SecretVeil(Sample, masked: true);
        var half = veil.Shown.Replace("kymlMode: update", "kymlMo", StringComparison.Ordinal);
        veil = veil.Over(veil.Reveal(half));
        Assert.Equal(half, veil.Shown);

        veil = veil.As(masked: false);
        Assert.Equal(Sample.Replace("kymlMode: update", "kymlMo", StringComparison.Ordinal), veil.Shown);
        Assert.Equal(half, veil.As(masked: true).Shown);
        Assert.Equal(Sample, veil.Over(veil.Reveal(Sample)).As(masked: true).Reveal(new SecretVeil(Sample, masked: true).Shown));
    }

    [Fact]
    public void A_placeholder_where_no_secret_was_stays_and_fails_the_check()
    {
        var veil = new SecretVeil("region: a\n", masked: true);

        var edited = veil.Reveal($"region: a\nregistry:\n  password: \"{ValuesMask.Placeholder}\"\n");

        Assert.Contains(ValuesMask.Placeholder, edited, StringComparison.Ordinal);
        Assert.Contains(ValuesCheck.Run(ValuesDocument.Parse(edited), new(ChartVersion.Newest)), problem => problem.Severity == ProblemSeverity.Error && problem.Path.ToString() == "registry.password");
    }

    private static bool IsReadable(string text)
    {
        try
        {
            return ValuesDocument.Parse(text) is not null;
        }
        catch (ValuesException)
        {
            return false;
        }
    }
}
