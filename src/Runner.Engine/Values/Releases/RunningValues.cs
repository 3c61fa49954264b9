using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Engine.Values;

/// <summary>What this runner works with: its variables since it started, and its ConfigMap as it is in the first cluster. Holds secrets.</summary>
/// <param name="ConfigMapName">The ConfigMap that it was told to watch; empty for none.</param>
/// <param name="AtStart">Variables by name.</param>
/// <param name="ConfigMap">Null while it is not known.</param>
public sealed record RunningValues(string ConfigMapName, IReadOnlyDictionary<string, string> AtStart, IReadOnlyDictionary<string, string>? ConfigMap)
{
    /// <summary>Without what they say.</summary>
    public override string ToString() => $"{ConfigMapName}: {AtStart.Count} variables";
}

/// <summary>Tells what this runner works with; asks nobody. Thread-safe.</summary>
public sealed class RunningRunner
{
    private readonly RunnerOptions _options;
    private readonly LiveSettings _settings;
    private readonly string _cluster;

    internal RunningRunner(RunnerOptions options, LiveSettings settings, ClusterDirectory clusters) =>
        (_options, _settings, _cluster) = (options, settings, clusters.Connections[0].Name);

    /// <summary>Raised, on any thread, after it may have changed. Handlers must be quick and must not throw.</summary>
    public event Action? Changed
    {
        add => _settings.Changed += value;
        remove => _settings.Changed -= value;
    }

    /// <summary>As it is now.</summary>
    public RunningValues Current => new(_options.Hub.ConfigMapName, _options.Variables.Values, _settings.DataOf(_cluster));
}
