using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Nodes;

/// <summary>What a kubelet reports about its node. What the Node says already is kept; only what is missing is filled in.</summary>
internal static class NodeStatus
{
    public const string KubeletVersion = "v1.36.2";

    /// <summary>The status of a node whose kubelet is alive.</summary>
    public static JsonObject Report(JsonObject node, SimulationClock clock)
    {
        var name = node.Name();
        var status = node.EditStatus();
        var capacity = status.Ensure("capacity");
        capacity["cpu"] ??= "8";
        capacity["memory"] ??= "32Gi";
        capacity["ephemeral-storage"] ??= "500Gi";
        capacity["pods"] ??= "110";
        var allocatable = status.Ensure("allocatable");
        foreach (var (resource, amount) in capacity)
        {
            allocatable[resource] ??= amount.Copy();
        }

        foreach (var (type, reason, message) in Pressures)
        {
            Conditions.Set(status, clock, type, "False", reason, message, "lastHeartbeatTime");
        }

        Conditions.Set(status, clock, "Ready", "True", "KubeletReady", "kubelet is posting ready status", "lastHeartbeatTime");
        status["addresses"] ??= Addresses(name);
        if (string.IsNullOrEmpty(status.Text("nodeInfo", "kubeletVersion")))
        {
            status["nodeInfo"] = Info(name, node.Label("kubernetes.io/arch") ?? "amd64");
        }

        if (status.Number("daemonEndpoints", "kubeletEndpoint", "Port") is null or 0)
        {
            status.Ensure("daemonEndpoints", "kubeletEndpoint")["Port"] = 10250;
        }

        return status;
    }

    /// <summary>The status of a node whose kubelet has not been heard of for too long.</summary>
    public static JsonObject Lost(JsonObject node, SimulationClock clock)
    {
        var status = node.EditStatus();
        foreach (var type in Pressures.Select(p => p.Type).Append("Ready"))
        {
            Conditions.Set(status, clock, type, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", "lastHeartbeatTime");
        }

        return status;
    }

    private static readonly (string Type, string Reason, string Message)[] Pressures =
    [
        ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ];

    private static JsonArray Addresses(string name)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(name));
        return new JsonArray(
            new JsonObject { ["type"] = "InternalIP", ["address"] = $"10.1.{hash[0]}.{Math.Max((byte)1, hash[1])}" },
            new JsonObject { ["type"] = "Hostname", ["address"] = name });
    }

    private static JsonObject Info(string name, string architecture)
    {
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..32];
        var uuid = $"{id[..8]}-{id[8..12]}-{id[12..16]}-{id[16..20]}-{id[20..]}";
        return new JsonObject
        {
            ["machineID"] = id,
            ["systemUUID"] = uuid,
            ["bootID"] = uuid,
            ["kernelVersion"] = "5.15.0-122-generic",
            ["osImage"] = "Ubuntu 22.04.5 LTS",
            ["containerRuntimeVersion"] = "containerd://1.7.22",
            ["kubeletVersion"] = KubeletVersion,
            ["kubeProxyVersion"] = "",
            ["operatingSystem"] = "linux",
            ["architecture"] = architecture,
        };
    }
}
