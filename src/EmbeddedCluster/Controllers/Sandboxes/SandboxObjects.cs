using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Apps;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Sandboxes;

/// <summary>The objects a Sandbox is made of, as pure functions of it.</summary>
internal static class SandboxObjects
{
    /// <summary>Label of a Sandbox's pod and Service: a fingerprint of its name.</summary>
    public const string NameLabel = "agents.x-k8s.io/sandbox-name-hash";

    /// <summary>FNV-1a of the name, eight hexadecimal digits.</summary>
    public static string NameHash(string name) =>
        Encoding.UTF8.GetBytes(name).Aggregate(2166136261u, (hash, octet) => unchecked((hash ^ octet) * 16777619u)).ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>The pod, named like the Sandbox, with a volume for each of its claims.</summary>
    public static JsonObject Pod(StoredObject sandbox)
    {
        var pod = PodTemplate.Instantiate(sandbox, ObjectKind.Sandbox, sandbox.Key.Name, "podTemplate");
        var metadata = pod.Ensure("metadata");
        metadata.Remove("generateName");
        metadata.Ensure("labels")[NameLabel] = NameHash(sandbox.Key.Name);
        var spec = pod.Ensure("spec");
        foreach (var template in sandbox.Json.Items("spec", "volumeClaimTemplates"))
        {
            if (spec["volumes"] is not JsonArray volumes)
            {
                spec["volumes"] = volumes = [];
            }

            volumes.Add(new JsonObject
            {
                ["name"] = template.Name(),
                ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = ClaimName(sandbox, template) },
            });
        }

        return pod;
    }

    /// <summary>The Service without address and ports that gives the Sandbox its DNS name.</summary>
    public static JsonObject Service(StoredObject sandbox) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = sandbox.Key.Name,
            ["namespace"] = sandbox.Key.Namespace,
            ["labels"] = new JsonObject { [NameLabel] = NameHash(sandbox.Key.Name) },
            ["ownerReferences"] = new JsonArray(Cluster.ControllerReference(sandbox, ObjectKind.Sandbox)),
        },
        ["spec"] = new JsonObject { ["clusterIP"] = "None", ["selector"] = new JsonObject { [NameLabel] = NameHash(sandbox.Key.Name) } },
    };

    /// <summary>The claims of its templates; they belong to the Sandbox and go with it.</summary>
    public static IEnumerable<JsonObject> Claims(StoredObject sandbox) => sandbox.Json.Items("spec", "volumeClaimTemplates").Select(template => new JsonObject
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = ClaimName(sandbox, template),
            ["namespace"] = sandbox.Key.Namespace,
            ["ownerReferences"] = new JsonArray(Cluster.ControllerReference(sandbox, ObjectKind.Sandbox)),
        },
        ["spec"] = template["spec"].Copy(),
        ["status"] = new JsonObject { ["phase"] = "Pending" },
    });

    private static string ClaimName(StoredObject sandbox, JsonObject template) => $"{template.Name()}-{sandbox.Key.Name}";
}
