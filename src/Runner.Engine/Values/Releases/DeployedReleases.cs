using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Engine.Values;

/// <summary>
/// The release by which the runner was deployed, kept up by one watch of Helm's Secrets in the runner's namespace of the first cluster. Reading it asks nobody. Thread-safe.
/// </summary>
public sealed class DeployedReleases
{
    private readonly ResourceCache<V1Secret> _secrets;
    private readonly string _configMap;
    private readonly Lock _lock = new();
    private ChosenRelease _chosen = new(null, LocalText.None);

    internal DeployedReleases(ClusterDirectory clusters, RunnerOptions options, WatchSettings watch, TimeProvider time, ILogger<DeployedReleases> logger)
    {
        _configMap = options.Hub.ConfigMapName;
        _secrets = new(clusters.Connections[0], new("", "v1", "secrets", options.RunnerNamespace) { LabelSelector = "owner=helm" }, watch, time, logger);
        _secrets.Changed += (_, _) => Apply();
        _secrets.Listed += Apply;
        _secrets.StatusChanged += Apply;
    }

    /// <summary>Raised, on any thread, after the release or what is known of it changed. Handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    /// <summary>The runner's release; null where there is none or none is known.</summary>
    public DeployedRelease? Current => Volatile.Read(ref _chosen).Release;

    /// <summary>Why nothing is known; empty while all is well.</summary>
    public LocalText Problem => _secrets.Status.Problem is { Length: > 0 } problem ? problem : Volatile.Read(ref _chosen).Problem;

    /// <summary>True once the cluster was asked.</summary>
    public bool IsKnown => _secrets.Health is CacheHealth.Synced or CacheHealth.Interrupted;

    /// <summary>Watches until cancelled. Never throws.</summary>
    internal Task RunAsync(CancellationToken cancellationToken) => _secrets.RunAsync(cancellationToken);

    /// <summary>
    /// The release of the runner among Helm's records: of its own chart or of one that it came with, that whose ConfigMap the runner was told to watch where there are several; the revision that is deployed, else the last one.
    /// Where the record of that one cannot be read nothing is known, and no other takes its place.
    /// </summary>
    internal static ChosenRelease Choose(IEnumerable<V1Secret> secrets, string configMap)
    {
        var newest = secrets.Where(secret => secret.Type == "helm.sh/release.v1")
            .GroupBy(secret => Label(secret, "name"))
            .Select(release => release.OrderByDescending(secret => Label(secret, "status") == "deployed").ThenByDescending(Revision).First())
            .Select(secret => new Record(secret, secret.Data?.TryGetValue("release", out var bytes) == true ? HelmReleaseReader.Read(bytes) : null))
            .Where(record => record.Release is null || record.Release.HasRunner)
            .OrderByDescending(record => configMap.StartsWith(record.Name + "-", StringComparison.Ordinal)).ThenBy(record => record.Release is null).ThenByDescending(record => record.Release?.DeployedAt);
        return newest.FirstOrDefault() switch
        {
            null => new(null, LocalText.None),
            { Release: { } release } => new(release, LocalText.None),
            { Secret: var secret } => new(null, new(
                $"The record of release '{Label(secret, "name")}', revision {Revision(secret)}, cannot be read: the Secret {secret.Metadata.Name} is damaged. Deploy the release again, or roll it back.",
                $"发布“{Label(secret, "name")}”修订 {Revision(secret)} 的记录无法读取：Secret {secret.Metadata.Name} 已损坏。请重新部署该发布，或将其回滚。")),
        };
    }

    private sealed record Record(V1Secret Secret, DeployedRelease? Release)
    {
        public string Name => Release?.Identity.Name ?? Label(Secret, "name");
    }

    private static string Label(V1Secret secret, string label) => secret.Metadata.Labels?.TryGetValue(label, out var value) == true ? value : "";

    private static int Revision(V1Secret secret) => int.TryParse(Label(secret, "version"), System.Globalization.CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    private void Apply()
    {
        // While a list is being compared it is told change by change; only what is whole is shown. The end of the first list is a change of the status.
        lock (_lock)
        {
            if (_secrets.Health == CacheHealth.Starting)
            {
                return;
            }

            Volatile.Write(ref _chosen, Choose(_secrets.All(), _configMap));
        }

        Changed?.Invoke();
    }
}

/// <summary>The release of the runner, or why it is not known; neither where there is none.</summary>
internal sealed record ChosenRelease(DeployedRelease? Release, LocalText Problem);

/// <summary>Runs <see cref="DeployedReleases"/> for the life of the host.</summary>
internal sealed class DeployedReleasesService(DeployedReleases releases) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => releases.RunAsync(stoppingToken);
}
