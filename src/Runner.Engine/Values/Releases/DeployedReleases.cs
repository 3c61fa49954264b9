using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters;
using Runner.Engine.Configuration;

namespace Runner.Engine.Values;

/// <summary>
/// The release by which the runner was deployed, kept up by one watch of Helm's Secrets in the runner's namespace of the first cluster. Reading it asks nobody. Thread-safe.
/// </summary>
public sealed class DeployedReleases
{
    private const string RunnerChart = "runner";

    private readonly ResourceCache<V1Secret> _secrets;
    private readonly string _configMap;
    private readonly Lock _lock = new();
    private DeployedRelease? _current;

    internal DeployedReleases(ClusterDirectory clusters, RunnerOptions options, WatchSettings watch, TimeProvider time, ILogger<DeployedReleases> logger)
    {
        _configMap = options.Hub.ConfigMapName;
        _secrets = new(clusters.Connections[0], new("", "v1", "secrets", options.RunnerNamespace) { LabelSelector = "owner=helm" }, watch, time, logger);
        _secrets.Changed += (_, _) => Apply();
        _secrets.Listed += Apply;
        _secrets.StatusChanged += () => Changed?.Invoke();
    }

    /// <summary>Raised, on any thread, after the release or what is known of it changed. Handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    /// <summary>The runner's release; null where there is none or none is known.</summary>
    public DeployedRelease? Current => Volatile.Read(ref _current);

    /// <summary>Why nothing is known; empty while all is well.</summary>
    public string Problem => _secrets.Status.Problem;

    /// <summary>True once the cluster was asked.</summary>
    public bool IsKnown => _secrets.Health is CacheHealth.Synced or CacheHealth.Interrupted;

    /// <summary>Watches until cancelled. Never throws.</summary>
    internal Task RunAsync(CancellationToken cancellationToken) => _secrets.RunAsync(cancellationToken);

    /// <summary>
    /// The release of the runner among Helm's records: of its own chart, that whose ConfigMap the runner was told to watch where there are several; the revision that is deployed, else the last one.
    /// </summary>
    internal static DeployedRelease? Choose(IEnumerable<V1Secret> secrets, string configMap)
    {
        var newest = secrets.Where(secret => secret.Type == "helm.sh/release.v1" && secret.Data?.ContainsKey("release") == true)
            .GroupBy(secret => secret.Metadata.Labels?.TryGetValue("name", out var name) == true ? name : "")
            .Select(release => release.OrderByDescending(secret => Label(secret, "status") == "deployed").ThenByDescending(Revision).First());
        return newest.Select(secret => HelmReleaseReader.Read(secret.Data["release"])).OfType<DeployedRelease>().Where(release => release.ChartName == RunnerChart)
            .OrderByDescending(release => configMap.StartsWith(release.Identity.Name + "-", StringComparison.Ordinal)).ThenByDescending(release => release.DeployedAt).FirstOrDefault();
    }

    private static string Label(V1Secret secret, string label) => secret.Metadata.Labels?.TryGetValue(label, out var value) == true ? value : "";

    private static int Revision(V1Secret secret) => int.TryParse(Label(secret, "version"), System.Globalization.CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    private void Apply()
    {
        // While a list is being compared it is told change by change; only what is whole is shown.
        if (_secrets.Health == CacheHealth.Starting)
        {
            return;
        }

        lock (_lock)
        {
            Volatile.Write(ref _current, Choose(_secrets.All(), _configMap));
        }

        Changed?.Invoke();
    }
}

/// <summary>Runs <see cref="DeployedReleases"/> for the life of the host.</summary>
internal sealed class DeployedReleasesService(DeployedReleases releases) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => releases.RunAsync(stoppingToken);
}
