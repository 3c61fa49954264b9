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

    /// <summary>The image cannot be pulled: ErrImagePull and ImagePullBackOff in turn.</summary>
    public bool ImageMissing { get; init; }

    /// <summary>Time in ContainerCreating before the image is pulled.</summary>
    public TimeSpan Preparation { get; init; } = TimeSpan.FromMilliseconds(850);

    /// <summary>Time from running to ready, where the container has a readiness probe; null: never.</summary>
    public TimeSpan? ReadyAfter { get; init; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>How long the first run lasts; null: it goes on.</summary>
    public TimeSpan? FirstRun { get; init; }

    /// <summary>How long every further run lasts; null: it goes on.</summary>
    public TimeSpan? FurtherRuns { get; init; }

    /// <summary>Exit code of a run that ends.</summary>
    public int ExitCode { get; init; }

    /// <summary>Reason of a run that ends: Completed, Error, OOMKilled.</summary>
    public string ExitReason { get; init; } = "Completed";

    /// <summary>Time from the request to stop until the container has stopped.</summary>
    public TimeSpan StopTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>By name, as annotation, variable and image tag give it: <c>missing</c>, <c>oom</c>, <c>crash-loop</c>, <c>crash-after-ready</c>, <c>never-ready</c>, <c>slow</c>, <c>completed</c>, <c>slow-stop</c>.</summary>
    private static readonly (string Name, PodBehaviour Behaviour)[] Named =
    [
        ("missing", new() { ImageMissing = true }),
        ("oom", new() { ReadyAfter = null, FirstRun = TimeSpan.FromSeconds(3), FurtherRuns = TimeSpan.FromSeconds(3), ExitCode = 137, ExitReason = "OOMKilled" }),
        ("crash-after-ready", LateCrash()),
        ("latecrash", LateCrash()),
        ("crash", new() { ReadyAfter = null, FirstRun = TimeSpan.FromSeconds(3), FurtherRuns = TimeSpan.FromSeconds(3), ExitCode = 1, ExitReason = "Error" }),
        ("never-ready", new() { ReadyAfter = null }),
        ("neverready", new() { ReadyAfter = null }),
        ("slow-stop", SlowStop()),
        ("slowstop", SlowStop()),
        ("slow", new() { Preparation = TimeSpan.FromSeconds(8), ReadyAfter = TimeSpan.FromSeconds(10) }),
        ("completed", new() { FirstRun = TimeSpan.FromSeconds(3), FurtherRuns = TimeSpan.FromSeconds(3) }),
        ("running", Healthy),
    ];

    /// <summary>What a container of a pod will do: its variable decides, else the pod's annotation (first container only), else its image tag; a pod that is not restarted ends by itself after 5 s.</summary>
    public static PodBehaviour Of(JsonNode pod, JsonObject container, bool isMain)
    {
        var name = container.Items("env").FirstOrDefault(e => e.Text("name") == Variable).Text("value")
            ?? (isMain ? pod.Annotation(Annotation) : null);
        if (ByName(name ?? Tag(container.Text("image"))) is { } behaviour)
        {
            return behaviour;
        }

        var endsByItself = pod.Text("spec", "restartPolicy") is "Never" or "OnFailure";
        return endsByItself ? new PodBehaviour { FirstRun = TimeSpan.FromSeconds(5), FurtherRuns = TimeSpan.FromSeconds(5) } : Healthy;
    }

    private static PodBehaviour SlowStop() => new() { StopTime = TimeSpan.FromSeconds(8) };

    private static PodBehaviour LateCrash() =>
        new() { FirstRun = TimeSpan.FromMilliseconds(13600), FurtherRuns = TimeSpan.FromSeconds(3), ExitCode = 1, ExitReason = "Error" };

    // "crash-loop" and "crash-v1" both mean "crash"; "crashed" means nothing.
    private static PodBehaviour? ByName(string? name) =>
        name is null ? null : Named.FirstOrDefault(n => name == n.Name || name.StartsWith(n.Name + "-", StringComparison.Ordinal)).Behaviour;

    private static string? Tag(string? image)
    {
        var colon = image?.LastIndexOf(':') ?? -1;
        return colon < 0 || image!.IndexOf('/', colon) >= 0 ? null : image[(colon + 1)..];
    }
}
