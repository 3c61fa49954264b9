using Runner.Engine.Configuration;

namespace Runner.Engine.Values;

/// <summary>Why the runner works with something else than its release has, and with it when what the release has takes effect.</summary>
public enum DriftCause
{
    /// <summary>The ConfigMap was changed beside Helm, and the runner follows it already; the next upgrade changes it back, live.</summary>
    FollowsConfigMap,

    /// <summary>The ConfigMap was changed beside Helm; the runner takes that at its next start, unless an upgrade comes first.</summary>
    ConfigMapWaits,

    /// <summary>The runner was started with something else and needs a start to take what the release has.</summary>
    NeedsRestart,
}

/// <summary>A setting that the runner works with otherwise than its release has it. Texts of secrets are masked.</summary>
/// <param name="Key">Key of the ConfigMap, and name of the variable.</param>
/// <param name="Release">As Helm rendered it; null where it did not.</param>
/// <param name="ConfigMap">As the ConfigMap has it now; null where it does not, or is not known.</param>
/// <param name="Running">As the runner works with it; null where it does not.</param>
public sealed record RunningDrift(string Key, string? Release, string? ConfigMap, string? Running, DriftCause Cause)
{
    private static readonly HashSet<string> Live = [.. ConfigMapValues.Keys];

    private static readonly HashSet<string> Secret = [.. ValuesCatalogue.Instance.Values.Where(value => value.Secret).SelectMany(value => value.ConfigMapKeys)];

    /// <summary>True for settings that a running runner takes from its ConfigMap.</summary>
    public static bool IsLive(string key) => Live.Contains(key);

    /// <summary>True where a release is that of the runner: it was told to watch the release's ConfigMap. Of any other release nothing can be said.</summary>
    public static bool IsOf(DeployedRelease release, RunningValues running) => running.ConfigMapName.Length > 0 && SettingsOf(release).ConfigMap == running.ConfigMapName;

    /// <summary>What the runner works with otherwise than its release has it: changed by hand, or not restarted since. Pure.</summary>
    public static IReadOnlyList<RunningDrift> Find(DeployedRelease release, RunningValues running)
    {
        var settings = SettingsOf(release);
        var byHand = (running.ConfigMap?.Keys ?? []).Where(key => key.StartsWith("STARHUB_", StringComparison.Ordinal) || key.StartsWith("OPENCSG_", StringComparison.Ordinal));
        return [.. settings.Plain.Keys.Union(settings.Secret.Keys).Union(byHand).Select(key => Of(key, settings, running)).OfType<RunningDrift>().OrderBy(drift => drift.Key, StringComparer.Ordinal)];
    }

    private static RunningDrift? Of(string key, RenderedSettings settings, RunningValues running)
    {
        var secret = settings.Secret.ContainsKey(key);
        var wanted = secret ? settings.Secret[key] : settings.Plain.GetValueOrDefault(key);
        var map = secret ? wanted : running.ConfigMap is null ? wanted : running.ConfigMap.GetValueOrDefault(key);
        var started = running.AtStart.GetValueOrDefault(key);
        var live = IsLive(key) && running.ConfigMap is not null;
        var works = live && !string.IsNullOrEmpty(map) ? map : started;
        if (Same(wanted, map) && Same(wanted, works))
        {
            return null;
        }

        var cause = live && Same(works, map) ? DriftCause.FollowsConfigMap : !Same(wanted, map) ? DriftCause.ConfigMapWaits : DriftCause.NeedsRestart;
        string? Shown(string? value) => (secret || Secret.Contains(key) || ValuesMask.IsSecret(KeyPath.Root.Child(key))) && !string.IsNullOrEmpty(value) ? ValuesMask.Placeholder : value;
        return new(key, Shown(wanted), secret || running.ConfigMap is null ? null : Shown(map), Shown(works), cause);
    }

    /// <summary>As Helm rendered them; as they are foretold where its record does not say.</summary>
    private static RenderedSettings SettingsOf(DeployedRelease release)
    {
        if (release.Rendered is { } rendered)
        {
            return rendered;
        }

        var predicted = ValuesPrediction.ConfigMap(release.Chart, release.Identity, release.Values);
        return new(predicted.Name, predicted.Data.Where(entry => !predicted.Undetermined.Contains(entry.Key)).ToDictionary(entry => entry.Key, entry => entry.Value ?? ""), new Dictionary<string, string>());
    }

    private static bool Same(string? one, string? other) => (one ?? "").Trim() == (other ?? "").Trim();
}
