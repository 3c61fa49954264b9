using System.Net.Http.Headers;
using System.Text;

namespace Runner.Tests.Browser.Support;

/// <summary>The real program in a process and a data folder of its own, on the embedded cluster.</summary>
public sealed class RunnerProcess : IAsyncDisposable
{
    public const string Password = "a-password-for-tests";
    public const string HubToken = "hub-token-for-tests-0123456789abcdef";

    private const double StartSeconds = 60;

    private readonly TemporaryFolder _folder = new();
    private readonly int _port = LoopbackPort.Next();
    private ChildProcess? _process;

    private readonly IReadOnlyDictionary<string, string> _environment;

    private RunnerProcess(IReadOnlyDictionary<string, string> environment)
    {
        _environment = environment;
        Hub = new HttpClient { BaseAddress = Address };
        Hub.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", HubToken);
    }

    public Uri Address => new($"http://127.0.0.1:{_port}");

    /// <summary>Speaks to the runner as the hub does.</summary>
    public HttpClient Hub { get; }

    public string Kubeconfig => _folder.File("embedded.kubeconfig");

    /// <param name="environment">Variables beside, or instead of, the usual ones.</param>
    /// <param name="prepare">Puts something into the data folder before the program starts.</param>
    public static async Task<RunnerProcess> StartAsync(IReadOnlyDictionary<string, string>? environment = null, Func<string, Task>? prepare = null)
    {
        var runner = new RunnerProcess(environment ?? new Dictionary<string, string>());
        await (prepare?.Invoke(runner._folder.Path) ?? Task.CompletedTask);
        await runner.StartAgainAsync();
        return runner;
    }

    /// <summary>Starts the program on the same folder and port.</summary>
    public async Task StartAgainAsync()
    {
        var variables = new Dictionary<string, string>
        {
            ["RUNNER_DATA_DIR"] = _folder.Path,
            ["RUNNER_ADMIN_PASSWORD"] = Password,
            ["RUNNER_CLUSTER"] = "embedded",
            ["STARHUB_SERVER_API_TOKEN"] = HubToken,
            ["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT"] = _port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["DOTNET_TieredPGO"] = "0",
        };
        foreach (var (name, value) in _environment)
        {
            variables[name] = value;
        }

        var process = ChildProcess.Start(variables);
        _process = process;
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.False(process.HasExited, $"The runner ended: {process.Output}");
                try
                {
                    using var answer = await Hub.GetAsync("/healthz");
                    return answer.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    // Not listening yet.
                    return false;
                }
            },
            "the runner is healthy",
            StartSeconds);
    }

    public Task KillAsync() => _process?.KillAsync() ?? Task.CompletedTask;

    /// <summary>Asks for a service as the hub would.</summary>
    /// <param name="sample">Name of a file in <c>samples</c> without its ending.</param>
    /// <param name="edit">Changes the request before it is sent.</param>
    /// <returns>Name of the service.</returns>
    public async Task<string> RunSampleAsync(string sample, Action<System.Text.Json.Nodes.JsonObject>? edit = null)
    {
        var request = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "samples", $"{sample}.json")))!.AsObject();
        edit?.Invoke(request);
        var name = request["svc_name"]!.GetValue<string>();
        using var content = new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await Hub.PostAsync($"/api/v1/service/{name}/run", content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return name;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        Hub.Dispose();
        _folder.Dispose();
    }
}
