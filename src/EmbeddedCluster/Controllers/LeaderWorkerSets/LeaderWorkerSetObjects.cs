using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.LeaderWorkerSets;

/// <summary>The objects a LeaderWorkerSet is made of, as pure functions of the set and its leader pods.</summary>
internal static class LeaderWorkerSetObjects
{
    /// <summary>Fingerprint of all that makes new groups necessary when it changes.</summary>
    public static string RevisionKey(JsonObject set) => Names.TemplateHash(new JsonObject
    {
        ["leaderWorkerTemplate"] = set.At("spec", "leaderWorkerTemplate").Copy(),
        ["networkConfig"] = set.At("spec", "networkConfig").Copy(),
    });

    /// <summary>The revision in which the manager keeps the set's template.</summary>
    /// <param name="number">One more than the newest revision's.</param>
    public static JsonObject Revision(StoredObject set, string key, long number)
    {
        var template = (JsonObject)set.Json.Object("spec", "leaderWorkerTemplate").Copy()!;
        template.Insert(0, "$patch", "replace");
        foreach (var name in (ReadOnlySpan<string>)["leaderTemplate", "workerTemplate"])
        {
            // Go writes the time that a template does not have.
            template.Object(name, "metadata")?.Add("creationTimestamp", null);
        }

        var network = (JsonObject?)set.Json.Object("spec", "networkConfig").Copy() ?? [];
        network.Insert(0, "$patch", "replace");
        return new JsonObject
        {
            ["metadata"] = Metadata(set, ObjectKind.LeaderWorkerSet, string.Create(CultureInfo.InvariantCulture, $"{set.Key.Name}-{key}-{number}"), new JsonObject
            {
                [LeaderWorkerSetKeys.SetName] = set.Key.Name,
                [LeaderWorkerSetKeys.RevisionHash] = key,
            }),
            ["data"] = new JsonObject { ["spec"] = new JsonObject { ["leaderWorkerTemplate"] = template, ["networkConfig"] = network } },
            ["revision"] = number,
        };
    }

    /// <summary>The StatefulSet whose pods are the leaders, one of each group.</summary>
    public static JsonObject Leaders(StoredObject set, string revision)
    {
        var template = Template(set, "leaderTemplate") ?? Template(set, "workerTemplate")!;
        var labels = template.Ensure("metadata", "labels");
        labels[LeaderWorkerSetKeys.SetName] = set.Key.Name;
        labels[LeaderWorkerSetKeys.RevisionHash] = revision;
        labels[LeaderWorkerSetKeys.WorkerIndex] = "0";
        var annotations = template.Ensure("metadata", "annotations");
        annotations[LeaderWorkerSetKeys.Size] = Size(set.Json).ToString(CultureInfo.InvariantCulture);
        if (HasOwnSubdomains(set.Json))
        {
            annotations[LeaderWorkerSetKeys.SubdomainPolicy] = "UniquePerReplica";
        }

        var metadata = Metadata(set, ObjectKind.LeaderWorkerSet, set.Key.Name, new JsonObject
        {
            [LeaderWorkerSetKeys.SetName] = set.Key.Name,
            [LeaderWorkerSetKeys.RevisionHash] = revision,
        });
        metadata["annotations"] = new JsonObject { [LeaderWorkerSetKeys.Replicas] = Replicas(set.Json).ToString(CultureInfo.InvariantCulture) };
        return new JsonObject
        {
            ["metadata"] = metadata,
            ["spec"] = new JsonObject
            {
                ["replicas"] = Replicas(set.Json),
                ["selector"] = Selector(new JsonObject { [LeaderWorkerSetKeys.SetName] = set.Key.Name, [LeaderWorkerSetKeys.WorkerIndex] = "0" }),
                ["template"] = template,
                ["serviceName"] = set.Key.Name,
                ["podManagementPolicy"] = "Parallel",
            },
        };
    }

    /// <summary>The StatefulSet whose pods are the workers of one leader; they are counted from 1.</summary>
    public static JsonObject Workers(StoredObject set, StoredObject leader)
    {
        JsonObject group = [];
        foreach (var label in (ReadOnlySpan<string>)[LeaderWorkerSetKeys.GroupIndex, LeaderWorkerSetKeys.GroupKey, LeaderWorkerSetKeys.SetName])
        {
            group[label] = leader.Json.Label(label);
        }

        var template = Template(set, "workerTemplate")!;
        var marked = (JsonObject)group.DeepClone();
        marked[LeaderWorkerSetKeys.RevisionHash] = leader.Json.Label(LeaderWorkerSetKeys.RevisionHash);
        var labels = template.Ensure("metadata", "labels");
        foreach (var (name, value) in marked)
        {
            labels[name] = value.Copy();
        }

        var annotations = template.Ensure("metadata", "annotations");
        annotations[LeaderWorkerSetKeys.LeaderName] = leader.Key.Name;
        annotations[LeaderWorkerSetKeys.Size] = Size(set.Json).ToString(CultureInfo.InvariantCulture);
        return new JsonObject
        {
            ["metadata"] = Metadata(leader, ObjectKind.Pod, leader.Key.Name, marked),
            ["spec"] = new JsonObject
            {
                ["replicas"] = Size(set.Json) - 1,
                ["selector"] = Selector(group),
                ["template"] = template,
                ["serviceName"] = HasOwnSubdomains(set.Json) ? leader.Key.Name : set.Key.Name,
                ["podManagementPolicy"] = "Parallel",
                ["ordinals"] = new JsonObject { ["start"] = 1 },
            },
        };
    }

    /// <summary>The Service without address under which the pods of the set, or of one leader's group, find each other.</summary>
    /// <param name="leader">Null for the Service of the whole set.</param>
    public static JsonObject Service(StoredObject set, StoredObject? leader = null)
    {
        var selector = new JsonObject { [LeaderWorkerSetKeys.SetName] = set.Key.Name };
        if (leader is not null)
        {
            selector[LeaderWorkerSetKeys.GroupIndex] = leader.Json.Label(LeaderWorkerSetKeys.GroupIndex);
        }

        var labels = new JsonObject { [LeaderWorkerSetKeys.SetName] = set.Key.Name };
        return new JsonObject
        {
            ["metadata"] = leader is null
                ? Metadata(set, ObjectKind.LeaderWorkerSet, set.Key.Name, labels)
                : Metadata(leader, ObjectKind.Pod, leader.Key.Name, labels),
            ["spec"] = new JsonObject { ["selector"] = selector, ["clusterIP"] = "None", ["publishNotReadyAddresses"] = true },
        };
    }

    /// <summary>Number of groups.</summary>
    public static int Replicas(JsonObject set) => (int)(set.Number("spec", "replicas") ?? 1);

    /// <summary>Number of pods in a group, the leader among them.</summary>
    public static int Size(JsonObject set) => (int)(set.Number("spec", "leaderWorkerTemplate", "size") ?? 1);

    /// <summary>Whether every group has a subdomain of its own.</summary>
    public static bool HasOwnSubdomains(JsonObject set) => set.Text("spec", "networkConfig", "subdomainPolicy") == "UniquePerReplica";

    private static JsonObject? Template(StoredObject set, string name) => (JsonObject?)set.Json.Object("spec", "leaderWorkerTemplate", name).Copy();

    private static JsonObject Selector(JsonObject labels) => new() { ["matchLabels"] = labels.DeepClone() };

    private static JsonObject Metadata(StoredObject owner, ObjectKind kind, string name, JsonObject labels) => new()
    {
        ["name"] = name,
        ["namespace"] = owner.Key.Namespace,
        ["labels"] = labels.DeepClone(),
        ["ownerReferences"] = new JsonArray(Cluster.ControllerReference(owner, kind)),
    };
}
