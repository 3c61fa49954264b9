using System.Collections.Immutable;
using System.Globalization;
using k8s.Models;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Argo;

/// <summary>What the status of a Workflow and its pods say, whatever the Workflow is for. Pure.</summary>
internal static class ArgoFacts
{
    /// <summary>The node of the whole; null until Argo has begun, and where Argo keeps the nodes elsewhere because they are many.</summary>
    public static ArgoNode? Root(ArgoWorkflow workflow) => workflow.Status?.Nodes?.TryGetValue(workflow.Metadata.Name, out var node) == true ? node : null;

    /// <summary>
    /// One of <see cref="WorkflowPhases"/>. A Workflow that has ended without ever having a node has ended; else the node of the whole speaks,
    /// which is a step ahead of the Workflow.
    /// </summary>
    public static string PhaseOf(ArgoWorkflow workflow)
    {
        var whole = workflow.Status?.Phase ?? "";
        var phase = WorkflowPhases.IsFinished(whole) ? whole : Root(workflow)?.Phase is { Length: > 0 } root ? root : whole;
        return WorkflowPhases.IsFinished(phase) || phase == WorkflowPhases.Running ? phase : WorkflowPhases.Pending;
    }

    /// <summary>Null while it is pending.</summary>
    public static DateTimeOffset? StartOf(ArgoWorkflow workflow) =>
        PhaseOf(workflow) == WorkflowPhases.Pending ? null : Time(workflow.Status?.StartedAt ?? Root(workflow)?.StartedAt);

    /// <summary>Null until it has ended.</summary>
    public static DateTimeOffset? EndOf(ArgoWorkflow workflow) =>
        WorkflowPhases.IsFinished(PhaseOf(workflow)) ? Time(workflow.Status?.FinishedAt ?? Root(workflow)?.FinishedAt) : null;

    /// <summary>Why it failed or waits, in one sentence; empty when there is nothing to say.</summary>
    /// <param name="instances">Of its pods.</param>
    public static string ReasonOf(ArgoWorkflow workflow, IEnumerable<WorkloadInstance> instances)
    {
        if (PhaseOf(workflow) == WorkflowPhases.Succeeded)
        {
            return "";
        }

        string?[] said =
        [
            workflow.Status?.Message,
            Root(workflow)?.Message,
            workflow.Status?.Nodes?.Values.FirstOrDefault(node => node is { Type: "Pod", Message.Length: > 0 })?.Message,
            instances.FirstOrDefault(instance => instance.Message.Length > 0)?.Message,
        ];
        return said.FirstOrDefault(text => text is { Length: > 0 }) ?? "";
    }

    /// <summary>An output of the whole, or of the first part that has it.</summary>
    public static string OutputOf(ArgoWorkflow workflow, string name)
    {
        var nodes = new[] { Root(workflow) }.Concat(workflow.Status?.Nodes?.Values ?? Enumerable.Empty<ArgoNode>());
        return nodes.SelectMany(node => node?.Outputs?.Parameters ?? []).FirstOrDefault(output => output.Name == name && output.Value is { Length: > 0 })?.Value ?? "";
    }

    /// <summary>Nodes that run or ran it, without repetition, separated by commas.</summary>
    public static string NodesOf(ArgoWorkflow workflow, IEnumerable<WorkloadInstance> instances)
    {
        var names = instances.Select(instance => instance.Node).Concat((workflow.Status?.Nodes?.Values ?? []).Select(node => node.HostNodeName ?? ""));
        return string.Join(',', names.Where(name => name.Length > 0).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>The codes of services, for what shows all kinds alike.</summary>
    public static DeployStatus StatusOf(string phase) => phase switch
    {
        WorkflowPhases.Running => DeployStatus.Running,
        WorkflowPhases.Succeeded => DeployStatus.Stopped,
        WorkflowPhases.Failed or WorkflowPhases.Error => DeployStatus.RuntimeError,
        _ => DeployStatus.Pending,
    };

    /// <summary>Turns a pod of a Workflow into an instance.</summary>
    public static WorkloadInstance Instance(V1Pod pod)
    {
        var instance = InstanceProjection.Project(pod);
        var main = pod.Status?.ContainerStatuses?.FirstOrDefault(status => status.Name == ArgoNames.MainContainer);
        if (instance.Reason.Length == 0 && main?.State?.Terminated is { ExitCode: not 0 } ended)
        {
            instance = instance with { Reason = ended.Reason ?? "", Message = ended.Message is { Length: > 0 } said ? said : $"exit code {ended.ExitCode}" };
        }

        var isStuck = instance.Reason is "ImagePullBackOff" or "CrashLoopBackOff" or "OOMKilled" or "CreateContainerConfigError";
        return isStuck ? instance with { Status = "Failed" } : instance;
    }

    /// <summary>What one pod of the Workflow asks for, from the first template that has a container.</summary>
    public static ImmutableSortedDictionary<string, string> RequestsOf(ArgoWorkflow workflow) =>
        workflow.Spec?.Templates?.FirstOrDefault(template => template.Container is not null)?.Container?.Resources?.Requests
            ?.ToImmutableSortedDictionary(request => request.Key, request => request.Value.ToString(), StringComparer.Ordinal)
        ?? ImmutableSortedDictionary<string, string>.Empty;

    public static DateTimeOffset CreatedAt(ArgoWorkflow workflow) => Time(workflow.Metadata.CreationTimestamp) ?? default;

    public static string Annotation(ArgoWorkflow workflow, string name) =>
        workflow.Metadata.Annotations is { } annotations && annotations.TryGetValue(name, out var value) ? value ?? "" : "";

    public static long Number(string text) => long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static DateTimeOffset? Time(DateTime? time) => InstanceProjection.Time(time);
}
