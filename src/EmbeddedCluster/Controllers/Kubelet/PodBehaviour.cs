using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Kubelet;

/// <summary>How a simulated container fares. All times are simulated.</summary>
internal sealed record PodBehaviour
{
    /// <summary>Annotation on a pod (or a pod template) that names a behaviour for its main container.</summary>
    public const string Annotation = "embedded.csghub.io/behaviour";

    /// <summary>Annotation on a pod whose every new value makes its main container exit with code 1 at once.</summary>
    public const string FailAnnotation = "embedded.csghub.io/fail";

    /// <summary>Environment variable of a container that names its behaviour.</summary>
    public const string Variable = "EMBEDDED_BEHAVIOUR";

    public static readonly PodBehaviour Healthy = new();

    /// <summary>How long a container runs in a pod that is not restarted, where nothing else is asked for.</summary>
    public static readonly TimeSpan JobTime = TimeSpan.FromSeconds(5);

    /// <summary>How long an init container runs, where nothing else is asked for.</summary>
    public static readonly TimeSpan InitTime = TimeSpan.FromSeconds(1);

    /// <summary>The image cannot be pulled: ErrImagePull and ImagePullBackOff in turn.</summary>
    public bool ImageMissing { get; init; }

    /// <summary>Time in ContainerCreating before the image is pulled.</summary>
    public TimeSpan Preparation { get; init; } = TimeSpan.FromMilliseconds(850);

    /// <summary>Time from running to ready, where the container has a readiness probe; null: never.</summary>
    public TimeSpan? ReadyAfter { get; init; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>How long the first run lasts; null: it goes on, or for <see cref="JobTime"/> in a pod that is not restarted.</summary>
    public TimeSpan? FirstRun { get; init; }

    /// <summary>Whether it goes on also in a pod that is not restarted.</summary>
    public bool Endless { get; init; }

    /// <summary>How long every further run lasts; null: as long as the first.</summary>
    public TimeSpan? FurtherRuns { get; init; }

    /// <summary>Exit code of a run that ends.</summary>
    public int ExitCode { get; init; }

    /// <summary>Reason of a run that ends: Completed, Error, OOMKilled.</summary>
    public string ExitReason { get; init; } = "Completed";

    /// <summary>What it prints before it ends with reason Error, also its termination message where the container asks for one.</summary>
    public string LastWords { get; init; } = ContainerOutput.CrashMessage;

    /// <summary>Time from the request to stop until the container has stopped.</summary>
    public TimeSpan StopTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>By name, as annotation, variable and image tag give it; the first that matches counts.</summary>
    private static readonly (string Name, PodBehaviour Behaviour)[] Named =
    [
        ("missing", new() { ImageMissing = true }),
        ("oom", new() { ReadyAfter = null, FirstRun = TimeSpan.FromSeconds(3), ExitCode = 137, ExitReason = "OOMKilled" }),
        ("crash-after-ready", LateCrash()),
        ("latecrash", LateCrash()),
        ("crash", new() { ReadyAfter = null, FirstRun = TimeSpan.FromSeconds(3), ExitCode = 1, ExitReason = "Error" }),
        ("fails", new() { ReadyAfter = null, FirstRun = JobTime, ExitCode = 1, ExitReason = "Error", LastWords = ContainerOutput.FailureMessage }),
        ("never-ready", new() { ReadyAfter = null }),
        ("neverready", new() { ReadyAfter = null }),
        ("slow-stop", SlowStop()),
        ("slowstop", SlowStop()),
        ("slow", new() { Preparation = TimeSpan.FromSeconds(8), ReadyAfter = TimeSpan.FromSeconds(10) }),
        ("completed", new() { FirstRun = TimeSpan.FromSeconds(3) }),
        ("running", new() { Endless = true }),
    ];

    /// <summary>
    /// What a container of a pod will do: its variable decides, else the pod's annotation (main container only), else its image tag.
    /// A name that ends in <c>-20s</c> says how long each run lasts. An init container ends by itself, and so does every container of a pod that is not restarted.
    /// </summary>
    public static PodBehaviour Of(JsonNode pod, JsonObject container, bool isMain, bool isInit)
    {
        var name = container.Items("env").FirstOrDefault(e => e.Text("name") == Variable).Text("value")
            ?? (isMain ? pod.Annotation(Annotation) : null)
            ?? Tag(container.Text("image"));
        var behaviour = ByName(name) ?? Healthy;
        var endsByItself = isInit ? container.Text("restartPolicy") != "Always" : pod.Text("spec", "restartPolicy") is "Never" or "OnFailure" && !behaviour.Endless;
        return behaviour.FirstRun is null && !behaviour.ImageMissing && endsByItself ? behaviour with { FirstRun = isInit ? InitTime : JobTime } : behaviour;
    }

    private static PodBehaviour SlowStop() => new() { StopTime = TimeSpan.FromSeconds(8) };

    private static PodBehaviour LateCrash() =>
        new() { FirstRun = TimeSpan.FromMilliseconds(13600), FurtherRuns = TimeSpan.FromSeconds(3), ExitCode = 1, ExitReason = "Error" };

    // "crash-loop" and "crash-v1" both mean "crash"; "crashed" means nothing.
    private static PodBehaviour? ByName(string? name)
    {
        var behaviour = name is null ? null : Named.FirstOrDefault(n => name == n.Name || name.StartsWith(n.Name + "-", StringComparison.Ordinal)).Behaviour;
        return behaviour is not null && RunTime(name!) is { } length ? behaviour with { FirstRun = length, FurtherRuns = length } : behaviour;
    }

    // The 20 of "completed-20s".
    private static TimeSpan? RunTime(string name)
    {
        var dash = name.LastIndexOf('-');
        return dash >= 0 && name.EndsWith('s') && int.TryParse(name.AsSpan(dash + 1, name.Length - dash - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;
    }

    private static string? Tag(string? image)
    {
        var colon = image?.LastIndexOf(':') ?? -1;
        return colon < 0 || image!.IndexOf('/', colon) >= 0 ? null : image[(colon + 1)..];
    }
}
