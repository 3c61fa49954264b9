using System.Diagnostics;
using System.Text.RegularExpressions;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Host;

/// <summary>The program as a process of its own, with what it prints.</summary>
internal sealed partial class RunnerProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringWriter _output = new();
    private readonly Lock _lock = new();

    public RunnerProcess(string arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", $"\"{Path.Combine(AppContext.BaseDirectory, "Runner.Web.dll")}\" {arguments}")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("STARHUB_", StringComparison.Ordinal) || name.StartsWith("RUNNER_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT"] = "0";
        start.Environment["HOME"] = Path.GetTempPath();
        start.Environment["RUNNER_CLUSTER"] = "kubeconfig";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where it listens, as it told; known once it is healthy.</summary>
    public Uri Address => new(Listening().Match(Output).Groups[1].Value);

    /// <summary>Everything it printed until now.</summary>
    public string Output
    {
        get
        {
            lock (_lock)
            {
                return _output.ToString();
            }
        }
    }

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
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Asks it to end as Kubernetes does.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", $"-TERM {_process.Id}");
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (_lock)
        {
            _output.WriteLine(line);
        }
    }

    [GeneratedRegex("Now listening on: (http://\\S+)")]
    private static partial Regex Listening();
}
