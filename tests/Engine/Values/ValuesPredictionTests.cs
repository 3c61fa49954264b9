using System.Text.Json.Nodes;
using Runner.Engine.Values;

namespace Runner.Tests.Engine.Values;

/// <summary>What the editor foretells of a change, held against every change that was tried with the official charts and the real helm.</summary>
public sealed class ValuesPredictionTests
{
    public static TheoryData<string> Charts => ["1.16.1", "1.17.0", "2.4.1"];

    [Theory]
    [MemberData(nameof(Charts))]
    public void The_ConfigMap_is_foretold_key_by_key(string chart)
    {
        var recording = HelmRecording.Of(chart);
        var predicted = ValuesPrediction.ConfigMap(recording.Chart, ReleaseIdentity.Usual, HelmValues.Read(recording.Values()));
        Assert.Equal("runner-runner", predicted.Name);
        Assert.Equal(recording.ConfigMap.OrderBy(entry => entry.Key), predicted.Data.OrderBy(entry => entry.Key));
    }

    [Theory]
    [MemberData(nameof(Charts))]
    public void Every_change_is_foretold_as_changed_ignored_or_refused(string chart)
    {
        var recording = HelmRecording.Of(chart);
        var before = recording.Values();
        var wrong = recording.Effects.Select(effect => Differs(recording, before, effect)).Where(difference => difference.Length > 0).ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(101, recording.Effects.Count);
    }

    private static string Differs(HelmRecording recording, ValuesDocument before, HelmEffect effect)
    {
        var after = effect.Set.Aggregate(before, (document, set) => document.Set(set.Key, Written(set.Value)));
        var changes = ValuesPrediction.Changes(recording.Chart, ReleaseIdentity.Usual, before, after);
        var outcome = changes.Any(change => change.Outcome == PredictedOutcome.Refused) ? PredictedOutcome.Refused
            : changes.Any(change => change.Outcome == PredictedOutcome.Changed) ? PredictedOutcome.Changed : PredictedOutcome.Ignored;
        var recorded = effect.Refused is not null ? PredictedOutcome.Refused : effect.Ignored ? PredictedOutcome.Ignored : PredictedOutcome.Changed;
        if (outcome != recorded)
        {
            return $"{effect}: {recorded}, foretold {outcome}";
        }

        if (recorded != PredictedOutcome.Changed)
        {
            return "";
        }

        var map = ValuesPrediction.ConfigMap(recording.Chart, ReleaseIdentity.Usual, HelmValues.Read(after));
        if (effect.ConfigMapGone)
        {
            return map.Name == "runner-runner" ? $"{effect}: the ConfigMap is still foretold under its name" : "";
        }

        var expected = recording.ConfigMap;
        foreach (var (key, value) in effect.ConfigMap)
        {
            expected[key] = value;
        }

        var keys = expected.Keys.Union(map.Data.Keys).Where(key => !map.Undetermined.Contains(key) && Shown(expected.GetValueOrDefault(key)) != Shown(map.Data.GetValueOrDefault(key)));
        return string.Concat(keys.Select(key => $"{effect}: {key} is {expected.GetValueOrDefault(key)}, foretold {map.Data.GetValueOrDefault(key)}; "));
    }

    /// <summary>The recording does not tell an empty value from none where a change took it away.</summary>
    private static string Shown(string? value) => value ?? "";

    /// <summary>As the recorder wrote it: <c>y</c> without quotes, which Helm takes for true.</summary>
    private static YamlValue Written(JsonNode? value) =>
        value is JsonObject { Count: 1 } map && map["x"]?.GetValue<string>() == "y" ? new YamlValue.Map([new("x", YamlValue.Of(true))]) : HelmValues.ToYaml(value);
}
