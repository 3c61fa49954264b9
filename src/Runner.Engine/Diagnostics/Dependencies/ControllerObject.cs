using k8s.Models;

namespace Runner.Engine.Diagnostics.Dependencies;

/// <summary>What carries a dependency: a Deployment, or a StatefulSet as with the first releases of agent-sandbox.</summary>
/// <param name="Image">Of its first container; empty for none.</param>
internal sealed record ControllerObject(V1ObjectMeta Metadata, int Ready, int Wanted, string Image)
{
    public string Name => Metadata.Name;

    public string Namespace => Metadata.NamespaceProperty;

    public static ControllerObject Of(V1Deployment deployment) =>
        new(deployment.Metadata, deployment.Status?.ReadyReplicas ?? 0, deployment.Spec?.Replicas ?? 1, ImageOf(deployment.Spec?.Template));

    public static ControllerObject Of(V1StatefulSet set) =>
        new(set.Metadata, set.Status?.ReadyReplicas ?? 0, set.Spec?.Replicas ?? 1, ImageOf(set.Spec?.Template));

    private static string ImageOf(V1PodTemplateSpec? template) => template?.Spec?.Containers?.FirstOrDefault()?.Image ?? "";
}
