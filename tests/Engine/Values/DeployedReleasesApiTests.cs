using System.Net;
using System.Net.Http.Headers;
using System.Text;
using k8s;
using k8s.Models;
using Runner.EmbeddedCluster;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Values;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Identity;
using Runner.Tests.Support;
using Runner.Web.Commands;
using Runner.Web.ConsoleApi;

namespace Runner.Tests.Engine.Values;

/// <summary>The deployed release, read from a cluster over HTTP and told through the API and the command line.</summary>
public sealed class DeployedReleasesApiTests : IAsyncLifetime
{
    private const string Namespace = "csghub";

    private EmbeddedClusterHost _cluster = null!;
    private Kubernetes _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Controllers = false }, Cancel);
        _client = new Kubernetes(Configuration(_cluster.Kubeconfig()));
        await _client.CoreV1.CreateNamespaceAsync(new() { Metadata = new() { Name = Namespace } }, cancellationToken: Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task The_revision_that_is_deployed_is_told_whatever_lies_beside_it()
    {
        await using var host = await StartAsync(_cluster.Kubeconfig());
        var token = await TokenAsync(host);
        await ExpectAsync(host, token, HttpStatusCode.NotFound, "No release of the runner is known");

        await CreateAsync(Revision(1, "deployed", "first"), DeployedReleaseTests.Record("metrics", 7, "deployed", "prometheus", "1.0.0", """{"runner":{"region":"never"}}"""),
            DeployedReleaseTests.Record("spare", 9, "deployed", "runner", "2.3.0", """{"runner":{"region":"never"}}"""));
        await ExpectAsync(host, token, HttpStatusCode.OK, "region: first");
        await CreateAsync(Revision(2, "pending-upgrade", "never"));
        await CreateAsync(Revision(3, "failed", "never"));
        await CreateAsync(Revision(4, "deployed", "fourth"));
        await RelabelAsync(1, "superseded");
        await ExpectAsync(host, token, HttpStatusCode.OK, "region: fourth");

        // Rolled back: Helm writes the old values as a revision of their own.
        await CreateAsync(Revision(5, "deployed", "first"));
        await RelabelAsync(4, "superseded");
        await ExpectAsync(host, token, HttpStatusCode.OK, "region: first");

        var broken = Revision(6, "deployed", "never");
        broken.Data["release"] = Encoding.ASCII.GetBytes("bm90IGEgcmVjb3Jk");
        await RelabelAsync(5, "superseded");
        await CreateAsync(broken);
        await ExpectAsync(host, token, HttpStatusCode.NotFound, "release 'runner', revision 6, cannot be read");

        await _client.CoreV1.DeleteNamespacedSecretAsync(broken.Metadata.Name, Namespace, cancellationToken: Cancel);
        await ExpectAsync(host, token, HttpStatusCode.OK, "region: first");
    }

    [Fact]
    public async Task Without_the_right_to_read_secrets_that_is_the_answer()
    {
        await CreateAsync(Revision(1, "deployed", "first"));
        await _client.CoreV1.CreateNamespacedServiceAccountAsync(new() { Metadata = new() { Name = "nobody" } }, Namespace, cancellationToken: Cancel);
        var token = await _client.CoreV1.CreateNamespacedServiceAccountTokenAsync(new() { Spec = new() { Audiences = [] } }, "nobody", Namespace, cancellationToken: Cancel);
        await using var host = await StartAsync(_cluster.KubeconfigOf(token.Status.Token));
        await ExpectAsync(host, await TokenAsync(host), HttpStatusCode.NotFound, "secrets");
    }

    [Fact]
    public async Task A_file_is_compared_with_what_helm_deployed_upgraded_and_rolled_back()
    {
        using var folder = new TemporaryFolder();
        var kubeconfig = Path.Combine(folder.Path, "kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, _cluster.Kubeconfig(), Cancel);
        Task<string> HelmAsync(params IEnumerable<string> arguments) => Tool.OutputAsync("helm", [.. arguments, "-n", Namespace, "--kubeconfig", kubeconfig], Cancel);
        var chart = Path.Combine(Repository.Root, "charts", "runner");
        await HelmAsync("install", "runner", chart, "--set", "hubAPIToken=t0ken-one,runner.region=cn-north,externalUrl=https://hub.example.com");
        await HelmAsync("upgrade", "runner", chart, "--set", "hubAPIToken=t0ken-two,runner.region=cn-south,externalUrl=https://hub.example.com");
        await using var host = await StartAsync(_cluster.Kubeconfig());
        await ExpectAsync(host, await TokenAsync(host), HttpStatusCode.OK, "region: cn-south");

        var same = await FileAsync(folder, "hubAPIToken: t0ken-two\nrunner: {region: cn-south} # ours\nexternalUrl: https://hub.example.com\n");
        Assert.Equal((0, ""), await DiffAsync(host, same));
        var other = await FileAsync(folder, "hubAPIToken: t0ken-one\nregion: cn-west\nrunner: {interval: 30}\nexternalUrl: https://hub.example.com\nkymlMode: update\nlogging: {level: loud}\n");
        var (code, output) = await DiffAsync(host, other);
        Assert.Equal(1, code);
        Assert.Equal(
            [
                "hubAPIToken: ***masked*** -> ***masked*** (upgrade)", "kymlMode: (not set) -> update (chart 3.0.0 ignores it)", "logging.level: (not set) -> loud (chart 3.0.0 refuses it)", "region: (not set) -> cn-west (live)",
                "runner.interval: (not set) -> 30 (upgrade)", "runner.region: cn-south -> (not set) (live)",
            ],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));

        await HelmAsync("rollback", "runner", "1");
        await ExpectAsync(host, await TokenAsync(host), HttpStatusCode.OK, "region: cn-north");
        await using var program = ChildProcess.Start(
            new Dictionary<string, string> { ["RUNNER_URL"] = host.Address.ToString(), ["RUNNER_CLIENT_ID"] = "pipeline", ["RUNNER_CLIENT_SECRET"] = TokenClient.Secret }, [ChildProcess.Runner, "values", "diff", same]);
        await program.EndAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal(1, program.ExitCode);
        Assert.Contains("runner.region: cn-north -> cn-south (live)", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("t0ken", program.Output, StringComparison.Ordinal);

        await HelmAsync("uninstall", "runner");
        await ExpectAsync(host, await TokenAsync(host), HttpStatusCode.NotFound, "No release of the runner is known");
        Assert.Equal(2, (await DiffAsync(host, same)).Code);
    }

    private static KubernetesClientConfiguration Configuration(string kubeconfig) => KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(Encoding.UTF8.GetBytes(kubeconfig)));

    internal static async Task<RunnerHost> StartAsync(string kubeconfig, string configMap = "runner-runner")
    {
        var host = await RunnerHost.StartAsync(
            options => options with { Hub = options.Hub with { ConfigMapName = configMap } }, cluster: new ClusterEndpoint("embedded", ClusterOrigin.Embedded, () => Configuration(kubeconfig)));
        await TokenClient.AddMachineAsync(host, "pipeline", "config.values");
        return host;
    }

    internal static async Task<string> TokenAsync(RunnerHost host) =>
        (await new TokenClient(host).ClientCredentialsAsync("pipeline", "config.values")).GetProperty("access_token").GetString()!;

    private static V1Secret Revision(int revision, string status, string region) =>
        DeployedReleaseTests.Record("runner", revision, status, "runner", "2.4.1", $$"""{"runner":{"region":"{{region}}"},"hubAPIToken":"t0ken"}""");

    private static async Task ExpectAsync(RunnerHost host, string token, HttpStatusCode status, string text)
    {
        using var client = host.Program();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var last = "";
        var told = await Record.ExceptionAsync(() => Eventually.TrueAsync(
            async () =>
            {
                using var answer = await client.GetAsync(ConfigValues.Path + "?source=release", Cancel);
                last = $"{answer.StatusCode}: {System.Text.RegularExpressions.Regex.Unescape(await answer.Content.ReadAsStringAsync(Cancel))}";
                return answer.StatusCode == status && last.Contains(text, StringComparison.Ordinal);
            },
            $"the API answers {status}: {text}",
            30));
        Assert.True(told is null, $"{told?.Message} It answers {last}");
    }

    private static async Task<string> FileAsync(TemporaryFolder folder, string text)
    {
        var file = Path.Combine(folder.Path, $"{Guid.NewGuid()}.yaml");
        await File.WriteAllTextAsync(file, text, Cancel);
        return file;
    }

    private static async Task<(int Code, string Output)> DiffAsync(RunnerHost host, string file)
    {
        var output = new StringWriter();
        var code = await ValuesFiles.DiffAsync(file, null, new(host.Address, "", "pipeline", TokenClient.Secret), new(output, new StringWriter()), Cancel);
        return (code, output.ToString());
    }

    private async Task CreateAsync(params IEnumerable<V1Secret> secrets)
    {
        foreach (var secret in secrets)
        {
            await _client.CoreV1.CreateNamespacedSecretAsync(secret, Namespace, cancellationToken: Cancel);
        }
    }

    private async Task RelabelAsync(int revision, string status) => await _client.CoreV1.PatchNamespacedSecretAsync(
        new V1Patch($"{{\"metadata\":{{\"labels\":{{\"status\":\"{status}\"}}}}}}", V1Patch.PatchType.MergePatch), $"sh.helm.release.v1.runner.v{revision}", Namespace, cancellationToken: Cancel);
}
