using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Kubelet;

/// <summary>One container of a pod that the kubelet runs: what will happen to it, and its state so far.</summary>
internal sealed class ContainerRun(JsonObject spec, PodBehaviour behaviour, bool isInit)
{
    public JsonObject Spec { get; } = spec;

    public PodBehaviour Behaviour { get; } = behaviour;

    public bool IsInit { get; } = isInit;

    public string Name { get; } = spec.Text("name") ?? "";

    public string Image { get; } = spec.Text("image") ?? "";

    public bool HasReadinessProbe { get; } = spec.Object("readinessProbe") is not null;

    public int RestartCount { get; set; }

    public bool Ready { get; set; }

    public bool Pulled { get; set; }

    /// <summary>How often the image could not be pulled.</summary>
    public int PullFailures { get; set; }

    /// <summary>Counts starts and stops, so that a step planned for an earlier run does nothing.</summary>
    public int Run { get; set; }

    /// <summary>The <c>state</c> as the status shows it.</summary>
    public JsonObject State { get; set; } = Waiting("ContainerCreating");

    public JsonObject? LastState { get; set; }

    /// <summary>What comes after an init container.</summary>
    public Action? WhenDone { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public bool IsRunning => State.ContainsKey("running");

    public JsonObject? Terminated => State.Object("terminated");

    public static JsonObject Waiting(string reason, string? message = null)
    {
        var waiting = new JsonObject { ["reason"] = reason };
        if (message is not null)
        {
            waiting["message"] = message;
        }

        return new() { ["waiting"] = waiting };
    }

    /// <summary>The container's entry in <c>containerStatuses</c>.</summary>
    public JsonObject Status(string podUid)
    {
        var started = Run > 0;
        var status = new JsonObject
        {
            ["name"] = Name,
            ["state"] = State.DeepClone(),
            ["lastState"] = LastState.Copy() ?? new JsonObject(),
            ["ready"] = Ready,
            ["restartCount"] = RestartCount,
            ["image"] = Image,
            ["imageID"] = Pulled ? ImageId(Image) : "",
            ["started"] = IsRunning,
        };
        if (started)
        {
            status["containerID"] = ContainerId(podUid);
        }

        if (Spec.Object("resources", "requests") is { } requests)
        {
            status["allocatedResources"] = requests.DeepClone();
            status["resources"] = Spec["resources"].Copy();
        }

        return status;
    }

    public string ContainerId(string podUid) => "containerd://" + Hash($"{podUid}/{Name}/{RestartCount}");

    private static string ImageId(string image)
    {
        var colon = image.LastIndexOf(':');
        var repository = colon > 0 && image.IndexOf('/', colon) < 0 ? image[..colon] : image;
        return $"{repository}@sha256:{Hash(image)}";
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
