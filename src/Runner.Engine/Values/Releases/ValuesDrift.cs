using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>A value that the file and the release do not have alike. Texts of secrets are masked.</summary>
/// <param name="File">In the file; null where it is not there.</param>
/// <param name="Release">In the release; null where it is not there.</param>
/// <param name="Change">What an upgrade with the file does about it.</param>
public sealed record FileDrift(KeyPath Path, string? File, string? Release, PredictedChange Change);

/// <summary>Finds what the file and the release do not agree on. Pure.</summary>
public static class ValuesDrift
{
    /// <summary>What an upgrade with the file would change.</summary>
    public static IReadOnlyList<FileDrift> OfFile(ValuesDocument file, DeployedRelease release)
    {
        var mine = HelmValues.Read(file);
        var deployed = HelmValues.ToDocument(release.Whole?.ComparedWith(mine, release.Chart) ?? release.Values);
        var theirs = HelmValues.Read(deployed);
        var wanted = release.Whole is null ? file : HelmValues.ToDocument(ValuesPart.Pruned(mine));
        return [.. ValuesPrediction.Changes(release.Chart, release.Identity, deployed, wanted)
            .Select(change => new FileDrift(change.Path, Shown(change.Path, mine.At(change.Path)), Shown(change.Path, theirs.At(change.Path)), change))];
    }

    private static string? Shown(KeyPath path, JsonNode? value)
    {
        if (value is null)
        {
            return null;
        }

        return value is JsonObject or JsonArray
            ? ValuesMask.Mask(HelmValues.ToDocument(Wrapped(path, value))).Trim()
            : ValuesMask.IsSecret(path) && HelmValues.Print(value).Length > 0 ? ValuesMask.Placeholder : HelmValues.Print(value);
    }

    private static JsonObject Wrapped(KeyPath path, JsonNode value) => new() { [path.Last.Key] = value.DeepClone() };
}
