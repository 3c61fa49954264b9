using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using k8s.Models;
using Runner.Engine;
using Runner.Engine.Values;

namespace Runner.Tests.Engine.Values;

/// <summary>Releases as Helm keeps them, and what they and a file do not agree on.</summary>
public sealed class DeployedReleaseTests
{
    [Fact]
    public void The_deployed_revision_of_the_runners_own_release_is_read()
    {
        var secrets = new[]
        {
            Record("runner", 1, "superseded", "runner", "1.16.1", """{"region":"old"}"""),
            Record("runner", 2, "deployed", "runner", "2.4.1", """{"runner":{"region":"cn-north"},"hubAPIToken":"t0k"}"""),
            Record("runner", 3, "failed", "runner", "2.4.1", """{"runner":{"region":"never"}}"""),
            Record("other", 9, "deployed", "prometheus", "1.0.0", "{}"),
            Record("spare", 4, "deployed", "runner", "2.3.0", "{}"),
        };
        var release = DeployedReleases.Choose(secrets, "runner-runner").Release!;
        Assert.Equal(("runner", "csghub", 2, "deployed", "2.4.1"), (release.Identity.Name, release.Identity.Namespace, release.Revision, release.Status, release.Chart.ToString()));
        Assert.Equal("runner:\n  region: cn-north\nhubAPIToken: t0k\n", release.ToYaml());
        Assert.Equal("""{"type":"object"}""", release.Schema);
        Assert.Equal("", release.Defaults["name"]!.GetValue<string>());
        Assert.Equal(new(null, LocalText.None), DeployedReleases.Choose([secrets[3]], "runner-runner"));
    }

    [Fact]
    public void A_runner_that_came_with_another_chart_is_found_in_it_with_its_part_of_the_values()
    {
        const string values = """{"global":{"image":{"registry":"mirror.example.com"}},"starship":{"enabled":false},"runner":{"global":{"image":{"registry":"own","tag":"v1"}},"runner":{"region":"cn-north"}}}""";
        var with = Record("csghub", 4, "deployed", "csghub", "2.4.0", values, dependencies: """[{"name":"loki","version":"6.29.0"},{"name":"runner","version":"2.4.1","condition":"runner.enabled"}]""");
        var without = Record("csghub", 4, "deployed", "csghub", "2.4.0", values, dependencies: """[{"name":"loki","version":"6.29.0"}]""");

        var release = DeployedReleases.Choose([with, Record("other", 1, "deployed", "prometheus", "1.0.0", "{}")], "csghub-runner").Release!;
        Assert.Equal(("csghub", "2.4.0", "runner", "2.4.1"), (release.ChartName, release.ChartVersion, release.Part, release.Chart.ToString()));
        Assert.Equal("global:\n  image:\n    registry: mirror.example.com\n    tag: v1\nrunner:\n  region: cn-north\n", release.ToYaml());
        Assert.Equal("", release.Schema);
        Assert.Equal("runner.region", Assert.Single(ValuesDrift.OfFile(ValuesDocument.Parse(release.ToYaml().Replace("cn-north", "cn-south", StringComparison.Ordinal)), release)).Path.ToString());
        Assert.Equal("helm upgrade csghub csghub/csghub --namespace csghub --version 2.4.0 --reset-then-reuse-values --values custom-values.yaml", HelmUpgrade.For(release, ChartVersion.Newest));
        Assert.Null(DeployedReleases.Choose([without], "csghub-runner").Release);
    }

    [Theory]
    [InlineData("# head\nrunner:\n  region: x # here\nglobal:\n  # all\n  image: {tag: v1}\nnote: |\n  two\n\n  lines\n", true)]
    [InlineData("hubAPIToken: t\r\nrunner:\r\n  region: x\r\n", true)]
    [InlineData("global: {image: &image {tag: v1}}\nrunner: {copy: *image}\n", false)]
    [InlineData("---\nrunner: {region: x}\n", false)]
    [InlineData("global: {image: {tag: v1}}\n", true)]
    [InlineData("", true)]
    public void A_file_of_the_runner_becomes_one_of_the_chart_that_it_came_with(string text, bool keeps)
    {
        var document = ValuesDocument.Parse(text);
        var wrapped = new ValuesPart("runner", [], [], [], [], []).Wrap(document, ChartVersion.Newest);
        Assert.True(JsonNode.DeepEquals(HelmValues.Read(document), ValuesPart.Of(HelmValues.Read(wrapped), "runner")), wrapped.Text);
        Assert.DoesNotContain(HelmValues.Read(wrapped), entry => entry.Key is not ("runner" or "global"));
        Assert.Equal(keeps && text.Contains('#', StringComparison.Ordinal), wrapped.Text.Contains("# here", StringComparison.Ordinal) && wrapped.Text.Contains("# all", StringComparison.Ordinal));
    }

    [Fact]
    public void A_record_that_cannot_be_read_is_told_and_no_other_takes_its_place()
    {
        var spare = Record("spare", 1, "deployed", "runner", "2.4.1", "{}");
        var broken = Record("runner", 1, "deployed", "runner", "2.4.1", "{}");
        foreach (var bytes in (byte[][])[[], [1, 2, 3], Encoding.ASCII.GetBytes("H4sI"), Encoding.ASCII.GetBytes(Convert.ToBase64String("[1]"u8)), Encoding.ASCII.GetBytes(Convert.ToBase64String("{\"name\":5}"u8))])
        {
            broken.Data["release"] = bytes;
            var (release, problem) = DeployedReleases.Choose([broken, spare], "runner-runner");
            Assert.Null(release);
            Assert.Contains("'runner', revision 1, cannot be read", problem, StringComparison.Ordinal);
            Assert.Equal("spare", DeployedReleases.Choose([broken, spare], "").Release!.Identity.Name);
        }
    }

    [Fact]
    public void The_difference_of_file_release_and_runner_is_told_key_by_key_without_secrets()
    {
        var release = DeployedReleases.Choose([Record("runner", 2, "deployed", "runner", "2.4.1", """{"runner":{"region":"cn-north","interval":60},"hubAPIToken":"0ldt0ken","externalUrl":"https://hub.example.com"}""")], "").Release!;
        var file = ValuesDocument.Parse("runner: {region: cn-south, interval: 30}\nhubAPIToken: n3wt0ken\nexternalUrl: https://hub.example.com\nregion: ignored\nreplicas: 2\n");
        var drift = ValuesDrift.OfFile(file, release).ToDictionary(item => item.Path.ToString());
        Assert.Equal(["hubAPIToken", "region", "replicas", "runner.interval", "runner.region"], drift.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("cn-south", "cn-north", TakesEffect.Live), (drift["runner.region"].File, drift["runner.region"].Release, drift["runner.region"].Change.Takes));
        Assert.Equal(TakesEffect.Upgrade, drift["runner.interval"].Change.Takes);
        Assert.Equal((ValuesMask.Placeholder, ValuesMask.Placeholder), (drift["hubAPIToken"].File, drift["hubAPIToken"].Release));
        Assert.Equal(PredictedOutcome.Ignored, drift["region"].Change.Outcome);
        Assert.Equal(["Deployment"], drift["replicas"].Change.Renders);
    }

    [Fact]
    public void What_the_runner_works_with_is_held_against_what_helm_rendered_and_why_it_differs_is_told()
    {
        const string manifest = """
            ---
            # Source: runner/templates/secret.yaml
            apiVersion: v1
            kind: Secret
            metadata: {name: runner-runner}
            stringData: {STARHUB_SERVER_API_TOKEN: "0ldt0ken"}
            data: {STARHUB_SERVER_S3_ACCESS_KEY_SECRET: czNjcjN0}
            ---
            # Source: runner/templates/configmap.yaml
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: runner-runner
            data:
              STARHUB_SERVER_RUNNER_WATCH_CONFIGMAP_NAME: "runner-runner"
              STARHUB_SERVER_CLUSTER_REGION: "cn-north"
              STARHUB_SERVER_CLUSTER_ID: ""
              STARHUB_SERVER_RUNNER_STORAGE_CLASS: nfs
              STARHUB_SERVER_MODEL_DEPLOY_TIMEOUT_IN_MINUTES: "60"
              STARHUB_SERVER_SPACE_PYPI_INDEX_URL: "https://pypi.org/simple/"
            """;
        var release = DeployedReleases.Choose([Record("runner", 2, "deployed", "runner", "3.0.0", "{}", manifest)], "").Release!;
        var map = new Dictionary<string, string>(release.Rendered!.Plain);
        var started = new Dictionary<string, string>(map) { ["STARHUB_SERVER_API_TOKEN"] = "0ldt0ken", ["STARHUB_SERVER_S3_ACCESS_KEY_SECRET"] = "s3cr3t", ["RUNNER_DATA_DIR"] = "/data" };
        var running = new RunningValues("runner-runner", started, map);
        Assert.True(RunningDrift.IsOf(release, running));
        Assert.False(RunningDrift.IsOf(release, running with { ConfigMapName = "other-runner" }));
        Assert.False(RunningDrift.IsOf(release, running with { ConfigMapName = "" }));
        Assert.Empty(RunningDrift.Find(release, running));
        Assert.Empty(RunningDrift.Find(release, running with { ConfigMap = null }));

        map["STARHUB_SERVER_CLUSTER_REGION"] = "by-hand";
        map["STARHUB_SERVER_MODEL_DEPLOY_TIMEOUT_IN_MINUTES"] = "90";
        map["STARHUB_SERVER_READINESS_PERIOD_SECONDS"] = "7";
        map["STARHUB_SERVER_RUNNER_STORAGE_CLASS"] = "";
        started["STARHUB_SERVER_SPACE_PYPI_INDEX_URL"] = "https://old.example.com/";
        started["STARHUB_SERVER_API_TOKEN"] = "0therT0ken";
        Assert.Equal(
            [
                new("STARHUB_SERVER_API_TOKEN", ValuesMask.Placeholder, null, ValuesMask.Placeholder, DriftCause.NeedsRestart),
                new("STARHUB_SERVER_CLUSTER_REGION", "cn-north", "by-hand", "by-hand", DriftCause.FollowsConfigMap),
                new("STARHUB_SERVER_MODEL_DEPLOY_TIMEOUT_IN_MINUTES", "60", "90", "60", DriftCause.ConfigMapWaits),
                new("STARHUB_SERVER_READINESS_PERIOD_SECONDS", null, "7", null, DriftCause.ConfigMapWaits),
                new("STARHUB_SERVER_RUNNER_STORAGE_CLASS", "nfs", "", "nfs", DriftCause.ConfigMapWaits),
                new("STARHUB_SERVER_SPACE_PYPI_INDEX_URL", "https://pypi.org/simple/", "https://pypi.org/simple/", "https://old.example.com/", DriftCause.NeedsRestart),
            ],
            RunningDrift.Find(release, running));
    }

    [Fact]
    public void A_record_without_a_manifest_is_held_against_what_is_foretold()
    {
        var release = DeployedReleases.Choose([Record("runner", 2, "deployed", "runner", "2.4.1", """{"runner":{"region":"cn-north"},"hubAPIToken":"0ldt0ken"}""")], "").Release!;
        var predicted = ValuesPrediction.ConfigMap(release.Chart, release.Identity, release.Values).Data.ToDictionary(entry => entry.Key, entry => entry.Value ?? "");
        Assert.Empty(RunningDrift.Find(release, new("runner-runner", predicted, predicted)));
        var started = new Dictionary<string, string>(predicted) { ["STARHUB_SERVER_API_TOKEN"] = "s3cond" };
        Assert.Equal([new("STARHUB_SERVER_API_TOKEN", ValuesMask.Placeholder, ValuesMask.Placeholder, ValuesMask.Placeholder, DriftCause.NeedsRestart)], RunningDrift.Find(release, new("runner-runner", started, predicted)));
    }

    [Fact]
    public void A_value_is_live_where_a_setting_that_follows_from_it_is() => Assert.All(
        // These two also rename or replace the runner's objects.
        ValuesCatalogue.Instance.Values.Where(value => value.Id.ToString() is not ("name" or "global.chartContext.isBuiltIn")), value => Assert.Equal((value.Id, value.ConfigMapKeys.Any(RunningDrift.IsLive)), (value.Id, value.Takes == TakesEffect.Live)));

    [Fact]
    public void The_helm_line_is_exact_and_safe_to_paste()
    {
        Assert.Equal("helm upgrade runner csghub/runner --namespace csghub --version 2.4.1 --values custom-values.yaml", HelmUpgrade.Line(ReleaseIdentity.Usual, "2.4.1"));
        Assert.Equal("helm upgrade runner charts/runner --namespace csghub --values custom-values.yaml", HelmUpgrade.Line(ReleaseIdentity.Usual, "3.0.0"));
        Assert.Equal("helm upgrade runner csghub/runner --namespace csghub --values 'my file; rm'", HelmUpgrade.Line(ReleaseIdentity.Usual, "", "my file; rm"));
    }

    [Fact]
    public void The_preset_for_China_writes_what_is_not_the_default_already()
    {
        var document = ValuesPresets.China(ValuesDocument.Parse("space:\n  pipIndexUrl: https://pypi.org/simple/ # theirs\n"), ChartVersion.Newest);
        Assert.Equal("global:\n  image:\n    registry: opencsg-registry.cn-beijing.cr.aliyuncs.com\nspace:\n  pipIndexUrl: https://pypi.tuna.tsinghua.edu.cn/simple/ # theirs\n", document.Text);
        Assert.Same(document, ValuesPresets.China(document, ChartVersion.Newest));
    }

    /// <summary>A Secret as Helm writes it.</summary>
    internal static V1Secret Record(string release, int revision, string status, string chart, string version, string values, string manifest = "", string dependencies = "[]")
    {
        var record = new JsonObject
        {
            ["name"] = release,
            ["namespace"] = "csghub",
            ["version"] = revision,
            ["info"] = new JsonObject { ["status"] = status, ["last_deployed"] = $"2026-05-0{revision}T08:00:00.123456789Z" },
            ["chart"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = chart, ["version"] = version, ["dependencies"] = JsonNode.Parse(dependencies) },
                ["values"] = new JsonObject { ["name"] = "" },
                ["schema"] = Convert.ToBase64String("""{"type":"object"}"""u8),
            },
            ["config"] = JsonNode.Parse(values),
            ["manifest"] = manifest,
        };
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(record.ToJsonString()));
        }

        return new()
        {
            Type = "helm.sh/release.v1",
            Metadata = new()
            {
                Name = $"sh.helm.release.v1.{release}.v{revision}",
                NamespaceProperty = "csghub",
                Labels = new Dictionary<string, string> { ["owner"] = "helm", ["name"] = release, ["status"] = status, ["version"] = $"{revision}" },
            },
            Data = new Dictionary<string, byte[]> { ["release"] = Encoding.ASCII.GetBytes(Convert.ToBase64String(packed.ToArray())) },
        };
    }
}
