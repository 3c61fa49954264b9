namespace Runner.Engine.Diagnostics.Dependencies;

/// <summary>Something that the runner builds upon.</summary>
/// <param name="Id">Its name in the texts of the pages.</param>
/// <param name="Definitions">Custom resources that belong to it.</param>
/// <param name="Controllers">Deployments and StatefulSets that carry it, in whatever namespace.</param>
/// <param name="VersionKeys">Labels and annotations of definitions and controllers that tell its version, besides <c>app.kubernetes.io/version</c>.</param>
internal sealed record Dependency(string Id, string Name, IReadOnlyList<string> Definitions, IReadOnlyList<string> Controllers, params string[] VersionKeys);

/// <summary>Everything that the runner builds upon, under the names that its makers' own manifests use.</summary>
internal static class DependencyCatalog
{
    public static IReadOnlyList<Dependency> All { get; } =
    [
        new("Knative", "Knative Serving",
            ["services.serving.knative.dev", "configurations.serving.knative.dev", "revisions.serving.knative.dev", "routes.serving.knative.dev"],
            ["activator", "autoscaler", "controller", "webhook"], "serving.knative.dev/release"),
        new("Kourier", "Kourier", [], ["net-kourier-controller", "3scale-kourier-gateway"]),
        new("Argo", "Argo Workflows", ["workflows.argoproj.io", "workflowtemplates.argoproj.io"], ["workflow-controller"]),
        new("LeaderWorkerSet", "LeaderWorkerSet", ["leaderworkersets.leaderworkerset.x-k8s.io"], ["lws-controller-manager"]),
        new("GatewayApi", "Gateway API", ["gatewayclasses.gateway.networking.k8s.io", "gateways.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io"], [], "gateway.networking.k8s.io/bundle-version"),
        new("Envoy", "Envoy Gateway", ["envoyproxies.gateway.envoyproxy.io"], ["envoy-gateway"]),
        new("Volcano", "Volcano", ["podgroups.scheduling.volcano.sh", "queues.scheduling.volcano.sh"], ["volcano-controllers", "volcano-scheduler", "volcano-admission"]),
        new("AgentSandbox", "agent-sandbox", ["sandboxes.agents.x-k8s.io"], ["agent-sandbox-controller"]),
    ];
}
