using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>The resource metrics API of a metrics server. As in a real cluster it is there while an APIService says so: <c>kubectl delete apiservice v1beta1.metrics.k8s.io</c> takes it away.</summary>
internal static class MetricsGroup
{
    public const string Name = "metrics.k8s.io";

    /// <summary>Name of the APIService.</summary>
    public const string Service = $"{Version}.{Name}";

    private const string Version = "v1beta1";
    private static readonly string[] Verbs = ["get", "list"];

    /// <summary>Its resources: it offers no watch.</summary>
    public static ImmutableArray<ResourceType> Types { get; } =
    [
        new(Name, Version, "nodes", "", "NodeMetrics", false) { Verbs = Verbs },
        new(Name, Version, "pods", "", "PodMetrics", true) { Verbs = Verbs },
    ];

    /// <summary>The APIService as a metrics server's manifests have it.</summary>
    /// <param name="since">When it became available, as in JSON.</param>
    public static JsonObject Registration(string since) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = Service },
        ["spec"] = new JsonObject
        {
            ["group"] = Name,
            ["version"] = Version,
            ["groupPriorityMinimum"] = 100,
            ["versionPriority"] = 100,
            ["insecureSkipTLSVerify"] = true,
            ["service"] = new JsonObject { ["name"] = "metrics-server", ["namespace"] = "kube-system", ["port"] = 443 },
        },
        ["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "Available", ["status"] = "True", ["reason"] = "Passed", ["message"] = "all checks passed", ["lastTransitionTime"] = since,
            }),
        },
    };
}
