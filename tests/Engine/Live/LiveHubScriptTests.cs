using System.Diagnostics;
using System.Text.RegularExpressions;
using Runner.EmbeddedCluster.Storage;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Live;

/// <summary>The JavaScript of docs/live-hub.md, as it stands there, with Node and the package that it names.</summary>
public sealed partial class LiveHubScriptTests
{
    [Fact]
    public async Task What_the_documentation_shows_follows_the_workloads()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutService("web", 1);
        await using var host = await RunnerHost.StartAsync(cluster: cluster.Endpoint);
        using var folder = new TemporaryFolder();
        using var node = Start(folder, await ScriptAsync(host), await LiveHubClient.TokenAsync(host, "live.read"));
        try
        {
            var last = "";
            node.OutputDataReceived += (_, line) => last = line.Data ?? last;
            node.BeginOutputReadLine();
            await Eventually.TrueAsync(() => last == "test/service/spaces/web", "the service is known", 30);
            cluster.PutService("other", 1);
            await Eventually.TrueAsync(() => last == "test/service/spaces/other test/service/spaces/web", "another one is known when it comes", 30);
            cluster.Delete(new ObjectKey("serving.knative.dev", "services", "spaces", "web"));
            await Eventually.TrueAsync(() => last == "test/service/spaces/other", "what goes is forgotten", 30);
        }
        finally
        {
            node.Kill();
        }
    }

    /// <summary>The script with this runner's address, a function that brings the token, and a line with what it knows whenever that changed.</summary>
    private static async Task<string> ScriptAsync(RunnerHost host)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "live-hub.md"), TestContext.Current.CancellationToken);
        var script = Script().Match(text).Groups[1].Value.Replace("https://runner.example.com/", host.Address.ToString(), StringComparison.Ordinal);
        Assert.Contains(host.Address.ToString(), script, StringComparison.Ordinal);
        return script + """

            let told = "";
            setInterval(() => {
              const now = [...workloads.keys()].sort().join(" ");
              if (now !== told) { told = now; console.log(now); }
            }, 50);
            async function fetchToken() { return process.env.TOKEN; }
            """;
    }

    private static Process Start(TemporaryFolder folder, string script, string token)
    {
        // Node looks for packages beside the script.
        Directory.CreateSymbolicLink(folder.File("node_modules"), Path.Combine(Repository.Root, ".tools", "signalr", "node_modules"));
        File.WriteAllText(folder.File("follow.mjs"), script);
        return Process.Start(new ProcessStartInfo("node", [folder.File("follow.mjs")]) { RedirectStandardOutput = true, Environment = { ["TOKEN"] = token } })!;
    }

    [GeneratedRegex("```js\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Script();
}
