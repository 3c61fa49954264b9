using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Host;

/// <summary>The program as a process of its own, with what it prints.</summary>
internal sealed partial class RunnerProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;

    public RunnerProcess(string arguments, params (string Name, string Value)[] environment)
    {
        var variables = new Dictionary<string, string>
        {
            ["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT"] = "0",
            ["HOME"] = Path.GetTempPath(),
            ["RUNNER_CLUSTER"] = "kubeconfig",
        };
        foreach (var (name, value) in environment)
        {
            variables[name] = value;
        }

        _process = ChildProcess.Start(variables, [ChildProcess.Runner, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
    }

    /// <summary>Variables of one that is killed and started again: with the same data folder and port, on the cluster of the file <c>kubeconfig</c> in a folder.</summary>
    public static Dictionary<string, string> OnKubeconfig(TemporaryFolder folder, int port, string token, RecordingHub hub) => new()
    {
        ["RUNNER_DATA_DIR"] = folder.File("data"),
        ["RUNNER_CLUSTER"] = "kubeconfig",
        ["RUNNER_ADMIN_PASSWORD"] = "correct horse battery staple",
        ["KUBECONFIG"] = folder.File("kubeconfig"),
        ["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT"] = port.ToString(CultureInfo.InvariantCulture),
        ["STARHUB_SERVER_CLUSTER_ID"] = "cluster-1",
        ["STARHUB_SERVER_API_TOKEN"] = token,
        ["STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT"] = hub.Address.ToString(),
    };

    /// <summary>Where it listens, as it told; known once it is healthy.</summary>
    public Uri Address => new(Listening().Match(Output).Groups[1].Value);

    /// <summary>Everything it printed until now.</summary>
    public string Output => _process.Output;

    /// <summary>Waits until it has told its address and answers there.</summary>
    public Task HealthyAsync() => Eventually.TrueAsync(
        async () =>
        {
            Assert.False(_process.HasExited, $"It ended: {Output}");
            if (!Listening().IsMatch(Output))
            {
                return false;
            }

            using var client = new HttpClient { BaseAddress = Address };
            using var answer = await client.GetAsync("/healthz", TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode;
        },
        "the program answers /healthz",
        60);

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        await _process.EndAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Asks it to end as Kubernetes does.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", $"-TERM {_process.Id}");
        kill.WaitForExit();
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    [GeneratedRegex("Now listening on: (http://\\S+)")]
    private static partial Regex Listening();
}
