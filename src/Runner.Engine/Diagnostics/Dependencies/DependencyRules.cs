using k8s.Models;

namespace Runner.Engine.Diagnostics.Dependencies;

/// <summary>Judges a dependency by what is there. Pure.</summary>
internal static class DependencyRules
{
    private const string CommonVersion = "app.kubernetes.io/version";

    public static DependencyStatus Judge(string cluster, Dependency dependency, IReadOnlyList<V1CustomResourceDefinition> definitions, IReadOnlyList<V1Deployment> deployments, bool known, string problem)
    {
        var own = definitions.Where(definition => dependency.Definitions.Contains(definition.Metadata.Name)).ToList();
        var carriers = deployments.Where(deployment => IsOf(dependency, deployment)).OrderBy(deployment => dependency.Controllers.ToList().IndexOf(deployment.Metadata.Name)).ToList();
        var parts = dependency.Definitions.Select(name => own.Find(definition => definition.Metadata.Name == name) is { } found ? new DependencyPart(name, true, IsEstablished(found), "") : new(name, false, false, "")).ToEquatableList();
        var controllers = carriers.Select(Part).ToEquatableList();
        return new(cluster, dependency.Id, dependency.Name, known ? StateOf(dependency, parts, controllers) : DependencyState.Unknown, VersionOf(dependency, own, carriers), parts, controllers, problem);
    }

    private static DependencyState StateOf(Dependency dependency, EquatableList<DependencyPart> definitions, EquatableList<DependencyPart> controllers)
    {
        if (!definitions.Any(part => part.Found) && controllers.Count == 0)
        {
            return DependencyState.Missing;
        }

        if (definitions.Any(part => !part.Ready))
        {
            return DependencyState.Incomplete;
        }

        return controllers.Any(part => !part.Ready) ? DependencyState.NotReady
            : controllers.Count == 0 && dependency.Controllers.Count > 0 ? DependencyState.Unseen
            : DependencyState.Ready;
    }

    /// <summary>Names such as <c>controller</c> are anybody's: those count only where they are of Knative.</summary>
    private static bool IsOf(Dependency dependency, V1Deployment deployment)
    {
        if (!dependency.Controllers.Contains(deployment.Metadata.Name))
        {
            return false;
        }

        return dependency.Id != "Knative" || deployment.Metadata.NamespaceProperty == "knative-serving"
            || deployment.Metadata.Labels?.TryGetValue("app.kubernetes.io/name", out var name) == true && name == "knative-serving";
    }

    private static bool IsEstablished(V1CustomResourceDefinition definition) => definition.Status?.Conditions?.Any(condition => condition is { Type: "Established", Status: "True" }) == true;

    private static DependencyPart Part(V1Deployment deployment)
    {
        var (ready, wanted) = (deployment.Status?.ReadyReplicas ?? 0, deployment.Spec?.Replicas ?? 1);
        return new($"{deployment.Metadata.NamespaceProperty}/{deployment.Metadata.Name}", true, ready >= wanted && wanted > 0, $"{ready}/{wanted} {Image(deployment)}".Trim());
    }

    private static string VersionOf(Dependency dependency, IEnumerable<V1CustomResourceDefinition> definitions, IReadOnlyList<V1Deployment> controllers)
    {
        foreach (var key in dependency.VersionKeys.Append(CommonVersion))
        {
            foreach (var metadata in controllers.Select(controller => controller.Metadata).Concat(definitions.Select(definition => definition.Metadata)))
            {
                if ((metadata.Labels?.TryGetValue(key, out var version) == true || metadata.Annotations?.TryGetValue(key, out version) == true) && !string.IsNullOrEmpty(version))
                {
                    return version;
                }
            }
        }

        return controllers.Select(controller => TagOf(Image(controller))).FirstOrDefault(tag => tag.Length > 0) ?? "";
    }

    private static string Image(V1Deployment deployment) => deployment.Spec?.Template?.Spec?.Containers?.FirstOrDefault()?.Image ?? "";

    // registry.example.com:5000/argoproj/workflow-controller:v3.6.4@sha256:…
    private static string TagOf(string image)
    {
        var name = image.Split('@')[0];
        var colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? name[(colon + 1)..] : "";
    }
}
