using Runner.Engine.Values;

namespace Runner.Tests.Engine.Values;

/// <summary>The catalogue of values against what the official charts were seen to do.</summary>
public sealed class ValuesCatalogueTests
{
    private static readonly ValuesCatalogue Catalogue = ValuesCatalogue.Instance;

    public static TheoryData<string> Charts => ["1.16.1", "1.17.0", "2.4.1"];

    [Theory]
    [MemberData(nameof(Charts))]
    public void A_key_that_changed_something_is_read_by_the_chart_and_sets_what_changed(string chart)
    {
        var recording = HelmRecording.Of(chart);
        foreach (var effect in recording.Effects.Where(effect => !effect.Ignored && effect.Refused is null))
        {
            var sets = new HashSet<string>();
            foreach (var (path, _) in effect.Set)
            {
                var read = Catalogue.Values.Where(value => value.Keys.Any(key => (path.StartsWith(key.Path) || key.Path.StartsWith(path)) && key.Charts.Has(recording.Chart) && !key.Inert)).ToList();
                Assert.True(read.Count > 0, $"{effect} does something in {chart}.");
                sets.UnionWith(read.SelectMany(value => value.ConfigMapKeys));
                Assert.True(effect.ConfigMap.Count > 0 || read.Any(value => value.Renders.Count > 0), $"{effect} renders something else.");
            }

            Assert.All(effect.ConfigMap.Keys, key => Assert.True(sets.Contains(key) || effect.ToString().Contains("isBuiltIn"), $"{effect} also sets {key}."));
        }
    }

    [Theory]
    [MemberData(nameof(Charts))]
    public void Every_key_that_was_tried_is_known(string chart) =>
        Assert.All(HelmRecording.Of(chart).Effects.SelectMany(effect => effect.Set), set => Assert.True(Catalogue.Find(set.Key) is not null || Catalogue.IsGroup(set.Key), set.Key.ToString()));

    [Fact]
    public void Every_value_is_described_in_both_languages_and_has_one_key_at_most_in_every_line_of_charts()
    {
        foreach (var value in Catalogue.Values)
        {
            Assert.All([value.Title, value.Description], text => Assert.True(text.English.Length > 1 && text.Chinese.Length > 1, value.Id.ToString()));
            Assert.True(value.Title.English == value.Title.Chinese || value.Description.Chinese.Any(character => character is >= '\u4e00' and <= '\u9fff'), value.Id.ToString());
            foreach (var line in ChartVersion.Lines)
            {
                var keys = value.Keys.Where(key => key.Charts.Has(ChartVersion.Parse(line))).Select(key => key.Path).Distinct().ToList();
                // The namespaces alone are read in both layouts by 1.16 to 2.1.
                Assert.True(keys.Count <= 1 || value.Id.Last.Key is "namespace" or "mergingNamespace", $"{value.Id} has {keys.Count} keys in {line}.");
            }
        }

        Assert.Equal(4, Catalogue.Values.Count(value => value.Secret));
    }

    [Theory]
    [InlineData("runner.region", "2.1", "region")]
    [InlineData("runner.region", "2.2.0", "region")]
    [InlineData("runner.region", "2.2.1", "region")]
    [InlineData("runner.region", "2.2.2", "runner.region")]
    [InlineData("runner.region", "2.2", "runner.region")]
    [InlineData("runner.allowCpuOnGpuNodes", "2.2.2", null)]
    [InlineData("runner.allowCpuOnGpuNodes", "2.2.3", "runner.allowCpuOnGpuNodes")]
    [InlineData("runner.hearbeatIntervalInSec", "2.2.1", null)]
    [InlineData("runner.hearbeatIntervalInSec", "2.2.2", "runner.hearBeatIntervalInSec")]
    [InlineData("runner.hearbeatIntervalInSec", "3.0", "runner.heartbeatIntervalInSec")]
    [InlineData("runner.hearbeatIntervalInSec", "2.4.0", "runner.hearBeatIntervalInSec")]
    [InlineData("runner.hearbeatIntervalInSec", "2.4.1", "runner.hearbeatIntervalInSec")]
    [InlineData("model.dockerRegBase", "1.12.1", "modelRegistry")]
    [InlineData("global.gateway.external.domain", "1.15", "global.ingress.domain")]
    [InlineData("kymlMode", "1.17", null)]
    public void A_value_has_the_key_that_the_chart_reads(string id, string chart, string? key) =>
        Assert.Equal(key, Catalogue.Values.Single(value => value.Id.Equals(KeyPath.Parse(id))).KeyIn(ChartVersion.Parse(chart))?.ToString());

    [Theory]
    [InlineData("regoin", "1.16", "region")]
    [InlineData("runner.regin", "2.4", "runner.region")]
    [InlineData("space.storageClassName", "2.4", "runner.storageClassName")]
    [InlineData("objectstore.accessKey", "2.4", "objectStore.accessKey")]
    [InlineData("hubApiToken", "2.4", "hubAPIToken")]
    [InlineData("logCollector.enabled", "2.4", "logcollector.enabled")]
    [InlineData("entirely.elsewhere", "2.4", null)]
    public void An_unknown_key_has_a_near_one(string written, string chart, string? near) =>
        Assert.Equal(near, Catalogue.Suggest(KeyPath.Parse(written), ChartVersion.Parse(chart)).Select(key => key.ToString()).FirstOrDefault());

    [Theory]
    [InlineData("2.4", "2.4", true)]
    [InlineData("v2.4.1", "2.4.1", true)]
    [InlineData("2.4.1-rc.1", "2.4.1", true)]
    [InlineData("2", "", false)]
    [InlineData("two.four", "", false)]
    public void A_version_is_read(string text, string version, bool good)
    {
        Assert.Equal(good, ChartVersion.TryParse(text, out var read));
        Assert.Equal(good ? version : "0.0.0", read.ToString());
    }

    [Theory]
    [InlineData("a: y\n", "{\"a\":true}")]
    [InlineData("a: 0x1F\nb: 010\nc: 1_000\nd: 1.5\ne: 'y'\nf: ~\n", "{\"a\":31,\"b\":8,\"c\":1000,\"d\":1.5,\"e\":\"y\",\"f\":null}")]
    [InlineData("a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}\n", "{\"a\":{\"b\":1},\"c\":{\"b\":1},\"d\":{\"e\":2,\"b\":1}}")]
    [InlineData("a: 30m\nb: 1.2.3\nc: +5\nd: \"7\"\n", "{\"a\":\"30m\",\"b\":\"1.2.3\",\"c\":5,\"d\":\"7\"}")]
    public void Values_are_read_as_helm_reads_them(string text, string json) => Assert.Equal(json, HelmValues.Read(ValuesDocument.Parse(text)).ToJsonString());
}
