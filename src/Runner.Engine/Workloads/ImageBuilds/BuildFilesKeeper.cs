using System.Collections.Concurrent;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Engine.Workloads.ImageBuilds;

/// <summary>
/// Keeps the ConfigMaps with the build scripts and Dockerfiles in every cluster: written at the start where they differ, and again when somebody
/// deletes or changes them, which a watch tells. What cannot be written is shown as a problem and tried again.
/// </summary>
internal sealed partial class BuildFilesKeeper(RunnerOptions options, ClusterDirectory clusters, TimeProvider time, ILogger<BuildFilesKeeper> logger) : BackgroundService
{
    private static readonly Backoff Retry = new(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5));

    /// <summary>Two runners of different versions overwrite each other while one replaces the other; so long each stays as it is.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, string> _problems = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<V1ConfigMap> _wanted = BuildFiles.ConfigMaps(options.WorkloadNamespace);

    /// <summary>Why builds cannot work, by name of the connection; empty where they can.</summary>
    public IReadOnlyDictionary<string, string> Problems => _problems;

    /// <summary>Writes what is not as it should be. Asks the cluster only where the watch does not know.</summary>
    /// <exception cref="ApiStatusException">Refused. What does not answer throws as <see cref="ApiCalls"/> says.</exception>
    public async Task EnsureAsync(ClusterConnection cluster, CancellationToken cancellationToken)
    {
        var api = new ConfigMapApi(cluster, options.WorkloadNamespace, time);
        var cache = cluster.State.BuildFiles;
        foreach (var wanted in _wanted)
        {
            var name = wanted.Metadata.Name;
            if (cache.Health == CacheHealth.Synced && BuildFiles.IsCurrent(cache.Find(options.WorkloadNamespace, name), wanted))
            {
                continue;
            }

            // A watch tells with a delay: what it does not know may well be there.
            var found = await api.FindAsync(name, cancellationToken).ConfigureAwait(false);
            if (!BuildFiles.IsCurrent(found, wanted))
            {
                await api.PutAsync(wanted, cancellationToken).ConfigureAwait(false);
                LogWritten(name, cluster.Name);
            }
        }

        _problems.TryRemove(cluster.Name, out _);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(clusters.Connections.Select(cluster => Task.Run(() => KeepAsync(cluster, stoppingToken), CancellationToken.None)));

    /// <summary>Never throws.</summary>
    private async Task KeepAsync(ClusterConnection cluster, CancellationToken cancellationToken)
    {
        var signal = new Signal();
        var cache = cluster.State.BuildFiles;
        cache.Changed += (_, _) => signal.Set();
        cache.Listed += () => signal.Set();
        cache.StatusChanged += () => signal.Set();
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await cluster.WaitUntilConnectedAsync(cancellationToken).ConfigureAwait(false);
                if (cache.Health is CacheHealth.Synced or CacheHealth.Unavailable)
                {
                    await EnsureAsync(cluster, cancellationToken).ConfigureAwait(false);
                    await Task.Delay(Rest, time, cancellationToken).ConfigureAwait(false);
                }

                failures = 0;
                await signal.WaitAsync(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever went wrong, it is shown, and the loop goes on.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                var problem = $"The scripts for image builds cannot be written as ConfigMaps into namespace '{options.WorkloadNamespace}', so builds do not start. {ClusterProblem.Describe(exception, cluster.Name)}";
                if (_problems.GetValueOrDefault(cluster.Name) != problem)
                {
                    _problems[cluster.Name] = problem;
                    LogProblem(problem);
                }

                await Task.Delay(Retry.Delay(++failures), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Wrote ConfigMap {Name} with files for image builds to cluster {Cluster}")]
    private partial void LogWritten(string name, string cluster);

    [LoggerMessage(LogLevel.Warning, "{Problem}")]
    private partial void LogProblem(string problem);
}

/// <summary>The calls that ConfigMaps need.</summary>
internal sealed class ConfigMapApi(ClusterConnection cluster, string @namespace, TimeProvider time) : ApiCalls(cluster, time)
{
    /// <returns>Null when it does not exist.</returns>
    public Task<V1ConfigMap?> FindAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CoreV1.ReadNamespacedConfigMapAsync(name, @namespace, cancellationToken: token), cancellationToken);

    /// <summary>Creates it, or gives the one of that name this content.</summary>
    public async Task PutAsync(V1ConfigMap map, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync((client, token) => client.CoreV1.CreateNamespacedConfigMapAsync(map, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException exists) when (exists is { Code: 409, Reason: "AlreadyExists" })
        {
            await CallAsync(
                (client, token) => client.CoreV1.ReplaceNamespacedConfigMapAsync(map, map.Metadata.Name, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        }
    }
}
