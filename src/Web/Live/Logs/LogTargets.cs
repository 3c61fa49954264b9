using Runner.Engine;
using Runner.Engine.Logs;
using Runner.Engine.Workloads;

namespace Runner.Web.Live.Logs;

/// <summary>One container whose log is read.</summary>
public readonly record struct LogTarget(WorkloadKey Workload, string Pod, string Container);

/// <summary>Finds the containers that a selection means, from what is known at the moment; the cluster is not asked.</summary>
internal static class LogTargets
{
    // What does the work, in services and in workflows.
    private static readonly string[] Working = ["user-container", "main"];

    /// <summary>Every container once, in the order of the selection. A selector that cannot be read selects nothing.</summary>
    public static IReadOnlyList<LogTarget> Find(LogSelection selection, IConsoleEngine engine)
    {
        var targets = new List<LogTarget>();
        var workloads = engine.Workloads;
        foreach (var key in selection.Workloads)
        {
            var instances = workloads.TryGetValue(key, out var workload) ? workload.Instances : EquatableList<WorkloadInstance>.Empty;
            targets.AddRange(instances.Count > 0
                ? instances.SelectMany(instance => Of(key, instance, selection.Container))
                : Kept(engine, key, pod: null, selection.Container));
        }

        if (LabelSelector.Read(selection.Labels, out _) is { } selector)
        {
            targets.AddRange(
                from workload in workloads.Values.OrderBy(workload => workload.Key.ToString(), StringComparer.Ordinal)
                from instance in workload.Instances
                where selector.Matches(engine.LabelsOf(workload.Key, instance.PodName))
                from target in Of(workload.Key, instance, selection.Container)
                select target);
        }

        foreach (var reference in selection.Pods)
        {
            var live = workloads.TryGetValue(reference.Workload, out var workload) ? workload.Instances.FirstOrDefault(instance => instance.PodName == reference.Pod) : null;
            targets.AddRange(live is not null ? Of(reference.Workload, live, selection.Container) : Kept(engine, reference.Workload, reference.Pod, selection.Container));
        }

        return [.. targets.Distinct()];
    }

    /// <summary>The container one wants to read first: the one that does the work, else the first that is no init container.</summary>
    private static string? Preferred(IEnumerable<string> containers, IEnumerable<string> others)
    {
        var names = containers.ToList();
        return Working.FirstOrDefault(names.Contains) ?? names.FirstOrDefault() ?? others.FirstOrDefault();
    }

    private static IEnumerable<LogTarget> Of(WorkloadKey key, WorkloadInstance instance, string container)
    {
        var names = instance.Containers.Where(known => !known.Init).Select(known => known.Name);
        var init = instance.Containers.Where(known => known.Init).Select(known => known.Name);
        return Chosen(names, init, container, key).Select(name => new LogTarget(key, instance.PodName, name));
    }

    private static IEnumerable<LogTarget> Kept(IConsoleEngine engine, WorkloadKey key, string? pod, string container) =>
        from logs in engine.KeptLogsOf(key).Where(log => pod is null || log.Pod == pod).GroupBy(log => log.Pod)
        from name in Chosen(logs.Select(log => log.Container).Distinct(), [], container, key)
        select new LogTarget(key, logs.Key, name);

    private static IEnumerable<string> Chosen(IEnumerable<string> names, IEnumerable<string> init, string container, WorkloadKey key)
    {
        if (container == LogSelection.AllContainers)
        {
            return init.Concat(names);
        }

        // Before the kubelet has spoken nothing is known of containers; those of a service always have the same name.
        var fallback = key.Kind == WorkloadKind.Service ? Working[0] : null;
        var wanted = container.Length > 0 ? init.Concat(names).FirstOrDefault(name => name == container) : Preferred(names, init) ?? fallback;
        return wanted is null ? [] : [wanted];
    }
}
