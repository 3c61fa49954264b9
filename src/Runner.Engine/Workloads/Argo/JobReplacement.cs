using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Argo;

/// <summary>Makes room for a task that is run once more: what has ended goes once its end is told, so that this end is not taken for one that nobody saw.</summary>
internal sealed class JobReplacement(RunnerOptions options, HubLeadership leadership, HubReporter reporter, TimeProvider time)
{
    /// <summary>How long the caller waits until what is over is told of and gone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Pauses between looks at what is over.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Whether a job makes room for another one of its name: it has ended, or goes.</summary>
    public static bool IsOver(ArgoWorkflow workflow) => workflow.Metadata.DeletionTimestamp is not null || WorkflowPhases.IsFinished(ArgoFacts.PhaseOf(workflow));

    /// <summary>Waits until a job that is over is gone, and has it go.</summary>
    /// <param name="found">The job.</param>
    /// <param name="keep">Called with the job before it is told to go: has what the one that is to come needs there, so that it does not go along.</param>
    /// <param name="begin">Called before, with its uid: notes what is to come.</param>
    /// <returns>What stays, or null: a job that goes on, or one whose end the hub is still to hear of.</returns>
    /// <exception cref="ClusterOperationException">An earlier one does not go.</exception>
    public async Task<ArgoWorkflow?> ClearAsync(ClusterConnection cluster, WorkloadKey key, ArgoWorkflow found, Func<ArgoWorkflow, Task> keep, Func<string, Task> begin)
    {
        var api = new ArgoApi(cluster, key.Namespace, time);
        var began = time.GetTimestamp();

        // Whoever stops it from now on, at whichever replica, finds what is to come.
        await begin(found.Metadata.Uid).ConfigureAwait(false);
        for (var workflow = found; workflow is not null; workflow = await api.FindAsync(key.Name, CancellationToken.None).ConfigureAwait(false))
        {
            if (!IsOver(workflow))
            {
                return workflow;
            }

            var isGoing = workflow.Metadata.DeletionTimestamp is not null;
            if (time.GetElapsedTime(began) > Patience)
            {
                return !isGoing ? workflow : throw new ClusterOperationException(
                    $"Job '{key.Name}' was not created: an earlier one of its name did not go within {Patience.TotalSeconds:0} s. See whether a finalizer keeps its Workflow, then ask again.");
            }

            if (!isGoing && await HasToldAsync(cluster, key, workflow).ConfigureAwait(false))
            {
                await keep(workflow).ConfigureAwait(false);
                await api.DeleteAsync(key.Name, workflow.Metadata.Uid, CancellationToken.None).ConfigureAwait(false);
            }
            else
            {
                await Task.Delay(Pause, time, CancellationToken.None).ConfigureAwait(false);
            }
        }

        return null;
    }

    /// <summary>
    /// Waits until the pods of an earlier job of the name are gone. Argo names pods after their Workflow, and would take one of them for its own, and the job for failed when that goes.
    /// </summary>
    /// <exception cref="ClusterOperationException">They do not go.</exception>
    public async Task WaitForPodsAsync(ClusterConnection cluster, WorkloadKey key)
    {
        var api = new ArgoApi(cluster, key.Namespace, time);

        // Not from the cache, which may lag, or have begun just now.
        var pods = await api.PodsOfAsync(key.Name, CancellationToken.None).ConfigureAwait(false);
        if (!pods.Any() || await api.FindAsync(key.Name, CancellationToken.None).ConfigureAwait(false) is not null)
        {
            // Or another replica was faster, and they are its own.
            return;
        }

        var gone = new GoneWatch(cluster, time);
        using var patience = new CancellationTokenSource(Patience, time);
        foreach (var pod in pods)
        {
            try
            {
                await gone.WaitAsync($"api/v1/namespaces/{key.Namespace}/pods", pod.Metadata.Name, pod.Metadata.Uid, patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested)
            {
                throw new ClusterOperationException(
                    $"Job '{key.Name}' was not created: pod '{pod.Metadata.Name}' of an earlier one of its name did not go within {Patience.TotalSeconds:0} s. See whether a finalizer keeps it, or a node that does not answer, then ask again.");
            }
        }
    }

    /// <summary>Whether the end of a job is written for the hub. Where another replica speaks to the hub, the time to live that it has set says so.</summary>
    private async ValueTask<bool> HasToldAsync(ClusterConnection cluster, WorkloadKey key, ArgoWorkflow workflow) => leadership.IsLeader
        ? await reporter.HasToldAsync(ArgoScopes.Project(new(key, cluster.Status.ClusterId ?? "", workflow, [], null, options.TimeZone)), CancellationToken.None).ConfigureAwait(false)
        : JobTimeToLive.IsTold(workflow, JobTimeToLive.Configured(options, key.Kind));
}
