using System.Globalization;
using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Sandboxes;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Containers;

/// <summary>
/// Removes Secrets of environments to which nothing refers any more: those from before an update, once no version and no pod is left that was made from them, and those of what
/// was never made. What cannot be looked at is taken to refer to them.
/// </summary>
internal sealed partial class EnvironmentSecretSweeper(ClusterDirectory clusters, RunnerOptions options, ReplacementNotes replacements, TimeProvider time, ILogger<EnvironmentSecretSweeper> logger) : BackgroundService
{
    /// <summary>Between two looks, and how long a Secret may wait for what is to refer to it.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    /// <summary>Removes what nothing in a cluster refers to, of the Secrets that nobody has wanted since <paramref name="before"/>.</summary>
    /// <exception cref="ApiStatusException">Refused. What does not answer throws as <see cref="ApiCalls"/> says.</exception>
    public async Task SweepAsync(ClusterConnection cluster, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var secrets = new EnvironmentSecrets(cluster, options.WorkloadNamespace, time);
        foreach (var ofOne in (await secrets.ListAsync(cancellationToken).ConfigureAwait(false)).Where(secret => WantedAt(secret) < before).GroupBy(secret => secret.GetLabel(SecretEnvironment.OwnerLabel)))
        {
            var needs = await NeedsAsync(cluster, ofOne.Key, cancellationToken).ConfigureAwait(false);
            foreach (var secret in ofOne.Where(secret => needs?.Contains(JsonSerializer.Serialize(secret.Metadata.Name), StringComparison.Ordinal) == false))
            {
                if (await secrets.DeleteAsync(secret, cancellationToken).ConfigureAwait(false))
                {
                    LogRemoved(secret.Metadata.Name, ofOne.Key, cluster.Name);
                }
            }
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(clusters.Connections.Select(cluster => Task.Run(
        () => RestartedLoop.RunAsync(token => SweepAsync(cluster, token), exception => LogFailed(cluster.Name, exception.Message), time, stoppingToken), CancellationToken.None)));

    /// <summary>When somebody was last about to refer to a Secret.</summary>
    private static DateTimeOffset WantedAt(V1Secret secret)
    {
        var made = new DateTimeOffset(DateTime.SpecifyKind(secret.Metadata.CreationTimestamp ?? DateTime.MaxValue, DateTimeKind.Utc));
        return DateTimeOffset.TryParse(HubFacts.Text(secret.Metadata.Annotations, EnvironmentSecrets.WantedAnnotation), CultureInfo.InvariantCulture, out var wanted) && wanted > made ? wanted : made;
    }

    /// <summary>JSON of all that may refer to a Secret of a workload; null while some of it is about to be made from what is not in it.</summary>
    private async Task<string?> NeedsAsync(ClusterConnection cluster, string workload, CancellationToken cancellationToken)
    {
        if (replacements.IsReplaced(cluster.Name, workload))
        {
            return null;
        }

        var services = new KnativeApi(cluster, options.WorkloadNamespace, time);
        List<object?> needs = [await services.FindAsync(workload, cancellationToken).ConfigureAwait(false), .. await RevisionsAsync(services, workload, cancellationToken).ConfigureAwait(false)];

        // Of kinds that the cluster does not know, or does not show, the runner has made none.
        if (cluster.State.Services.MayHaveSets
            && await new LeaderWorkerSetApi(cluster, options.WorkloadNamespace, time).FindAsync(LeaderWorkerSetNames.SetOf(workload), cancellationToken).ConfigureAwait(false) is { } set)
        {
            if ((set.Status?.UpdatedReplicas ?? 0) < (set.Spec?.Replicas ?? 1))
            {
                // A host of a group that is not updated yet is made anew from what the group was.
                return null;
            }

            needs.Add(set);
            needs.AddRange(await services.PodsAsync($"{LeaderWorkerSetNames.SetLabel}={set.Metadata.Name}", cancellationToken).ConfigureAwait(false));
        }

        if (cluster.State.Sandboxes.Sandboxes.Health != CacheHealth.Unavailable)
        {
            needs.Add(await new SandboxApi(cluster, options.WorkloadNamespace, time).FindAsync(workload, cancellationToken).ConfigureAwait(false));
        }

        return string.Join('\n', needs.OfType<object>().Select(need => KubernetesJson.Serialize(need)));
    }

    /// <returns>Nothing where the cluster does not know the kind.</returns>
    private static async Task<IEnumerable<KnativeRevision>> RevisionsAsync(KnativeApi services, string workload, CancellationToken cancellationToken)
    {
        try
        {
            return await services.RevisionsAsync(workload, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException unknown) when (unknown.Code == 404)
        {
            return [];
        }
    }

    /// <summary>Sweeps now and then.</summary>
    private async Task SweepAsync(ClusterConnection cluster, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(Grace, time, cancellationToken).ConfigureAwait(false);
            await cluster.WaitUntilConnectedAsync(cancellationToken).ConfigureAwait(false);
            await SweepAsync(cluster, time.GetUtcNow() - Grace, cancellationToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(LogLevel.Information, "Removed Secret {Secret} in cluster {Cluster}: nothing of {Workload} refers to it any more")]
    private partial void LogRemoved(string secret, string workload, string cluster);

    [LoggerMessage(LogLevel.Warning, "Cluster {Cluster}: Secrets to which nothing refers any more could not be looked for; the next attempt follows: {Problem}")]
    private partial void LogFailed(string cluster, string problem);
}
