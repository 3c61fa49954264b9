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

    private const string Blocks = """
        gateway:
          privateKey: |
            -----BEGIN KEY-----
            bGluZSBvbmU
            Proc-Type: 4,ENCRYPTED
            -----END KEY-----  
        redis: {host: r, password: short}
        hubAPIToken:
          f3c9a0d1
        region: a

        """;

    private static readonly string[] BlockSecrets = ["bGluZSBvbmU", "BEGIN KEY", "4,ENCRYPTED", "short", "f3c9a0d1"];

    [Theory]
    [InlineData("region: a", "regi")]
    [InlineData("region: a", "region: \"a")]
    [InlineData("region: a", "\tregion: a")]
    [InlineData("gateway:", "gatewa")]
    [InlineData("privateKey: |", "privateKey |")]
    [InlineData("bGluZSBvbmU", "bGluZSBvbmU\n and-more")]
    public void Secrets_of_several_lines_are_hidden_again_in_the_middle_of_a_line_and_come_back(string old, string half)
    {
        var text = Blocks.Replace(old, half, StringComparison.Ordinal) + "half-typed\n";
        Assert.False(IsReadable(text));
        var veil = new SecretVeil(Blocks, masked: true);
        Assert.DoesNotContain(BlockSecrets, secret => veil.Shown.Contains(secret, StringComparison.Ordinal));

        // Typed while they were shown, and hidden then.
        var open = veil.As(masked: false);
        open = open.Over(open.Reveal(text));
        Assert.Equal(text, open.Shown);
        var hidden = open.As(masked: true);

        Assert.DoesNotContain(BlockSecrets, secret => hidden.Shown.Contains(secret, StringComparison.Ordinal));
        Assert.Equal(text, hidden.Reveal(hidden.Shown));
        Assert.Equal("# first\n" + text, hidden.Reveal("# first\n" + hidden.Shown));
    }

    [Fact]
    public void A_secret_of_several_lines_is_as_before_after_half_a_line_was_typed_elsewhere()
    {
        var veil = new SecretVeil(Blocks, masked: true);
        foreach (var typed in new[] { "region", "regi", "region: b" })
        {
            var shown = veil.Shown.Replace("region: a", typed, StringComparison.Ordinal).Replace("regi\n", typed + "\n", StringComparison.Ordinal).Replace("region\n", typed + "\n", StringComparison.Ordinal);
            veil = veil.Over(veil.Reveal(shown));
            Assert.Equal(shown, veil.Shown);
        }

        Assert.Equal(Blocks.Replace("region: a", "region: b", StringComparison.Ordinal), veil.Reveal(veil.Shown));
    }

    [Fact]
    public void Of_a_file_that_could_never_be_read_what_stands_at_keys_of_secrets_is_hidden_and_comes_back()
    {
        const string Text = "region a\nregistry:\n  password: 'p4ss\n  user: u\nlist:\n- token: t0k\n- name: n # hunter22\nminio: {secretKey: k3y}\nexistingSecret:\n  inner: v4l\n\"apiToken\" : |\n   l1ne\n   l2ne: x\n";
        Assert.False(IsReadable(Text));
        var veil = new SecretVeil(Text, masked: true);

        Assert.DoesNotContain(["p4ss", "t0k", "k3y", "v4l", "l1ne"], secret => veil.Shown.Contains(secret, StringComparison.Ordinal));
        Assert.Contains("  user: u\nlist:\n", veil.Shown, StringComparison.Ordinal);
        Assert.Contains("- name: n # hunter22\n", veil.Shown, StringComparison.Ordinal);
        Assert.Equal(Text, veil.Reveal(veil.Shown));
        Assert.Equal(Text.Replace("region a", "region: a", StringComparison.Ordinal), veil.Reveal(veil.Shown.Replace("region a", "region: a", StringComparison.Ordinal)));
        Assert.Equal(Text, veil.As(masked: false).Shown);
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
