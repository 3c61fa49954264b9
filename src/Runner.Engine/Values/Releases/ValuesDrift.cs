using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>A value that the file and the release do not have alike. Texts of secrets are masked.</summary>
/// <param name="File">In the file; null where it is not there.</param>
/// <param name="Release">In the release; null where it is not there.</param>
/// <param name="Change">What an upgrade with the file does about it.</param>
public sealed record FileDrift(KeyPath Path, string? File, string? Release, PredictedChange Change);

/// <summary>A setting that the running runner does not have as the release would give it. Texts of secrets are masked.</summary>
/// <param name="Key">Key of the ConfigMap, and name of the variable.</param>
public sealed record RunningDrift(string Key, string? Release, string? Running);

/// <summary>Finds what the file, the release and the running runner do not agree on. Pure.</summary>
public static class ValuesDrift
{
    private static readonly HashSet<string> SecretKeys =
        [.. ValuesCatalogue.Instance.Values.Where(value => value.Secret).SelectMany(value => value.ConfigMapKeys)];

    /// <summary>What an upgrade with the file would change.</summary>
    public static IReadOnlyList<FileDrift> OfFile(ValuesDocument file, DeployedRelease release)
    {
        var deployed = ValuesDocument.Parse(release.ToYaml());
        var (mine, theirs) = (HelmValues.Read(file), HelmValues.Read(deployed));
        return [.. ValuesPrediction.Changes(release.Chart, release.Identity, deployed, file)
            .Select(change => new FileDrift(change.Path, Shown(change.Path, mine.At(change.Path)), Shown(change.Path, theirs.At(change.Path)), change))];
    }

    /// <summary>What the running runner has otherwise than the release: changed by hand, or not restarted since.</summary>
    /// <param name="running">The runner's variables, or its ConfigMap.</param>
    public static IReadOnlyList<RunningDrift> OfRunning(DeployedRelease release, IReadOnlyDictionary<string, string> running)
    {
        var predicted = ValuesPrediction.ConfigMap(release.Chart, release.Identity, release.Values);
        return [.. predicted.Data.Where(entry => !predicted.Undetermined.Contains(entry.Key) && (running.GetValueOrDefault(entry.Key) ?? "") != (entry.Value ?? ""))
            .Select(entry => new RunningDrift(entry.Key, Masked(entry.Key, entry.Value), Masked(entry.Key, running.GetValueOrDefault(entry.Key)))).OrderBy(drift => drift.Key, StringComparer.Ordinal)];
    }

    private static string? Shown(KeyPath path, JsonNode? value)
    {
        if (value is null)
        {
            return null;
        }

        return value is JsonObject or JsonArray
            ? ValuesMask.Mask(ValuesDocument.Parse(YamlValue.Lines(HelmValues.ToYaml(Wrapped(path, value)), 0, "\n") + "\n")).Trim()
            : ValuesMask.IsSecret(path) && HelmValues.Print(value).Length > 0 ? ValuesMask.Placeholder : HelmValues.Print(value);
    }

    private static JsonObject Wrapped(KeyPath path, JsonNode value) => new() { [path.Last.Key] = value.DeepClone() };

    private static string? Masked(string key, string? value) => SecretKeys.Contains(key) && !string.IsNullOrEmpty(value) ? ValuesMask.Placeholder : value;
}
