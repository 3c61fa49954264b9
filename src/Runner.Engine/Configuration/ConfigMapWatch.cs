using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Configuration;

/// <summary>
/// Watches the ConfigMap with the live settings of one cluster and puts what it says into effect. One that is emptied, wrong or gone is a problem
/// that is shown, and changes nothing that worked.
/// </summary>
internal sealed partial class ConfigMapWatch
{
    private readonly string _cluster;
    private readonly string _namespace;
    private readonly string _name;
    private readonly LiveSettings _settings;
    private readonly ILogger _logger;
    private readonly ResourceCache<V1ConfigMap> _maps;
    private readonly Lock _lock = new();

    public ConfigMapWatch(ClusterConnection cluster, RunnerOptions options, LiveSettings settings, WatchSettings watch, TimeProvider time, ILogger logger)
    {
        (_cluster, _namespace, _name) = (cluster.Name, options.RunnerNamespace, options.Hub.ConfigMapName);
        _settings = settings;
        _logger = logger;
        _maps = new(cluster, new("", "v1", "configmaps", _namespace) { FieldSelector = $"metadata.name={_name}" }, watch, time, logger);
        _maps.Changed += (_, _) => Apply();
        _maps.Listed += Apply;
        _maps.StatusChanged += Apply;
    }

    /// <summary>Watches until cancelled. Never throws.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => _maps.RunAsync(cancellationToken);

    private void Apply()
    {
        lock (_lock)
        {
            var source = $"ConfigMap {_namespace}/{_name}";
            var last = _settings.MapOf(_cluster);
            IReadOnlyList<LocalText> problems;
            switch (_maps.Health)
            {
                case CacheHealth.Starting or CacheHealth.Interrupted:
                    // What is there now is not known; it is told once it is.
                    return;
                case CacheHealth.Unavailable:
                    problems = [_maps.Status.Problem.Then(new("The last known settings stay in use.", "继续使用最后已知的设置。"))];
                    break;
                default:
                    var data = _maps.Find(_namespace, _name) is { } map ? map.Data ?? new Dictionary<string, string>() : null;
                    (var values, problems) = ConfigMapValues.Read(data, last);
                    _settings.SetConfigMapData(_cluster, data?.AsReadOnly());
                    if (values != last)
                    {
                        LogChanged(_cluster, source);
                        _settings.SetConfigMap(_cluster, values);
                    }

                    break;
            }

            if (!_settings.SetProblems(_cluster, source, problems))
            {
                return;
            }

            foreach (var problem in problems)
            {
                LogProblem(_cluster, source, problem);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Cluster {Cluster}: settings of {Source} are in effect")]
    private partial void LogChanged(string cluster, string source);

    [LoggerMessage(LogLevel.Warning, "Cluster {Cluster}: {Source}: {Problem}")]
    private partial void LogProblem(string cluster, string source, string problem);
}
