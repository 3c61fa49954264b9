using System.Globalization;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;

namespace Runner.Engine.Workloads.Scheduling;

/// <summary>Names by which Volcano is told things.</summary>
internal static class VolcanoNames
{
    public const string Scheduler = "volcano";

    /// <summary>The queue, where the hub looks for it.</summary>
    public const string QueueAnnotation = "volcano.sh/queue-name";

    /// <summary>The queue, where Volcano's pod group controller looks for it on pods that are no Volcano Job's.</summary>
    public const string PodGroupQueueAnnotation = "scheduling.volcano.sh/queue-name";

    public const string MinMemberAnnotation = "scheduling.volcano.sh/group-min-member";
    public const string VgpuModeAnnotation = "volcano.sh/vgpu-mode";
}

/// <summary>Which scheduler places a pod, and what it is told.</summary>
/// <param name="Name">Null for the cluster's own.</param>
/// <param name="PriorityClassName">Null for none.</param>
/// <param name="Annotations">Of the pod.</param>
internal sealed record SchedulerChoice(string? Name, string? PriorityClassName, SortedDictionary<string, string> Annotations)
{
    /// <summary>What the request says; else what is configured for all workloads; else the cluster's own scheduler.</summary>
    /// <param name="problems">Told, a sentence each, what is not valid.</param>
    public static SchedulerChoice From(SchedulerRequest? request, ServiceOptions options, ICollection<string> problems)
    {
        if (request?.Volcano is { } volcano)
        {
            return FromVolcano(volcano, options, problems);
        }

        return options.KubeScheduler switch
        {
            "" or "default" or "default-scheduler" => new(null, null, []),
            VolcanoNames.Scheduler => FromVolcano(new(), options, problems),
            var other => new(other, null, []),
        };
    }

    private static SchedulerChoice FromVolcano(VolcanoRequest volcano, ServiceOptions options, ICollection<string> problems)
    {
        CheckName(volcano.SchedulerName, "scheduler.volcano.schedulerName", problems);
        CheckName(volcano.PriorityClassName, "scheduler.volcano.priorityClassName", problems);
        CheckName(volcano.Queue, "scheduler.volcano.queue", problems);
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var queue = volcano.Queue.Length > 0 ? volcano.Queue : options.VolcanoQueue;
        if (queue.Length > 0)
        {
            annotations[VolcanoNames.QueueAnnotation] = queue;
            annotations[VolcanoNames.PodGroupQueueAnnotation] = queue;
        }

        if (volcano.MinAvailable > 0)
        {
            annotations[VolcanoNames.MinMemberAnnotation] = volcano.MinAvailable.ToString(CultureInfo.InvariantCulture);
        }
        else if (volcano.MinAvailable < 0)
        {
            problems.Add($"scheduler.volcano.minAvailable must not be negative, but is {volcano.MinAvailable}");
        }

        if (volcano.VgpuMode is "hami-core" or "mig")
        {
            annotations[VolcanoNames.VgpuModeAnnotation] = volcano.VgpuMode;
        }
        else if (volcano.VgpuMode.Length > 0)
        {
            problems.Add($"scheduler.volcano.volcano.sh/vgpu-mode must be hami-core or mig, but is '{ResourceRules.Shown(volcano.VgpuMode)}'");
        }

        return new(
            volcano.SchedulerName.Length > 0 ? volcano.SchedulerName : VolcanoNames.Scheduler,
            volcano.PriorityClassName.Length > 0 ? volcano.PriorityClassName : null,
            annotations);
    }

    private static void CheckName(string name, string field, ICollection<string> problems)
    {
        if (name.Length > 0 && !Naming.IsSubdomain(name))
        {
            problems.Add($"{field} must be a Kubernetes name (a-z, 0-9, - and .), but is '{ResourceRules.Shown(name)}'");
        }
    }
}
