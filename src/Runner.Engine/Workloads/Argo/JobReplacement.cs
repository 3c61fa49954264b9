using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Argo;

/// <summary>Has a task there that may run once more: what has ended goes once its end is told, so that this end is not taken for one that nobody saw.</summary>
/// <param name="begin">As in <see cref="Replacement"/>.</param>
internal sealed class JobReplacement(ClusterConnection cluster, WorkloadKey key, Func<string, Task> begin, RunnerOptions options, HubLeadership leadership, HubReporter reporter, TimeProvider time)
{
    /// <summary>How long what is over may take to be told of and to go, with its pods.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>How long the caller waits until what is over is told of. Where it is not, it stays.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Pauses between looks at whether it is told of.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly ArgoApi _api = new(cluster, key.Namespace, time);
    private readonly GoneWatch _gone = new(cluster, time);

    /// <summary>Whether a job makes room for another one of its name: it has ended, or goes.</summary>
    public static bool IsOver(ArgoWorkflow workflow) => workflow.Metadata.DeletionTimestamp is not null || WorkflowPhases.IsFinished(ArgoFacts.PhaseOf(workflow));

    /// <summary>Makes a job, in place of one of its name that is over.</summary>
    /// <param name="found">What has the name; null for nothing.</param>
    /// <param name="keep">Called with a job before it is told to go: has what the one that is to come needs there, so that it does not go along.</param>
    /// <param name="create">Makes the job. Called again when the cluster fails for a moment after the one before was told to go.</param>
    /// <returns>The job, and whether it was made by this call; or what stays: a job that goes on, or one whose end the hub is still to hear of.</returns>
    /// <exception cref="ClusterOperationException">An earlier one, or one of its pods, does not go.</exception>
    public Task<(ArgoWorkflow Workflow, bool IsNew)> PutAsync(ArgoWorkflow? found, Func<ArgoWorkflow, Task> keep, Func<Task<(ArgoWorkflow Workflow, bool IsNew)>> create)
    {
        var (replacement, there, began) = (new Replacement($"Job '{key.Name}'", Deadline, time, begin), found, time.GetTimestamp());
        return replacement.RunAsync(async token =>
        {
            for (; there is not null; there = await _api.FindAsync(key.Name, token).ConfigureAwait(false))
            {
                if (!IsOver(there))
                {
                    return (there, false);
                }

                // Whoever stops it from now on, at whichever replica, finds what is to come.
                await replacement.BeginAsync(there.Metadata.Uid).ConfigureAwait(false);
                if (there.Metadata.DeletionTimestamp is not null)
                {
                    await _gone.WaitAsync(_api.Path, key.Name, there.Metadata.Uid, token).ConfigureAwait(false);
                }
                else if (await HasToldAsync(there).ConfigureAwait(false))
                {
                    await keep(there).ConfigureAwait(false);
                    await _api.DeleteAsync(key.Name, there.Metadata.Uid, token).ConfigureAwait(false);
                }
                else if (time.GetElapsedTime(began) > Patience)
                {
                    return (there, false);
                }
                else
                {
                    await Task.Delay(Pause, time, token).ConfigureAwait(false);
                }
            }

            await WaitForPodsAsync(token).ConfigureAwait(false);
            return await create().ConfigureAwait(false);
        });
    }

    /// <summary>
    /// Waits until the pods of an earlier job of the name are gone. Argo names pods after their Workflow, and would take one of them for its own, and the job for failed when that goes.
    /// </summary>
    private async Task WaitForPodsAsync(CancellationToken cancellationToken)
    {
        // Not from the cache, which may lag, or have begun just now.
        var pods = await _api.PodsOfAsync(key.Name, cancellationToken).ConfigureAwait(false);
        if (!pods.Any() || await _api.FindAsync(key.Name, cancellationToken).ConfigureAwait(false) is not null)
        {
            // Or another replica was faster, and they are its own.
            return;
        }

        foreach (var pod in pods)
        {
            await _gone.WaitAsync($"api/v1/namespaces/{key.Namespace}/pods", pod.Metadata.Name, pod.Metadata.Uid, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether the end of a job is written for the hub. Where another replica speaks to the hub, the time to live that it has set says so.</summary>
    private async ValueTask<bool> HasToldAsync(ArgoWorkflow workflow) => leadership.IsLeader
        ? await reporter.HasToldAsync(ArgoScopes.Project(new(key, cluster.Status.ClusterId ?? "", workflow, [], null, options.TimeZone)), CancellationToken.None).ConfigureAwait(false)
        : JobTimeToLive.IsTold(workflow, JobTimeToLive.Configured(options, key.Kind));
}
