using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>Says what went wrong when a workload is made. An API server may quote what it refuses; what is secret is for the container alone.</summary>
internal static class MakingProblem
{
    /// <param name="what">What is made, for a sentence that begins with it: <c>Service 'web'</c>.</param>
    /// <param name="missing">What to do in a cluster that does not know the kind, in a sentence; empty where that is not known.</param>
    /// <param name="secrets">What may not be quoted, asked for when something went wrong.</param>
    /// <exception cref="RequestRefusedException">The API server does not take it.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public static async Task<T> TellAsync<T>(ClusterConnection cluster, string what, string missing, Func<Task<T>> make, Func<IEnumerable<string?>> secrets)
    {
        string Hide(string message) => SecretText.Hide(message, secrets());
        try
        {
            return await make().ConfigureAwait(false);
        }
        catch (ApiStatusException refusal) when (refusal.Code is 400 or 422)
        {
            throw new RequestRefusedException($"Cluster '{cluster.Name}' does not take {char.ToLowerInvariant(what[0])}{what[1..]}: {Hide(refusal.Message)}");
        }
        catch (ApiStatusException unknown) when (unknown.Code == 404 && missing.Length > 0)
        {
            throw new ClusterOperationException(Hide($"{what} was not created: cluster '{cluster.Name}' answered 404: {unknown.Message}. {missing}"), unknown);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            throw new ClusterOperationException(Hide($"{what} was not created. {ClusterProblem.Describe(exception, cluster.Name)}"), exception);
        }
    }
}
