using Runner.Engine.Configuration;

namespace Runner.Engine.Workloads.Argo;

/// <summary>
/// How long Argo keeps a Workflow after its end: long until the hub is told how it ended, so that a runner that is away meanwhile finds it, and as long as
/// configured from then on. Pure.
/// </summary>
/// <remarks>Argo looks at the time to live whenever a Workflow changes. One that has ended it only removes sooner by that, never later.</remarks>
internal static class JobTimeToLive
{
    /// <summary>How long a job of a kind is to stay once its end is told.</summary>
    public static TimeSpan Configured(RunnerOptions options, WorkloadKind kind) => kind == WorkloadKind.ImageBuild ? options.ImageBuilds.JobTtl : options.Workflows.JobTtl;

    /// <summary>What a new Workflow says: always longer than it will once its end is told, so that one can be told from the other (see <see cref="IsTold"/>).</summary>
    /// <param name="configured">How long it is to stay once its end is told.</param>
    /// <param name="untold">How long it may wait for that.</param>
    public static ArgoTtlStrategy UntilTold(TimeSpan configured, TimeSpan untold) => new() { SecondsAfterCompletion = Math.Max(Seconds(configured) + 1, Seconds(untold)) };

    /// <summary>Whether whoever speaks to the hub has written on a Workflow that its end is told. Says nothing of a Workflow that names no time: it then counts as untold.</summary>
    public static bool IsTold(ArgoWorkflow workflow, TimeSpan configured) => workflow.Spec?.TtlStrategy?.SecondsAfterCompletion is { } now && now <= Seconds(configured);

    /// <summary>What a Workflow should say instead, in seconds; null when it may stay as it is. One that says nothing of any end is left alone: somebody wanted it to stay.</summary>
    /// <param name="isTold">Whether what is known of it is written for the hub.</param>
    public static int? Other(ArgoWorkflow workflow, bool isTold, TimeSpan configured, TimeSpan untold)
    {
        if (workflow.Spec?.TtlStrategy?.SecondsAfterCompletion is not { } now)
        {
            return null;
        }

        if (!WorkflowPhases.IsFinished(ArgoFacts.PhaseOf(workflow)))
        {
            return UntilTold(configured, untold).SecondsAfterCompletion is { } longer && longer > now ? longer : null;
        }

        return isTold && Seconds(configured) < now ? Seconds(configured) : null;
    }

    private static int Seconds(TimeSpan time) => (int)time.TotalSeconds;
}
