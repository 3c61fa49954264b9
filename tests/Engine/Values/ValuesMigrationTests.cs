using System.Text.Json.Nodes;
using Runner.Engine.Values;

namespace Runner.Tests.Engine.Values;

/// <summary>Files that go from one chart to another and back.</summary>
public sealed class ValuesMigrationTests
{
    private static readonly ChartVersion Newest = ChartVersion.Newest;

    private static ValuesDocument Sample() => ValuesDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "samples", "custom-values-flat.yaml")));

    [Fact]
    public void The_sample_becomes_nested_with_its_comments_and_its_way_of_writing()
    {
        var migrated = ValuesMigration.Run(Sample(), Newest);
        var text = migrated.After.Text;
        Assert.Contains("\nrunner:\n", text, StringComparison.Ordinal);
        Assert.Contains("  region: cn-north        # shows up in the hub's region list\n", text, StringComparison.Ordinal);
        Assert.Contains("  imageBuilderKanikoArgs:\n    - \"--snapshot-mode=redo\"\n    # - \"--verbosity=debug\"\n", text, StringComparison.Ordinal);
        Assert.Contains("  gpuModelLabel: { typeLabel: \"nvidia.com/gpu.product\", capacityLabel: \"nvidia.com/gpu\" }\n", text, StringComparison.Ordinal);
        Assert.Contains("      scaleToZeroPodRetentionPeriod: 30m\n", text, StringComparison.Ordinal);
        Assert.Contains("registry: &registry\n", text, StringComparison.Ordinal);
        Assert.Contains("  insecure: false\n", text, StringComparison.Ordinal);
        Assert.Contains("  pathStyle: true\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("kymlMode", text, StringComparison.Ordinal);
        Assert.DoesNotContain(migrated.Steps, step => step.Act == MigrationAct.LeftAlone);
        Assert.Equal((ValuesLayout.Flat, ValuesLayout.Nested), (ValuesLayouts.Of(migrated.Before), ValuesLayouts.Of(migrated.After)));
        Assert.Empty(ValuesCheck.Run(migrated.After, new(Newest)));
        Assert.Equal(Comments(migrated.Before), Comments(migrated.After));
        Assert.Equal(migrated.Before.ToBytes(), migrated.After.Apply(migrated.Undo).ToBytes());
    }

    [Fact]
    public void What_the_chart_makes_of_the_file_stays_the_same()
    {
        var migrated = ValuesMigration.Run(Sample(), Newest);
        var before = ValuesPrediction.ConfigMap(ChartVersion.Parse("2.1"), ReleaseIdentity.Usual, HelmValues.Read(migrated.Before)).Data;
        var after = ValuesPrediction.ConfigMap(Newest, ReleaseIdentity.Usual, HelmValues.Read(migrated.After)).Data;
        string[] charts = ["STARHUB_SERVER_S3_ENDPOINT", "STARHUB_SERVER_RUNNER_APPLICATION_ENDPOINT", "STARHUB_SERVER_RUNNER_IMAGE_BUILDER_KANIKO_ARGS"];
        Assert.All(before.Where(entry => !charts.Contains(entry.Key) && !string.IsNullOrEmpty(entry.Value)), entry => Assert.Equal(entry.Value, after[entry.Key]));
        Assert.EndsWith("--snapshot-mode=redo", after["STARHUB_SERVER_RUNNER_IMAGE_BUILDER_KANIKO_ARGS"], StringComparison.Ordinal);
    }

    [Fact]
    public void There_and_back_the_values_are_the_same()
    {
        var nested = ValuesMigration.Run(ValuesMigration.Run(Sample(), ChartVersion.Parse("2.1")).After, Newest);
        var back = ValuesMigration.Run(nested.After, ChartVersion.Parse("2.1"));
        var (before, after) = (HelmValues.Read(nested.Before), HelmValues.Read(back.After));
        before["registry"]!.AsObject().Remove("insecure");
        after["registry"]!.AsObject().Remove("insecure");
        Assert.True(JsonNode.DeepEquals(before, after), back.After.Text);
    }

    [Theory]
    [InlineData("# top\n\n# the region\nregion: x # here\nname: r\n", "# top\n\nname: r\nrunner:\n  # the region\n  region: x # here\n")]
    [InlineData("region: x\r\ninterval: 5\r\n", "runner:\r\n  region: x\r\n  interval: 5\r\n")]
    [InlineData("region: x", "runner:\n  region: x\n")]
    [InlineData("runner:\n    namespace: n\nregion: |\n  a\n\n  b\n", "runner:\n    region: |\n      a\n\n      b\n    namespace: n\n")]
    [InlineData("modelRegistry: m.example.com # mine\n", "model:\n  dockerRegBase: m.example.com # mine\n")]
    [InlineData("global:\n  ingress:\n    domain: d.example.com\n    tls:\n      # certificate\n      enabled: true\n      secretName: s\n",
        "global:\n  gateway:\n    external:\n      domain: d.example.com\n    tls:\n      # certificate\n      enabled: true\n      secretName: s\n")]
    [InlineData("{region: x, name: r}\n", "{name: r, runner: {region: x}}\n")]
    [InlineData("runner:\n  heartbeatIntervalInSec: 30 # why\n", "runner:\n  hearbeatIntervalInSec: 30 # why\n")]
    [InlineData("mine: 1\n# c\nregion: &r x\n", "runner:\n  # c\n  region: &r x\nmine: 1\n")]
    [InlineData("# head\n\n# all of it\nglobal: # ours\n  # the site\n  ingress: # old\n    domain: d.example.com # mine\n    # tls: later\nname: r\n",
        "# head\n\n# all of it\nglobal: # ours\n  gateway:\n    # the site\n    external: # old\n      domain: d.example.com # mine\n      # tls: later\nname: r\n")]
    [InlineData("# head\n\nglobal:\n  # the site\n  ingress: # old\n    # cert\n    tls: {enabled: false}\n    # where\n    domain: d.example.com # mine\n    # more: later\nname: r\n",
        "# head\n\nglobal:\n  gateway:\n    external:\n      # the site\n      # old\n      # more: later\n      # where\n      domain: d.example.com # mine\n    # cert\n    tls: {enabled: false}\nname: r\n")]
    [InlineData("global: {ingress: {domain: d.example.com}} # ours\nname: r\n", "global: {gateway: {external: {domain: d.example.com}}} # ours\nname: r\n")]
    [InlineData("gpuModelLabel: # both\r\n  typeLabel: a/b\r\nname: r\r\n", "name: r\r\nspace:\r\n  gpuModelLabel: # both\r\n    typeLabel: a/b\r\n")]
    public void Keys_move_as_they_are_written(string before, string after)
    {
        var migrated = ValuesMigration.Run(ValuesDocument.Parse(before), Newest);
        Assert.Equal(after, migrated.After.Text);
        Assert.Equal(before, migrated.After.Apply(migrated.Undo).Text);
    }

    /// <summary>The nested layout came in the middle of the line 2.2.</summary>
    [Theory]
    [InlineData("2.2.1", "2.2.2", "region: x\n", "runner:\n  region: x\n")]
    [InlineData("2.2.4", "2.2.0", "runner:\n  region: x\n", "region: x\n")]
    [InlineData("2.4.0", "2.4.1", "runner:\n  hearBeatIntervalInSec: 30\n", "runner:\n  hearbeatIntervalInSec: 30\n")]
    [InlineData("2.4.1", "3.0", "runner:\n  hearbeatIntervalInSec: 30\n", "runner:\n  heartbeatIntervalInSec: 30\n")]
    public void A_key_is_moved_within_a_line_too_where_it_was_renamed_there_and_the_chart_reads_it_then(string from, string to, string before, string after)
    {
        var migrated = ValuesMigration.Run(ValuesDocument.Parse(before), ChartVersion.Parse(to));

        Assert.Equal(after, migrated.After.Text);
        var was = ValuesPrediction.ConfigMap(ChartVersion.Parse(from), ReleaseIdentity.Usual, HelmValues.Read(migrated.Before)).Data;
        var ignored = ValuesPrediction.ConfigMap(ChartVersion.Parse(to), ReleaseIdentity.Usual, HelmValues.Read(migrated.Before)).Data;
        var becomes = ValuesPrediction.ConfigMap(ChartVersion.Parse(to), ReleaseIdentity.Usual, HelmValues.Read(migrated.After)).Data;
        var key = before.Contains("region", StringComparison.Ordinal) ? "STARHUB_SERVER_CLUSTER_REGION" : "STARHUB_SERVER_RUNNER_HEARTBEAT_INTERVAL_IN_SEC";
        Assert.Equal(was[key], becomes[key]);
        Assert.True(to == "3.0" || ignored[key] != was[key]);
    }

    [Fact]
    public void A_key_that_is_there_under_both_names_is_left_to_a_person()
    {
        var migrated = ValuesMigration.Run(ValuesDocument.Parse("region: a\nrunner: {region: b}\n"), Newest);
        Assert.Equal(MigrationAct.LeftAlone, Assert.Single(migrated.Steps).Act);
        Assert.Same(migrated.Before, migrated.After);
    }

    [Fact]
    public void Generated_files_keep_every_value_between_any_two_charts()
    {
        for (var seed = 0; seed < LongRun.Of(200, 2000); seed++)
        {
            var generated = new GeneratedConfiguration(seed);
            var (from, to) = (ChartVersion.Parse(generated.Line()), ChartVersion.Parse(generated.Line()));
            var document = generated.Make(from);
            var migrated = ValuesMigration.Run(document, to);
            Assert.Equal(document.Text, migrated.After.Apply(migrated.Undo).Text);
            Assert.DoesNotContain(migrated.Steps, step => step.Act == MigrationAct.LeftAlone);
            var (was, becomes) = (HelmValues.Read(document), HelmValues.Read(migrated.After));
            foreach (var value in ValuesCatalogue.Instance.Values.Where(value => value.KeyIn(from) is { } key && value.KeyIn(to) is not null && was.At(key) is not null && value.Id.ToString() != "registry.insecure"))
            {
                Assert.True(HelmValues.Print(was.At(value.KeyIn(from)!)) == HelmValues.Print(becomes.At(value.KeyIn(to)!)), $"{value.Id} from {from} to {to}, seed {seed}:\n{document.Text}\n---\n{migrated.After.Text}");
            }

            Assert.Equal("mine", HelmValues.Print(becomes["unknownToAnyChart"]));
            Assert.DoesNotContain(ValuesCheck.Run(migrated.After, new(to)), problem => problem.Severity == ProblemSeverity.Error);
        }
    }

    [Fact]
    public void A_difference_is_shown_as_diff_does()
    {
        Assert.Equal("--- a\n+++ b\n@@ -2,3 +2,3 @@\n x\n-y\n+Y\n z\n", ValuesDiff.Unified("w\nx\ny\nz\nq\n", "w\nx\nY\nz\nq\n", "a", "b", 1));
        Assert.Equal("", ValuesDiff.Unified("same\n", "same\n", "a", "b"));
    }

    private static List<string> Comments(ValuesDocument document) =>
        [.. document.Text.Split('\n').Where(line => line.Contains("# ")).Select(line => line[line.IndexOf("# ", StringComparison.Ordinal)..]).Order(StringComparer.Ordinal)];
}
