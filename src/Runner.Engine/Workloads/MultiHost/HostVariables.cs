using System.Globalization;
using k8s.Models;

namespace Runner.Engine.Workloads.MultiHost;

/// <summary>
/// What a host of a group is told of the others by its environment, beside the manager's <c>LWS_*</c>: by which network to reach them, and how many accelerators there
/// are. What the hub's request says itself comes first. Pure but for the container given, which is changed in place.
/// </summary>
internal static class HostVariables
{
    /// <summary>How many accelerators a host has.</summary>
    private const string Accelerators = "GPU_NUM";

    /// <summary>How many all hosts of a group have together.</summary>
    private const string AllAccelerators = "TOTAL_GPU";

    /// <summary>By which the communication libraries of accelerators are told their network.</summary>
    private static readonly string[] Interfaces = ["GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"];

    /// <summary>Adds what the container is not told yet.</summary>
    /// <param name="networkInterface">Empty to leave it to the hosts.</param>
    /// <param name="accelerators">Of one host; 0 for none.</param>
    public static void Complete(V1Container container, string networkInterface, int accelerators, int hosts)
    {
        foreach (var variable in Interfaces.Where(_ => networkInterface.Length > 0))
        {
            Add(container, variable, networkInterface);
        }

        if (accelerators > 0)
        {
            Add(container, Accelerators, Text(accelerators));
            Add(container, AllAccelerators, Text((long)accelerators * hosts));
        }
    }

    /// <summary>What the container was told when its group had so many hosts.</summary>
    public static HostFacts Read(V1Container container, int hosts)
    {
        var all = long.TryParse(Value(container, AllAccelerators), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        return new(
            Interfaces.Select(variable => (variable, Value(container, variable))).Where(told => told.Item2.Length > 0).ToDictionary(),
            hosts > 0 && all % hosts == 0 ? (int)Math.Min(all / hosts, int.MaxValue) : 0);
    }

    /// <summary>Makes the environment of an updated container right for its group as it is now.</summary>
    /// <param name="before">What it was told before.</param>
    /// <param name="isKept">True when its environment is that from before, so that what goes with the hardware of then stands in it.</param>
    /// <param name="networkInterface">Empty where none is configured: then it stays as it was.</param>
    /// <param name="accelerators">Of one host; null when they stay as they were.</param>
    public static void Renew(V1Container container, HostFacts before, bool isKept, string networkInterface, int? accelerators, int hosts)
    {
        if (isKept && before.Accelerators > 0)
        {
            // A number that does not go with the sum is somebody's own.
            container.Env = [.. container.Env.Where(variable => variable.Name != AllAccelerators && !(variable.Name == Accelerators && variable.Value == Text(before.Accelerators)))];
        }

        Complete(container, networkInterface, accelerators ?? before.Accelerators, hosts);
        foreach (var (variable, value) in before.Interfaces)
        {
            Add(container, variable, value);
        }
    }

    private static string Value(V1Container container, string name) => container.Env?.FirstOrDefault(variable => variable.Name == name)?.Value ?? "";

    private static void Add(V1Container container, string name, string value)
    {
        if ((container.Env ??= []).All(variable => variable.Name != name))
        {
            container.Env.Add(new() { Name = name, Value = value });
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What a host was told of the others.</summary>
/// <param name="Interfaces">Name of a variable to the network interface that it names.</param>
/// <param name="Accelerators">Of one host; 0 when it was told none, or a sum that does not go with the number of hosts.</param>
internal sealed record HostFacts(IReadOnlyDictionary<string, string> Interfaces, int Accelerators);
