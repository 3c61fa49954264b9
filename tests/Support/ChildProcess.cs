using System.Diagnostics;
using System.Text;

namespace Runner.Tests.Support;

/// <summary>The real program, or another one, as a process of its own, with what it prints.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    /// <summary>The runner's program file: a library for the installed framework, or what was published together with its own.</summary>
    public static string Runner { get; set; } = Path.Combine(AppContext.BaseDirectory, "Runner.Web.dll");

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ChildProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What the program wrote so far.</summary>
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

    public bool HasExited => _process.HasExited;

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    public int ExitCode => _process.ExitCode;

    /// <summary>Starts the program, which was built with the tests.</summary>
    /// <param name="environment">Beside these variables the program sees none that begin with <c>RUNNER_</c> or <c>STARHUB_</c>.</param>
    /// <param name="command">Another program and its arguments; none for the runner.</param>
    public static ChildProcess Start(IReadOnlyDictionary<string, string> environment, params IEnumerable<string> command)
    {
        List<string> words = [.. command.DefaultIfEmpty(Runner)];
        var start = Path.GetExtension(words[0]) == ".dll" ? new ProcessStartInfo("dotnet", words) : new ProcessStartInfo(words[0], words[1..]);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("RUNNER_", StringComparison.Ordinal) || name.StartsWith("STARHUB_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ChildProcess(Process.Start(start)!);
    }

    /// <summary>Waits for the end.</summary>
    public Task EndAsync(TimeSpan patience, CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken).WaitAsync(patience, cancellationToken);

    /// <summary>SIGKILL, and waits until the process is gone.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void Append(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
