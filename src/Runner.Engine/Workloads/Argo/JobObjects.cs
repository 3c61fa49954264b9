using System.Security.Cryptography;
using System.Text;
using k8s;
using k8s.Models;
using Runner.Engine.Workloads.Scheduling;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Argo;

/// <summary>A request for a job turned into objects.</summary>
/// <param name="SharedSecret">Needed by the job but not its own; to be there before it. Null for none.</param>
/// <param name="Secret">The job's own, to be there before it and to go with it. Null for none.</param>
/// <param name="Volume">The job's own, to be there before it and to go with it. Null for none.</param>
internal sealed record JobObjects(ArgoWorkflow Workflow, V1Secret? SharedSecret, V1Secret? Secret, V1PersistentVolumeClaim? Volume)
{
    /// <summary>
    /// Whether the task is run once more when it is asked for after its end. The hub asks for a build only while it has not noted that it did, and takes no word of a build before: whatever it
    /// was told by then is lost to it, so that it would wait for an end that was told already. Of all other jobs it takes every word, and they are never run twice.
    /// </summary>
    public bool MayRunAgain { get; init; }

    /// <summary>Whether an object was made for the same task: from the same request, where requests are signed; else the name says it all.</summary>
    public bool AreOf(ArgoWorkflow existing) => existing.GetLabel(ArgoNames.ScopeLabel) == Workflow.GetLabel(ArgoNames.ScopeLabel)
        && ArgoFacts.Annotation(existing, ServiceManifest.HashAnnotation) == ArgoFacts.Annotation(Workflow, ServiceManifest.HashAnnotation);

    /// <summary>Notes on a Workflow from which it was made, so that a repeated request is told from another one.</summary>
    public static void Sign(ArgoWorkflow workflow) =>
        (workflow.Metadata.Annotations ??= new Dictionary<string, string>())[ServiceManifest.HashAnnotation] =
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(KubernetesJson.Serialize(workflow))));

    /// <summary>Puts the rules of scheduling into a template.</summary>
    public static void Schedule(ArgoTemplate template, PodScheduling scheduling)
    {
        template.NodeSelector = scheduling.NodeSelector;
        template.Affinity = scheduling.Affinity;
        template.Tolerations = scheduling.Tolerations;
        template.SchedulerName = scheduling.SchedulerName;
        template.PriorityClassName = scheduling.PriorityClassName;
        foreach (var (key, value) in scheduling.Annotations)
        {
            ((template.Metadata ??= new()).Annotations ??= new Dictionary<string, string>())[key] = value;
        }
    }
}
