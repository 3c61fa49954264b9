using k8s.Models;

namespace Runner.Engine.Diagnostics.Dependencies;

/// <summary>Judges a dependency by what is there. Pure.</summary>
internal static class DependencyRules
{
    private const string CommonVersion = "app.kubernetes.io/version";

    public static DependencyStatus Judge(string cluster, Dependency dependency, IReadOnlyList<V1CustomResourceDefinition> definitions, IReadOnlyList<ControllerObject> controllers, bool known, LocalText problem)
    {
        var own = definitions.Where(definition => dependency.Definitions.Contains(definition.Metadata.Name)).ToList();
        var carriers = controllers.Where(controller => IsOf(dependency, controller)).OrderBy(controller => dependency.Controllers.ToList().IndexOf(controller.Name)).ToList();
        var parts = dependency.Definitions.Select(name => own.Find(definition => definition.Metadata.Name == name) is { } found ? new DependencyPart(name, true, IsEstablished(found), "") : new(name, false, false, "")).ToEquatableList();
        var carrying = carriers.Select(Part).ToEquatableList();
        return new(cluster, dependency.Id, dependency.Name, known ? StateOf(dependency, parts, carrying) : DependencyState.Unknown, VersionOf(dependency, own, carriers), parts, carrying, problem);
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
    private static bool IsOf(Dependency dependency, ControllerObject controller)
    {
        if (!dependency.Controllers.Contains(controller.Name))
        {
            return false;
        }

        return dependency.Id != "Knative" || controller.Namespace == "knative-serving"
            || controller.Metadata.Labels?.TryGetValue("app.kubernetes.io/name", out var name) == true && name == "knative-serving";
    }

    private static bool IsEstablished(V1CustomResourceDefinition definition) => definition.Status?.Conditions?.Any(condition => condition is { Type: "Established", Status: "True" }) == true;

    private static DependencyPart Part(ControllerObject controller) => new(
        $"{controller.Namespace}/{controller.Name}", true, controller.Ready >= controller.Wanted && controller.Wanted > 0, $"{controller.Ready}/{controller.Wanted} {controller.Image}".Trim());

    private static string VersionOf(Dependency dependency, IEnumerable<V1CustomResourceDefinition> definitions, IReadOnlyList<ControllerObject> controllers)
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

        return controllers.Select(controller => TagOf(controller.Image)).FirstOrDefault(tag => tag.Length > 0) ?? "";
    }

    // registry.example.com:5000/argoproj/workflow-controller:v3.6.4@sha256:…
    private static string TagOf(string image)
    {
        var name = image.Split('@')[0];
        var colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? name[(colon + 1)..] : "";
    }
}
