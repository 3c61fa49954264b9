using k8s.Models;

namespace Runner.Engine.Logs;

/// <summary>What a pod says about one of its containers, as far as its log is concerned.</summary>
/// <param name="Started">There is a log: the container runs or has run.</param>
/// <param name="EndedForGood">It will never write again.</param>
/// <param name="Restarts">Tells one run from the next.</param>
internal readonly record struct ContainerPhase(bool Started, bool Running, bool EndedForGood, int Restarts)
{
    /// <returns>Null when the pod has no such container.</returns>
    public static ContainerPhase? Of(V1Pod pod, string container)
    {
        var init = pod.Spec?.InitContainers?.FirstOrDefault(candidate => candidate.Name == container);
        if (init is null && pod.Spec?.Containers?.Any(candidate => candidate.Name == container) != true
            && pod.Spec?.EphemeralContainers?.Any(candidate => candidate.Name == container) != true)
        {
            return null;
        }

        var status = StatusesOf(pod.Status).FirstOrDefault(candidate => candidate.Name == container);
        var podEnded = pod.Status?.Phase is "Succeeded" or "Failed";
        if (status is null)
        {
            return new(false, false, podEnded, 0);
        }

        var ended = status.State?.Terminated;
        return new(
            ended is not null || status.State?.Running is not null || status.LastState?.Terminated is not null,
            status.State?.Running is not null,
            podEnded || (ended is not null && !StartsAgain(pod, init, ended.ExitCode)),
            status.RestartCount);
    }

    private static bool StartsAgain(V1Pod pod, V1Container? init, int exitCode)
    {
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            return false;
        }

        if (init is { RestartPolicy: not "Always" } && exitCode == 0)
        {
            // Init containers end, so that the pod can begin.
            return false;
        }

        return pod.Spec.RestartPolicy switch
        {
            "Never" => false,
            "OnFailure" => exitCode != 0,
            _ => true,
        };
    }

    private static IEnumerable<V1ContainerStatus> StatusesOf(V1PodStatus? status) =>
        [.. status?.ContainerStatuses ?? [], .. status?.InitContainerStatuses ?? [], .. status?.EphemeralContainerStatuses ?? []];
}
