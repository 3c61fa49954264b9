using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Logs;

namespace Runner.EmbeddedCluster.Controllers.Kubelet;

/// <summary>
/// What the containers of one pod print: a start that looks like the program in the image, a line now and then, a traceback before a crash.
/// <see cref="LinesVariable"/> makes a container print that many numbered lines instead.
/// </summary>
internal sealed class ContainerOutput(JsonObject pod, SimulationClock clock, PodLogStore logs)
{
    /// <summary>Environment variable: how many numbered lines to print, 1 to 10,000,000.</summary>
    public const string LinesVariable = "EMBEDDED_LOG_LINES";

    /// <summary>Environment variable: lines a second (real time, whatever the time scale), 1 to 100,000; 1000 where not given.</summary>
    public const string RateVariable = "EMBEDDED_LOG_RATE";

    /// <summary>Last words of a job that fails.</summary>
    public const string FailureMessage = "ERROR: the job failed: dataset acme/questions has no split named test\n";

    /// <summary>Last words of a container that crashes.</summary>
    public const string CrashMessage =
        "Traceback (most recent call last):\n  File \"/app/serve.py\", line 41, in <module>\n    main()\nRuntimeError: No CUDA GPUs are available\n";

    private static readonly TimeSpan FloodInterval = TimeSpan.FromMilliseconds(50);

    private readonly string _podUid = pod.Uid();

    /// <summary>A container starts.</summary>
    /// <param name="during">Plans a step after a simulated time, for as long as this run of the container lasts.</param>
    public void Start(ContainerRun container, Action<TimeSpan, Action> during)
    {
        logs.StartRun(_podUid, container.Name);
        if (Number(container, LinesVariable, 10_000_000) is { } lines)
        {
            Flood(container, 0, lines, Number(container, RateVariable, 100_000) ?? 1000, during);
            return;
        }

        var script = LogScript.For(container, pod);
        foreach (var (after, line) in script.Beginning)
        {
            during(after, () => Write(container, line));
        }

        if (script.Regular is { } regular)
        {
            Regularly(container, regular, 1, during);
        }
    }

    /// <summary>A container ends.</summary>
    public void End(ContainerRun container, int exitCode, string reason)
    {
        if (reason == "Error" && exitCode == container.Behaviour.ExitCode)
        {
            foreach (var line in container.Behaviour.LastWords.TrimEnd('\n').Split('\n'))
            {
                Write(container, line);
            }
        }
        else if (exitCode == 0 && container.Behaviour.FirstRun is not null)
        {
            Write(container, "done");
        }

        logs.EndRun(_podUid, container.Name);
    }

    private static long? Number(ContainerRun container, string variable, long most) =>
        container.Spec.Items("env").FirstOrDefault(e => e.Text("name") == variable).Number("value") is { } number ? Math.Clamp(number, 1, most) : null;

    private void Flood(ContainerRun container, long printed, long lines, long rate, Action<TimeSpan, Action> during)
    {
        var until = Math.Min(lines, printed + Math.Max(1, (long)(rate * FloodInterval.TotalSeconds)));
        for (var number = printed + 1; number <= until; number++)
        {
            Write(container, string.Create(CultureInfo.InvariantCulture, $"line {number} of {lines}"));
        }

        if (until < lines)
        {
            during(clock.Simulated(FloodInterval), () => Flood(container, until, lines, rate, during));
        }
    }

    private void Regularly(ContainerRun container, Func<int, string> regular, int count, Action<TimeSpan, Action> during) =>
        during(TimeSpan.FromSeconds(15), () =>
        {
            Write(container, regular(count));
            Regularly(container, regular, count + 1, during);
        });

    private void Write(ContainerRun container, string line) => logs.Append(_podUid, container.Name, clock.Now, line);
}
