using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster;
using Runner.Engine.Values;
using Runner.Tests.Engine.Charts;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Identity;
using Runner.Tests.Support;
using Runner.Web.Commands;
using Runner.Web.Components.Models.Configuration;
using Runner.Web.ConsoleApi;

namespace Runner.Tests.Engine.Values;

/// <summary>Our chart inside another one that the real <c>helm</c> deploys: it is found there, compared, and upgraded without a change to what is not the runner's.</summary>
public sealed class UmbrellaReleaseTests : IAsyncLifetime
{
    private const string Namespace = "csghub";

    private const string Chart = """
        apiVersion: v2
        name: platform
        version: 7.1.0
        dependencies:
        - {name: hub, version: 1.0.0, repository: ""}
        - {name: runner, version: 3.0.0, repository: "", condition: runner.enabled}
        """;

    private const string Defaults = """
        global: {image: {registry: docker.io}, edition: ce}
        runner: {enabled: false}
        """;

    private const string Hub = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: hub}
        data:
          values: {{ omit .Values "global" | toJson | quote }}
          global: {{ .Values.global | toJson | quote }}
        """;

    private const string Values = """
        global: {image: {registry: mirror.example.com}, storage: {class: nfs}}
        hub: {greeting: hello, password: h0bS3cret}
        runner:
          enabled: true
          hubAPIToken: t0ken-one
          externalUrl: https://hub.example.com
          runner: {region: cn-north, interval: 30}
          resources: {limits: {memory: 1Gi}}
          global: {gateway: {external: {domain: hub.example.com}}}
        """;

    private readonly TemporaryFolder _folder = new();
    private EmbeddedClusterHost _cluster = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Kubeconfig => _folder.File("kubeconfig");

    private string Folder => _folder.File("platform");

    public async ValueTask InitializeAsync()
    {
        _cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Controllers = false }, Cancel);
        await File.WriteAllTextAsync(Kubeconfig, _cluster.Kubeconfig(), Cancel);
        await WriteAsync("platform/Chart.yaml", Chart);
        await WriteAsync("platform/values.yaml", Defaults);
        await WriteAsync("platform/charts/hub/Chart.yaml", "apiVersion: v2\nname: hub\nversion: 1.0.0\n");
        await WriteAsync("platform/charts/hub/values.yaml", "greeting: \"\"\n");
        await WriteAsync("platform/charts/hub/templates/configmap.yaml", Hub);
        foreach (var file in Directory.EnumerateFiles(RunnerChart.Folder, "*", SearchOption.AllDirectories))
        {
            await WriteAsync(Path.Combine("platform/charts/runner", Path.GetRelativePath(RunnerChart.Folder, file)), await File.ReadAllTextAsync(file, Cancel));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_runners_part_of_a_release_is_found_compared_and_upgraded_and_the_rest_stays_as_it_is()
    {
        var values = await WriteAsync("values.yaml", Values);
        await HelmAsync("install", "acme", Folder, "--create-namespace", "--values", values);
        await using var host = await DeployedReleasesApiTests.StartAsync(_cluster.Kubeconfig(), "acme-runner");
        await RegionAsync(host, "cn-north");

        // Found, and compared as the runner's file and as the whole's; what switches the part on is neither here nor there.
        var model = new ConfigurationModel(host.Get<ConfigurationStore>(), () => host.Get<DeployedReleases>().Current, () => host.Get<RunningRunner>().Current, () => null);
        model.Load();
        var release = model.Release!;
        Assert.Equal(("acme", "platform", "7.1.0", "runner", "3.0.0"), (release.Identity.Name, release.ChartName, release.ChartVersion, release.Part, release.PartVersion));
        Assert.Equal((ConfigurationOrigin.Release, 0, 0, true), (model.Origin, model.Errors, model.Drift().Count, model.IsOurRelease));
        Assert.DoesNotContain("enabled", model.Text, StringComparison.Ordinal);
        Assert.Equal("acme-runner", release.Rendered!.ConfigMap);
        var own = await WriteAsync("own.yaml", model.Text);
        Assert.Equal((0, "", "Compared as a file of the runner's chart: the values of 'runner', and what is global."), await DiffAsync(host, own));
        Assert.Equal((0, "", "Compared as a file of the whole chart: the values of 'runner', and what is global. Not compared: hub; 'helm get values' shows them."), await DiffAsync(host, values));
        var other = await WriteAsync("other.yaml", Values.Replace("cn-north", "cn-west", StringComparison.Ordinal).Replace("t0ken-one", "t0ken-two", StringComparison.Ordinal).Replace("mirror.", "other.", StringComparison.Ordinal));
        Assert.Equal(
            ["global.image.registry: mirror.example.com -> other.example.com (upgrade)", "runner.hubAPIToken: ***masked*** -> ***masked*** (upgrade)", "runner.runner.region: cn-north -> cn-west (live)"],
            (await DiffAsync(host, other)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));

        // What the release has comes out as a file of the whole, without a value of another part.
        var (deployed, line) = await ExportAsync(host, "?source=release");
        Assert.Equal(["global", "runner"], HelmValues.Read(ValuesDocument.Parse(deployed)).Select(entry => entry.Key));
        Assert.DoesNotContain("h0bS3cret", deployed, StringComparison.Ordinal);

        // Changed, set and unset by somebody who has the runner's file alone, and never took the globals of the whole over.
        const string edited = """
            hubAPIToken: t0ken-one
            externalUrl: https://hub.example.com
            runner:
              region: cn-south # moved
            global:
              gateway: {external: {domain: new.example.com}}
              image: {pullPolicy: Always}
            """;
        await host.Get<ConfigurationStore>().SaveAsync(edited, ChartVersion.Parse("3.0"), "ann", "", 0, Cancel);
        var before = await ReleaseAsync();
        (var exported, line) = await ExportAsync(host, "");
        Assert.Contains("region: cn-south # moved", exported, StringComparison.Ordinal);
        Assert.Equal("helm upgrade acme platform --namespace csghub --version 7.1.0 --reset-then-reuse-values --values custom-values.yaml", line);
        var file = await WriteAsync("custom-values.yaml", exported);
        foreach (var time in (string[])["once", "again"])
        {
            await HelmAsync("upgrade", "acme", Folder, "--reset-then-reuse-values", "--values", file);
            await RegionAsync(host, "cn-south");
            var after = await ReleaseAsync();
            Assert.True(JsonNode.DeepEquals(before.Hub, after.Hub), $"{time}: {before.Hub} {after.Hub}");
            Assert.True(JsonNode.DeepEquals(before.Values["hub"], after.Values["hub"]), after.Values.ToJsonString());
            Assert.True(JsonNode.DeepEquals(before.Values["global"], after.Values["global"]), after.Values.ToJsonString());

            // An empty map may be left.
            Assert.DoesNotContain("memory", after.Values.ToJsonString(), StringComparison.Ordinal);
            after.Values["runner"]!.AsObject().Remove("resources");
            Assert.True(
                JsonNode.DeepEquals(
                    JsonNode.Parse("""
                        {"enabled":true,"hubAPIToken":"t0ken-one","externalUrl":"https://hub.example.com","runner":{"region":"cn-south","interval":60},"global":{"gateway":{"external":{"domain":"new.example.com"}},"image":{"pullPolicy":"Always"}}}
                        """),
                    after.Values["runner"]),
                after.Values["runner"]!.ToJsonString());
            Assert.Equal("60", model.Release!.Rendered!.Plain["STARHUB_SERVER_RUNNER_WATCH_CONFIGMAP_INTERVAL_IN_SEC"]);
            Assert.Equal((0, ""), await DiffAsync(host, file) is var (code, output, _) ? (code, output) : default);
        }

        model.Load();
        Assert.Equal((ConfigurationOrigin.Saved, 0), (model.Origin, model.Drift().Count));

        await HelmAsync("upgrade", "acme", Folder, "--reset-then-reuse-values", "--set", "runner.enabled=false");
        await Eventually.TrueAsync(() => host.Get<DeployedReleases>().Current is null, "a release without the runner is none of its");
    }

    private Task<string> HelmAsync(params IEnumerable<string> arguments) => Tool.OutputAsync("helm", [.. arguments, "-n", Namespace, "--kubeconfig", Kubeconfig], Cancel);

    /// <summary>What the user set, by Helm, and what the hub's part was given.</summary>
    private async Task<(JsonObject Values, JsonNode Hub)> ReleaseAsync() => (
        JsonNode.Parse(await HelmAsync("get", "values", "acme", "-o", "json"))!.AsObject(),
        JsonNode.Parse(await Tool.OutputAsync("kubectl", ["get", "configmap", "hub", "-n", Namespace, "--kubeconfig", Kubeconfig, "-o", "json"], Cancel))!["data"]!);

    private static Task RegionAsync(RunnerHost host, string region) => Eventually.TrueAsync(
        () => host.Get<DeployedReleases>() is var releases && releases.Current?.Values["runner"]?["region"]?.GetValue<string>() == region,
        () => $"the release has region {region}: {host.Get<DeployedReleases>().Current?.ToYaml()} {host.Get<DeployedReleases>().Problem}", 30);

    private async Task<string> WriteAsync(string name, string text)
    {
        var path = _folder.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, text, Cancel);
        return path;
    }

    private static async Task<(string Text, string Line)> ExportAsync(RunnerHost host, string query)
    {
        using var client = host.Program();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await DeployedReleasesApiTests.TokenAsync(host));
        using var answer = await client.GetAsync(ConfigValues.Path + query, Cancel);
        return (await answer.Content.ReadAsStringAsync(Cancel), answer.Headers.GetValues(ConfigValues.UpgradeHeader).Single());
    }

    private static async Task<(int Code, string Output, string Error)> DiffAsync(RunnerHost host, string file)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await ValuesFiles.DiffAsync(file, null, new(host.Address, "", "pipeline", TokenClient.Secret), new(output, error), Cancel);
        return (code, output.ToString(), error.ToString().Trim());
    }
}
