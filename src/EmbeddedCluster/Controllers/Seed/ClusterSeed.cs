using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Knative;
using Runner.EmbeddedCluster.Controllers.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Volumes;
using Runner.EmbeddedCluster.Http;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Seed;

/// <summary>What the cluster holds from the start.</summary>
internal static class ClusterSeed
{
    private static readonly string[] WorkNamespaces = ["argo", "csghub", "knative-serving", "spaces"];

    /// <summary>The namespaces the runner works in, the fleet, a default storage class, and a few workloads.</summary>
    public static void Examples(Cluster cluster)
    {
        foreach (var name in WorkNamespaces)
        {
            Namespace(cluster, name);
        }

        TryCreate(cluster, ObjectKind.StorageClass, new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = EmbeddedClusterHost.StorageClass,
                ["annotations"] = new JsonObject { ["storageclass.kubernetes.io/is-default-class"] = "true" },
            },
            ["provisioner"] = VolumeBinder.Provisioner,
            ["reclaimPolicy"] = "Delete",
            ["volumeBindingMode"] = "Immediate",
            ["allowVolumeExpansion"] = true,
        });
        // The ingress through which the workloads would be reached; its address is from the range for documentation.
        TryCreate(cluster, ObjectKind.Service, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "kourier", ["namespace"] = "knative-serving" },
            ["spec"] = new JsonObject
            {
                ["type"] = "LoadBalancer",
                ["clusterIP"] = "10.43.0.80",
                ["clusterIPs"] = new JsonArray("10.43.0.80"),
                ["ports"] = new JsonArray(new JsonObject { ["name"] = "http2", ["port"] = 80, ["protocol"] = "TCP", ["targetPort"] = 8080 }),
            },
            ["status"] = new JsonObject { ["loadBalancer"] = new JsonObject { ["ingress"] = new JsonArray(new JsonObject { ["ip"] = "192.0.2.80" }) } },
        });
        foreach (var (name, key, value) in new[] { ("config-network", "ingress-class", "kourier.ingress.networking.knative.dev"), ("config-domain", KnativeKeys.Domain, "") })
        {
            TryCreate(cluster, ObjectKind.ConfigMap, new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "knative-serving" },
                ["data"] = new JsonObject { [key] = value },
            });
        }

        TryCreate(cluster, ObjectKind.ApiService, MetricsGroup.Registration(cluster.Clock.Timestamp));
        foreach (var node in SeedNodes.All())
        {
            // Ready at once, so that the example workloads do not begin their lives with a refusal.
            node["status"] = NodeStatus.Report(node, cluster.Clock);
            TryCreate(cluster, ObjectKind.Node, node);
        }

        foreach (var workload in SeedWorkloads.All())
        {
            TryCreate(cluster, ObjectKind.KnativeService, workload);
        }

        foreach (var workflow in SeedWorkflows.All())
        {
            TryCreate(cluster, ObjectKind.Workflow, workflow);
        }
    }

    private static void Namespace(Cluster cluster, string name)
    {
        TryCreate(cluster, ObjectKind.Namespace, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["kubernetes.io/metadata.name"] = name } },
            ["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") },
            ["status"] = new JsonObject { ["phase"] = "Active" },
        });
    }

    private static void TryCreate(Cluster cluster, ObjectKind kind, JsonObject json)
    {
        try
        {
            cluster.Create(kind, json);
        }
        catch (ApiException exists) when (exists.Code == 409)
        {
            // Somebody made it before.
        }
    }
}
