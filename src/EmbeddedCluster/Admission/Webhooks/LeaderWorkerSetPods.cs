using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.LeaderWorkerSets;

namespace Runner.EmbeddedCluster.Admission.Webhooks;

/// <summary>What the LeaderWorkerSet's webhook adds to pods of a set: labels that name group and place, and variables that tell the containers.</summary>
internal static class LeaderWorkerSetPods
{
    /// <summary>Changes a pod that carries the set's labels and leaves any other alone.</summary>
    public static void Apply(JsonObject pod)
    {
        if (pod.Object("metadata", "labels") is not { } labels)
        {
            return;
        }

        var (set, size) = (labels.Text(LeaderWorkerSetKeys.SetName), pod.Text("metadata", "annotations", LeaderWorkerSetKeys.Size));
        var name = pod.Text("metadata", "name");
        if (set.Length == 0 || size.Length == 0 || Ordinal(name) is not { } ordinal)
        {
            return;
        }

        if (labels.Text(LeaderWorkerSetKeys.WorkerIndex) == "0")
        {
            labels.Fill(LeaderWorkerSetKeys.GroupIndex, ordinal);
            labels.Fill(LeaderWorkerSetKeys.GroupKey, GroupKey(pod.Text("metadata", "namespace"), name));
            if (pod.Text("metadata", "annotations", LeaderWorkerSetKeys.SubdomainPolicy) == "UniquePerReplica")
            {
                pod.Ensure("spec")["subdomain"] = name;
            }
        }
        else
        {
            labels[LeaderWorkerSetKeys.WorkerIndex] = ordinal;
        }

        var address = $"{set}-{labels.Text(LeaderWorkerSetKeys.GroupIndex)}.{pod.Text("spec", "subdomain")}.{pod.Text("metadata", "namespace")}";
        (string Name, string Value)[] variables =
        [
            (LeaderWorkerSetKeys.LeaderAddressVariable, address),
            (LeaderWorkerSetKeys.GroupSizeVariable, size),
            (LeaderWorkerSetKeys.WorkerIndexVariable, labels.Text(LeaderWorkerSetKeys.WorkerIndex)),
        ];
        foreach (var container in pod.Objects("spec", "containers").Concat(pod.Objects("spec", "initContainers")))
        {
            // In front, so that the container's own variables may refer to them.
            var others = container.Objects("env").Where(e => !variables.Any(v => v.Name == e.Text("name"))).Select(e => e.DeepClone());
            container["env"] = new JsonArray([.. variables.Select(v => new JsonObject { ["name"] = v.Name, ["value"] = v.Value }), .. others]);
        }
    }

    /// <summary>Fingerprint of the group that a leader leads.</summary>
    public static string GroupKey(string @namespace, string leader)
    {
#pragma warning disable CA5350 // The manager's own choice of hash for a name; nothing is protected by it.
        return Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes($"{@namespace}/{leader}")));
#pragma warning restore CA5350
    }

    private static string? Ordinal(string pod) =>
        int.TryParse(pod.AsSpan(pod.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)
            ? ordinal.ToString(CultureInfo.InvariantCulture)
            : null;
}
