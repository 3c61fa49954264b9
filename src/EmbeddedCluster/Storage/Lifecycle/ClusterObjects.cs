using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Http;

namespace Runner.EmbeddedCluster.Storage.Lifecycle;

/// <summary>What is in every cluster from the first moment: the system's namespaces and the definitions of its custom resources.</summary>
internal static class ClusterObjects
{
    private static readonly string[] Namespaces = ["default", "kube-node-lease", "kube-public", "kube-system"];

    public static void Create(ObjectStore store, TimeProvider time)
    {
        foreach (var name in Namespaces)
        {
            store.Create(new ObjectKey("", "namespaces", "", name), new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["kubernetes.io/metadata.name"] = name } },
                ["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") },
                ["status"] = new JsonObject { ["phase"] = "Active" },
            });
        }

        foreach (var versions in ResourceCatalog.Standard.Where(t => t.Custom).GroupBy(t => (t.Group, t.Plural)))
        {
            var definition = CustomResourceDefinitions.Definition([.. versions]);
            CustomResourceDefinitions.Establish(definition, ObjectLife.Timestamp(time.GetUtcNow()));
            store.Create(new ObjectKey("apiextensions.k8s.io", "customresourcedefinitions", "", versions.First().QualifiedName), definition);
        }
    }
}
