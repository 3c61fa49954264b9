using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Http;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Definitions;

/// <summary>
/// Custom resources that come with the controllers of this room and not with the API server: those of agent-sandbox and of Volcano. They are
/// definitions like any other, so that they can be deleted to see what happens without them.
/// </summary>
internal static class InstalledDefinitions
{
    private static readonly ResourceType[] Types =
    [
        new("agents.x-k8s.io", "v1alpha1", "sandboxes", "sandbox", "Sandbox", true) { Custom = true, ShortNames = ["sandbox"], Subresources = ["status", "scale"] },
        new("scheduling.volcano.sh", "v1beta1", "podgroups", "podgroup", "PodGroup", true)
        {
            Custom = true, ShortNames = ["pg", "podgroup-v1beta1"], Subresources = ["status"],
        },
        new("scheduling.volcano.sh", "v1beta1", "queues", "queue", "Queue", false) { Custom = true, ShortNames = ["q", "queue-v1beta1"], Subresources = ["status"] },
    ];

    /// <summary>Stores the definitions and serves them at once; one that is there already stays as it is.</summary>
    public static void Create(ObjectStore store, DateTimeOffset now)
    {
        foreach (var type in Types)
        {
            var key = new ObjectKey("apiextensions.k8s.io", "customresourcedefinitions", "", type.QualifiedName);
            if (store.Get(key) is not null)
            {
                continue;
            }

            var definition = CustomResourceDefinitions.Definition([type]);
            CustomResourceDefinitions.Establish(definition, ObjectLife.Timestamp(now));
            store.Catalog.Define(definition);
            store.Create(key, definition);
        }

        // Volcano makes them when it starts.
        foreach (var queue in (ReadOnlySpan<string>)["root", "default"])
        {
            var key = new ObjectKey("scheduling.volcano.sh", "queues", "", queue);
            if (store.Get(key) is null)
            {
                store.Create(key, new JsonObject
                {
                    ["spec"] = new JsonObject { ["weight"] = 1, ["reclaimable"] = queue != "root" },
                    ["status"] = new JsonObject { ["state"] = "Open" },
                });
            }
        }
    }
}
