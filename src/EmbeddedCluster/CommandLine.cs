using System.Globalization;
using System.Runtime.InteropServices;

namespace Runner.EmbeddedCluster;

/// <summary>Runs a cluster on its own until it is told to stop, so that a test can end the runner and keep the cluster, or the reverse.</summary>
internal static class CommandLine
{
    private const string Usage = """
        Runs a simulated Kubernetes cluster on loopback until SIGTERM or SIGINT.

          --port N           port of the API; 0 takes a free one (default 0)
          --token TEXT       the administrator's token (default: a random one)
          --kubeconfig FILE  where to write a kubeconfig
          --no-seed          begin without nodes and example workloads
          --no-controllers   a bare API server
          --scale N,P,S      N ready nodes, P running pods, S Knative services from the start; needs --no-controllers
          --time-scale X     factor on every simulated duration (default 1)
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        if (Parse(args) is not { } parsed)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }

        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var loggers = LoggerFactory.Create(logging => logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning));
        await using var cluster = await EmbeddedClusterHost.StartAsync(parsed.Options, TimeProvider.System, loggers, stop.Token);
        if (parsed.Kubeconfig is { } file)
        {
            await WriteSecretAsync(file, cluster.Kubeconfig(), stop.Token);
        }

        Console.WriteLine($"The embedded cluster answers at {cluster.Address.GetLeftPart(UriPartial.Authority)}");
        if (parsed.Kubeconfig is not null)
        {
            Console.WriteLine($"kubectl --kubeconfig {parsed.Kubeconfig} get nodes");
        }

        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop.Token);
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine("The embedded cluster stops");
        }

        return 0;
    }

    /// <summary>Replaces a file at once, readable by its owner alone: it holds the administrator's token.</summary>
    private static async Task WriteSecretAsync(string file, string text, CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(file);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var draft = full + ".new";
        await File.WriteAllTextAsync(draft, text, cancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        File.Move(draft, full, overwrite: true);
    }

    private static (EmbeddedClusterOptions Options, string? Kubeconfig)? Parse(string[] args)
    {
        var options = new EmbeddedClusterOptions();
        string? kubeconfig = null;
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--no-seed":
                    options = options with { Seed = false };
                    continue;
                case "--no-controllers":
                    options = options with { Controllers = false };
                    continue;
                case "--port" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535:
                    options = options with { Port = port };
                    break;
                case "--token" when value is not null:
                    options = options with { Token = value };
                    break;
                case "--kubeconfig" when value is not null:
                    kubeconfig = value;
                    break;
                case "--scale" when Scale(value) is { } scale:
                    options = options with { Scale = scale };
                    break;
                case "--time-scale" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var scale) && scale > 0:
                    options = options with { TimeScale = scale };
                    break;
                default:
                    return null;
            }

            i++;
        }

        return options is { Scale: not null, Controllers: true } ? null : (options, kubeconfig);
    }

    private static ClusterScale? Scale(string? text)
    {
        var counts = (text ?? "").Split(',').Select(t => int.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : -1).ToArray();
        return counts is [>= 1 and var nodes, >= 0 and var pods, >= 1 and var services] ? new ClusterScale(nodes, pods, services) : null;
    }
}
