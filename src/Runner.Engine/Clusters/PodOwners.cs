using k8s.Models;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Clusters;

/// <summary>Tells from a pod's labels and owners which object it works for. Pure.</summary>
internal static class PodOwners
{
    public const string KnativeService = "svc";
    public const string LeaderWorkerSet = "lws";
    public const string Workflow = "wf";
    public const string Sandbox = "sandbox";

    /// <summary>The text under which the pods of one object are found together in the cache of pods.</summary>
    /// <param name="carrier">One of the constants of this class.</param>
    public static string Text(string @namespace, string carrier, string name) => $"{@namespace}/{carrier}/{name}";

    /// <summary>The object a pod works for; null when it belongs to no workload.</summary>
    /// <returns>One of the constants of this class, and the object's name in the pod's namespace; of a LeaderWorkerSet the name of the service it carries.</returns>
    public static (string Carrier, string Name)? Of(V1Pod pod)
    {
        if (pod.GetLabel(KnativeNames.ServiceLabel) is { Length: > 0 } service)
        {
            return (KnativeService, service);
        }

        if (pod.GetLabel(LeaderWorkerSetNames.SetLabel) is { Length: > 0 } set)
        {
            return (LeaderWorkerSet, pod.GetLabel(LeaderWorkerSetNames.ServiceLabel) ?? set);
        }

        if (pod.GetLabel(ArgoNames.WorkflowLabel) is { Length: > 0 } workflow)
        {
            return (Workflow, workflow);
        }

        return pod.Metadata.OwnerReferences?.FirstOrDefault(owner => owner.Kind == "Sandbox") is { } sandbox ? (Sandbox, sandbox.Name) : null;
    }

    /// <summary>Whether workloads of a kind may be carried by this kind of object.</summary>
    /// <param name="carrier">One of the constants of this class.</param>
    public static bool Carries(string carrier, WorkloadKind kind) => kind switch
    {
        WorkloadKind.Service => carrier is KnativeService or LeaderWorkerSet,
        WorkloadKind.Sandbox => carrier == Sandbox,
        _ => carrier == Workflow,
    };

    /// <inheritdoc cref="Of"/>
    public static string? TextOf(V1Pod pod) => Of(pod) is { } owner ? Text(pod.Metadata.NamespaceProperty ?? "", owner.Carrier, owner.Name) : null;
}
