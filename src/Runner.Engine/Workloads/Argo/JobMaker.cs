using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads.Argo;

/// <summary>
/// Makes the objects of a job in an order that leaves nothing half made: what the job needs is there before it, and belongs to it afterwards. None of this is
/// given up because the caller hangs up.
/// </summary>
internal sealed partial class JobMaker(ILogger<JobMaker> logger)
{
    /// <summary>Makes a job and what it needs. When it cannot be made, nothing of it stays.</summary>
    /// <returns>The job, or one of its name that came meanwhile.</returns>
    /// <exception cref="ApiStatusException">Refused. What does not answer throws as <see cref="ApiCalls"/> says.</exception>
    public static async Task<ArgoWorkflow> CreateAsync(ArgoApi api, JobObjects objects)
    {
        var name = objects.Workflow.Metadata.Name;
        try
        {
            if (objects.Volume is { } volume)
            {
                await api.CreateVolumeAsync(volume, CancellationToken.None).ConfigureAwait(false);
            }

            foreach (var secret in new[] { objects.SharedSecret, objects.Secret }.OfType<V1Secret>())
            {
                await api.PutSecretAsync(secret, CancellationToken.None).ConfigureAwait(false);
            }

            return await api.CreateAsync(objects.Workflow, CancellationToken.None).ConfigureAwait(false)
                ?? await api.FindAsync(name, CancellationToken.None).ConfigureAwait(false)
                ?? throw new TimeoutException($"Another job '{name}' came and went meanwhile");
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            // A lost answer is not a lost request: only what no job needs may go.
            if (await api.FindAsync(name, CancellationToken.None).ConfigureAwait(false) is { } made)
            {
                return made;
            }

            await RemoveOwnAsync(api, objects.Secret?.Metadata.Name, objects.Volume?.Metadata.Name).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>From now on the cluster removes what is the job's own together with the job, whether or not a runner is there to see it.</summary>
    public async Task AdoptAsync(ArgoApi api, JobObjects objects, ArgoWorkflow workflow)
    {
        var (secret, volume) = (objects.Secret?.Metadata.Name, objects.Volume?.Metadata.Name);
        try
        {
            try
            {
                await api.AdoptAsync(workflow, secret, volume, CancellationToken.None).ConfigureAwait(false);
            }
            catch (ApiStatusException missing) when (missing.Code == 404 && objects.Secret is not null)
            {
                // One of that name belonged to an earlier job and was collected with it meanwhile.
                await api.PutSecretAsync(objects.Secret, CancellationToken.None).ConfigureAwait(false);
                await api.AdoptAsync(workflow, secret, volume, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            LogNotAdopted(workflow.Metadata.Name, exception.Message);
        }
    }

    /// <summary>Removes what was made for a job alone, by their names; null for none.</summary>
    public static async Task RemoveOwnAsync(ArgoApi api, string? secret, string? volume)
    {
        if (secret is not null)
        {
            await api.DeleteSecretAsync(secret, CancellationToken.None).ConfigureAwait(false);
        }

        if (volume is not null)
        {
            await api.DeleteVolumeAsync(volume, CancellationToken.None).ConfigureAwait(false);
        }
    }

    [LoggerMessage(LogLevel.Warning, "What belongs to job {Job} alone will not go with it by itself: {Problem}")]
    private partial void LogNotAdopted(string job, string problem);
}
