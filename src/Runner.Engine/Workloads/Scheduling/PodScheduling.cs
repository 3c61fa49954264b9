using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;

namespace Runner.Engine.Workloads.Scheduling;

/// <summary>The fields of any request that decide where its pods run and what they get.</summary>
internal sealed record SchedulingFacts
{
    public HardwareRequest? Hardware { get; init; }

    /// <summary>The cluster's nodes as the hub knows them.</summary>
    public IReadOnlyCollection<NodeRequest?>? Nodes { get; init; }

    public V1NodeAffinity? NodeAffinity { get; init; }

    public IReadOnlyCollection<TolerationRequest?>? Tolerations { get; init; }

    public SchedulerRequest? Scheduler { get; init; }
}

/// <summary>The parts of a pod that decide where it runs and what it gets: the same rules for every kind of workload. What is null is left out of the pod.</summary>
internal sealed record PodScheduling
{
    /// <summary>Requests and limits of the container, and the accelerators it must not see.</summary>
    public required ResourceRules Resources { get; init; }

    public IDictionary<string, string>? NodeSelector { get; init; }

    public V1Affinity? Affinity { get; init; }

    public List<V1Toleration>? Tolerations { get; init; }

    public string? SchedulerName { get; init; }

    public string? PriorityClassName { get; init; }

    /// <summary>What the scheduler reads from the pod's annotations.</summary>
    public required IReadOnlyDictionary<string, string> Annotations { get; init; }

    /// <summary>Applies the rules to a request.</summary>
    /// <param name="problems">Told, a sentence each, what is not valid.</param>
    public static PodScheduling From(SchedulingFacts facts, RunnerOptions options, ICollection<string> problems)
    {
        var resources = ResourceRules.From(facts.Hardware ?? new(), options.Accelerators, problems);
        foreach (var problem in SchedulingFieldRules.Problems(resources.NodeSelector, facts))
        {
            problems.Add(problem);
        }

        var affinity = NodeAffinityRules.Merge(NodeAffinityRules.ForNodes(facts.Nodes, resources, options.AllowCpuOnGpuNodes), facts.NodeAffinity);
        var scheduler = SchedulerChoice.From(facts.Scheduler, options.Services, problems);
        return new()
        {
            Resources = resources,
            NodeSelector = resources.NodeSelector.Count > 0 ? new Dictionary<string, string>(resources.NodeSelector) : null,
            Affinity = affinity is null ? null : new() { NodeAffinity = affinity },
            Tolerations = TolerationsOf(facts.Tolerations),
            SchedulerName = scheduler.Name,
            PriorityClassName = scheduler.PriorityClassName,
            Annotations = scheduler.Annotations,
        };
    }

    /// <summary>Puts everything but the container's resources into a pod template.</summary>
    public void ApplyTo(V1PodTemplateSpec template)
    {
        template.Spec ??= new();
        template.Spec.NodeSelector = NodeSelector;
        template.Spec.Affinity = Affinity;
        template.Spec.Tolerations = Tolerations;
        template.Spec.SchedulerName = SchedulerName;
        template.Spec.PriorityClassName = PriorityClassName;
        template.Metadata ??= new();
        foreach (var (key, value) in Annotations)
        {
            (template.Metadata.Annotations ??= new Dictionary<string, string>())[key] = value;
        }
    }

    /// <summary>Requests and limits alike, as Kubernetes wants them for accelerators.</summary>
    public V1ResourceRequirements Requirements() =>
        new() { Requests = new Dictionary<string, ResourceQuantity>(Resources.Quantities), Limits = new Dictionary<string, ResourceQuantity>(Resources.Quantities) };

    private static List<V1Toleration>? TolerationsOf(IReadOnlyCollection<TolerationRequest?>? tolerations) => tolerations is { Count: > 0 }
        ? [.. tolerations.Select(toleration => toleration ?? new()).Select(toleration => new V1Toleration
        {
            Key = OrNull(toleration.Key),
            OperatorProperty = OrNull(toleration.Operator),
            Value = OrNull(toleration.Value),
            Effect = OrNull(toleration.Effect),
        })]
        : null;

    private static string? OrNull(string text) => text.Length > 0 ? text : null;
}
