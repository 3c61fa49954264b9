using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Argo;

/// <summary>
/// Makes the objects of a job in an order that leaves nothing half made: what the job needs is there before it, and belongs to it afterwards. None of this is
/// given up because the caller hangs up.
/// </summary>
internal sealed partial class JobMaker(ILogger<JobMaker> logger)
{
    /// <summary>Makes a job and what it needs. When it cannot be made, nothing stays of what this call has made.</summary>
    /// <returns>The job, or one of its name that came meanwhile; and whether it was made by this call, as far as that is known.</returns>
    /// <exception cref="ApiStatusException">Refused. What does not answer throws as <see cref="ApiCalls"/> says.</exception>
    /// <exception cref="RequestRefusedException">Somebody else has made something under a name that it needs.</exception>
    /// <exception cref="ClusterOperationException">An old volume of its name does not go, or somebody has stopped the job while it went.</exception>
    public static async Task<(ArgoWorkflow Workflow, bool IsNew)> CreateAsync(ArgoApi api, JobBelongings belongings, JobObjects objects, WorkloadKey key)
    {
        var name = key.Name;
        V1ObjectMeta? secret = null, volume = null;
        try
        {
            volume = objects.Volume is null ? null : await belongings.PutVolumeAsync(objects.Volume, key).ConfigureAwait(false);
            if (objects.SharedSecret is not null)
            {
                await belongings.PutSecretAsync(objects.SharedSecret, name).ConfigureAwait(false);
            }

            secret = objects.Secret is null ? null : await belongings.PutSecretAsync(objects.Secret, name).ConfigureAwait(false);
            return await api.CreateAsync(objects.Workflow, dryRun: false, CancellationToken.None).ConfigureAwait(false) is { } created ? (created, true)
                : await api.FindAsync(name, CancellationToken.None).ConfigureAwait(false) is { } other ? (other, false)
                : throw new TimeoutException($"Another job '{name}' came and went meanwhile");
        }
        catch (Exception exception) when (exception is RequestRefusedException or ClusterOperationException || ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            // A lost answer is not a lost request: only what no job needs may go.
            if (await api.FindAsync(name, CancellationToken.None).ConfigureAwait(false) is { } made)
            {
                return (made, false);
            }

            await belongings.TakeBackAsync(secret, volume).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>From now on the cluster removes what is the job's own together with the job, whether or not a runner is there to see it.</summary>
    /// <exception cref="ClusterOperationException">Something that the job needs has gone meanwhile and could not be made again.</exception>
    public async Task AdoptAsync(JobBelongings belongings, JobObjects objects, WorkloadKey key, ArgoWorkflow workflow)
    {
        try
        {
            await belongings.AdoptAsync(objects, key, workflow).ConfigureAwait(false);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            LogNotAdopted(workflow.Metadata.Name, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "What belongs to job {Job} alone will not go with it by itself: {Problem}")]
    private partial void LogNotAdopted(string job, string problem);
}
