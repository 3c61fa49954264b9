using System.Collections.Immutable;
using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.MultiHost;

namespace Runner.Engine.Capacity;

/// <summary>What a node says of itself, before its pods are counted.</summary>
internal sealed record NodeFacts(
    string Name,
    string Status,
    bool Ready,
    bool Cordoned,
    string Problem,
    EquatableList<NodeTaint> Taints,
    IReadOnlyDictionary<string, string> Labels,
    Accelerator? Accelerator,
    IReadOnlyDictionary<string, decimal> Total,
    IReadOnlyDictionary<string, decimal> Allocatable,
    IReadOnlyList<SharedDevice> SharedDevices);

/// <summary>Turns nodes, pods and quotas into figures. Pure.</summary>
internal sealed class CapacityProjection(AcceleratorOptions accelerators)
{
    private const string DeployIdLabel = "csghub_deploy_id";
    private const string ConfigurationLabel = "serving.knative.dev/configuration";
    private const string QuotaPrefix = "requests.";

    /// <summary>Labels with the name of the service that a pod is of, the first that it bears.</summary>
    private static readonly string[] ServiceLabels = [ConfigurationLabel, LeaderWorkerSetNames.ServiceLabel, LeaderWorkerSetNames.SetLabel];

    // The configured names first; what the two known device plugins write is understood beside them.
    private readonly string[] _nodeAnnotations = [.. new[] { accelerators.VgpuNodeAnnotation, "hami.io/node-nvidia-register", "volcano.sh/node-vgpu-register" }.Distinct()];
    private readonly string[] _podAnnotations = [.. new[] { accelerators.VgpuPodAnnotation, "hami.io/vgpu-devices-allocated", "volcano.sh/vgpu-ids-new" }.Distinct()];

    public NodeFacts Read(V1Node node)
    {
        var held = (node.Status?.Conditions ?? []).Where(condition => condition.Status == "True").Select(condition => condition.Type).ToList();
        return new(
            node.Metadata.Name,
            string.Join(',', held),
            held.Contains("Ready"),
            node.Spec?.Unschedulable == true,
            held.Contains("Ready") ? "" : ProblemOf(node),
            (node.Spec?.Taints ?? []).Select(taint => new NodeTaint(taint.Key, taint.Value ?? "", taint.Effect)).ToEquatableList(),
            (node.Metadata.Labels ?? ImmutableDictionary<string, string>.Empty).ToImmutableSortedDictionary(StringComparer.Ordinal),
            AcceleratorLabels.Find(node.Metadata.Labels, accelerators.ModelLabels),
            Amounts(node.Status?.Capacity),
            Amounts(node.Status?.Allocatable),
            Annotation(node.Metadata, _nodeAnnotations) is { } registered ? SharedDevices.ReadNode(registered) : []);
    }

    /// <summary>What a pod claims, or null when it claims nothing.</summary>
    public PodUse? Read(V1Pod pod)
    {
        if (!PodRequests.Counts(pod))
        {
            return null;
        }

        string Label(string name) => pod.Metadata.Labels?.TryGetValue(name, out var value) == true ? value ?? "" : "";
        var requests = PodRequests.Of(pod);
        return new()
        {
            Namespace = pod.Metadata.NamespaceProperty ?? "",
            Name = pod.Metadata.Name,
            Node = pod.Spec.NodeName,
            DeployId = Label(DeployIdLabel),
            // A set is named after its service, but not like it: what another has made carries no service's name.
            Service = ServiceLabels.Select(Label).FirstOrDefault(name => name.Length > 0, ""),
            Workflow = Label(ArgoNames.WorkflowLabel),
            Running = pod.Status?.Phase == "Running",
            Terminating = pod.Metadata.DeletionTimestamp is not null,
            Requests = requests,
            MigLimits = requests.Keys.Any(NodeCapacity.IsMig)
                ? requests.Keys.Where(NodeCapacity.IsMig).ToImmutableSortedDictionary(slice => slice, slice => PodRequests.Limits(pod, slice))
                : ImmutableSortedDictionary<string, decimal>.Empty,
            Shares = Annotation(pod.Metadata, _podAnnotations) is { } held ? SharedDevices.ReadPod(held) : [],
        };
    }

    /// <summary>A node with its pods.</summary>
    /// <param name="requested">Sum of the pods' requests.</param>
    public static NodeCapacity Combine(NodeFacts facts, IReadOnlyDictionary<string, decimal> requested, IEnumerable<PodUse> pods, DateTimeOffset updatedAt)
    {
        var sorted = pods.OrderBy(pod => pod.Namespace, StringComparer.Ordinal).ThenBy(pod => pod.Name, StringComparer.Ordinal).ToList();
        return new()
        {
            Name = facts.Name,
            Status = facts.Status,
            Ready = facts.Ready,
            Cordoned = facts.Cordoned,
            Problem = facts.Problem,
            Taints = facts.Taints,
            Labels = facts.Labels,
            Accelerator = facts.Accelerator,
            Resources = Figures(facts.Total, facts.Allocatable, requested),
            SharedDevices = Use(facts.SharedDevices, sorted),
            Pods = sorted,
            Starting = sorted.Where(pod => !pod.Running).SelectMany(pod => pod.Requests).GroupBy(pair => pair.Key).ToDictionary(same => same.Key, same => same.Sum(pair => pair.Value)),
            UpdatedAt = updatedAt,
        };
    }

    /// <summary>A quota as one nameless node: what it allows is all there is, what is used of it is requested. Its labels tell the accelerator.</summary>
    public NodeCapacity Read(V1ResourceQuota quota, DateTimeOffset updatedAt)
    {
        var hard = Requests(quota.Status?.Hard ?? quota.Spec?.Hard);
        return new()
        {
            Name = "",
            Status = "",
            Labels = (quota.Metadata.Labels ?? ImmutableDictionary<string, string>.Empty).ToImmutableSortedDictionary(StringComparer.Ordinal),
            Accelerator = AcceleratorLabels.Find(quota.Metadata.Labels, accelerators.ModelLabels),
            Resources = Figures(hard, hard, Requests(quota.Status?.Used).Where(used => hard.ContainsKey(used.Key)).ToDictionary()),
            Pods = [],
            UpdatedAt = updatedAt,
        };
    }

    private static string ProblemOf(V1Node node) => node.Status?.Conditions?.FirstOrDefault(condition => condition.Type == "Ready") is { } ready
        ? string.Join(": ", new[] { ready.Reason, ready.Message }.Where(part => !string.IsNullOrEmpty(part)))
        : "The kubelet has not reported yet.";

    private static ImmutableSortedDictionary<string, ResourceFigures> Figures(
        IReadOnlyDictionary<string, decimal> total, IReadOnlyDictionary<string, decimal> allocatable, IReadOnlyDictionary<string, decimal> requested) =>
        total.Keys.Union(requested.Where(pair => pair.Value != 0).Select(pair => pair.Key)).ToImmutableSortedDictionary(
            resource => resource,
            resource => new ResourceFigures(total.GetValueOrDefault(resource), allocatable.GetValueOrDefault(resource), requested.GetValueOrDefault(resource)),
            StringComparer.Ordinal);

    private static List<SharedDeviceUse> Use(IReadOnlyList<SharedDevice> devices, List<PodUse> pods)
    {
        if (devices.Count == 0)
        {
            return [];
        }

        var held = pods.SelectMany(pod => pod.Shares).ToLookup(share => share.DeviceId);
        return [.. devices.Select(device => new SharedDeviceUse(
            device, held[device.Id].Count(), held[device.Id].Sum(share => share.MemoryMiB), held[device.Id].Sum(share => share.CorePercent)))];
    }

    private static string? Annotation(V1ObjectMeta metadata, string[] names) =>
        metadata.Annotations is { } annotations ? names.Select(name => annotations.TryGetValue(name, out var value) ? value : null).FirstOrDefault(value => !string.IsNullOrEmpty(value)) : null;

    private static Dictionary<string, decimal> Amounts(IDictionary<string, ResourceQuantity>? quantities) =>
        quantities?.ToDictionary(pair => pair.Key, pair => pair.Value.ToDecimal(), StringComparer.Ordinal) ?? [];

    /// <summary>Of <c>requests.cpu</c>, <c>cpu</c>: without the prefix a quota means the same for cpu and memory.</summary>
    private static Dictionary<string, decimal> Requests(IDictionary<string, ResourceQuantity>? quantities)
    {
        var amounts = Amounts(quantities);
        var requests = amounts.Where(pair => pair.Key.StartsWith(QuotaPrefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[QuotaPrefix.Length..], pair => pair.Value, StringComparer.Ordinal);
        foreach (var plain in (string[])["cpu", "memory"])
        {
            if (amounts.TryGetValue(plain, out var amount))
            {
                requests.TryAdd(plain, amount);
            }
        }

        return requests;
    }
}
