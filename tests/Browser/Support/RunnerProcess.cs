using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Runner.Tests.Browser.Support;

/// <summary>The real program in a process and a data folder of its own, on the embedded cluster.</summary>
public sealed class RunnerProcess : IAsyncDisposable
{
    public const string Password = "a-password-for-tests";
    public const string HubToken = "hub-token-for-tests-0123456789abcdef";

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("browser-").FullName;
    private readonly int _port = FreePort();
    private readonly StringBuilder _output = new();
    private Process? _process;

    private RunnerProcess()
    {
        Hub = new HttpClient { BaseAddress = Address };
        Hub.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", HubToken);
    }

    public Uri Address => new($"http://127.0.0.1:{_port}");

    /// <summary>Speaks to the runner as the hub does.</summary>
    public HttpClient Hub { get; }

    public string Kubeconfig => Path.Combine(_folder, "embedded.kubeconfig");

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static string Root { get; } = FindRoot();

    public static async Task<RunnerProcess> StartAsync()
    {
        var runner = new RunnerProcess();
        await runner.StartAgainAsync();
        return runner;
    }

    /// <summary>Starts the program on the same folder and port.</summary>
    public async Task StartAgainAsync()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Runner.Web.dll");
        var start = new ProcessStartInfo("dotnet", [program]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };
        start.Environment["RUNNER_DATA_DIR"] = _folder;
        start.Environment["RUNNER_ADMIN_PASSWORD"] = Password;
        start.Environment["RUNNER_CLUSTER"] = "embedded";
        start.Environment["STARHUB_SERVER_API_TOKEN"] = HubToken;
        start.Environment["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT"] = _port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        start.Environment["DOTNET_TieredPGO"] = "0";
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Eventually.TrueAsync(
            async () => (await Hub.GetAsync("/healthz")).IsSuccessStatusCode,
            () => $"The runner did not become healthy. It said:\n{Output}",
            StartPatience);
    }

    public async Task KillAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        _process = null;
    }

    /// <summary>Asks for a service as the hub would.</summary>
    /// <param name="sample">Name of a file in <c>samples</c> without its ending.</param>
    /// <param name="edit">Changes the request before it is sent.</param>
    /// <returns>Name of the service.</returns>
    public async Task<string> RunSampleAsync(string sample, Action<System.Text.Json.Nodes.JsonObject>? edit = null)
    {
        var request = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Root, "samples", $"{sample}.json")))!.AsObject();
        edit?.Invoke(request);
        var name = request["svc_name"]!.GetValue<string>();
        using var content = new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await Hub.PostAsync($"/api/v1/service/{name}/run", content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return name;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Hub.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Console.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }

        return folder.FullName;
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
