using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>The ConfigMap that a chart would render for the runner.</summary>
/// <param name="Name">Its name; empty where the chart renders none.</param>
/// <param name="Data">Its keys; null for a key that the template leaves without a value.</param>
/// <param name="Undetermined">Keys whose values come from other charts of a CSGHub release, so that the values alone do not tell them.</param>
public sealed record PredictedConfigMap(string Name, IReadOnlyDictionary<string, string?> Data, IReadOnlySet<string> Undetermined);

/// <summary>What becomes of a change.</summary>
public enum PredictedOutcome
{
    /// <summary>Something that the chart renders changes.</summary>
    Changed,

    /// <summary>Nothing changes: the chart does not read the key.</summary>
    Ignored,

    /// <summary>Nothing changes: the chart reads the key, and the value means what was there before.</summary>
    Same,

    /// <summary>Helm refuses the values.</summary>
    Refused,
}

/// <summary>What becomes of one key.</summary>
/// <param name="ConfigMapKeys">Keys of the runner's ConfigMap that change.</param>
/// <param name="Renders">Kinds of other objects that change.</param>
/// <param name="Takes">When it takes effect once Helm has upgraded the release.</param>
public sealed record PredictedChange(KeyPath Path, PredictedOutcome Outcome, IReadOnlyList<string> ConfigMapKeys, IReadOnlyList<string> Renders, TakesEffect Takes);

/// <summary>Says what a chart makes of values, without Helm. Pure; held against recordings of the official charts 1.16.1, 1.17.0 and 2.4.1.</summary>
public static class ValuesPrediction
{
    private static readonly HashSet<string> RefusedByTemplates = ["tls-secret-missing", "loki-missing", "two-names"];
    private static readonly HashSet<string> RefusedBySchema = ["wrong-type", "not-allowed", "out-of-range", "schema"];

    /// <summary>The runner's ConfigMap for values.</summary>
    public static PredictedConfigMap ConfigMap(ChartVersion chart, ReleaseIdentity release, JsonObject values) => new ConfigMapTemplate(new(chart, values), release).Render();

    /// <summary>True where Helm refuses a problem with an error of its own, and does not merely render something that does not work.</summary>
    public static bool HelmRefuses(ValuesProblem problem, ChartVersion chart) =>
        RefusedByTemplates.Contains(problem.Code)
        || (RefusedBySchema.Contains(problem.Code) && chart >= new ChartVersion(1, 14, 0))
        || (problem.Code is "wrong-form" or "token-missing" or "url-missing" && chart >= new ChartVersion(2, 4, 0));

    /// <summary>What becomes of the difference between two files.</summary>
    public static IReadOnlyList<PredictedChange> Changes(ChartVersion chart, ReleaseIdentity release, ValuesDocument before, ValuesDocument after)
    {
        var (old, current) = (HelmValues.Read(before), HelmValues.Read(after));
        var (was, becomes) = (new EffectiveValues(chart, old), new EffectiveValues(chart, current));
        var refused = ValuesCheck.Run(after, new(chart)).Where(problem => HelmRefuses(problem, chart)).ToList();
        var map = ConfigMap(chart, release, old);
        return [.. Leaves(old).Union(Leaves(current)).Where(path => !JsonNode.DeepEquals(old.At(path), current.At(path))).Select(Change)];

        PredictedChange Change(KeyPath path)
        {
            var known = ValuesCatalogue.Instance.Find(path);
            var definition = known?.Key?.IsRead(chart) == true ? known.Definition : null;
            if (refused.Any(problem => problem.Path.StartsWith(path) || path.StartsWith(problem.Path)
                || (problem.Code == "loki-missing" && path.Steps[0].Key == "logcollector") || (problem.Code == "tls-secret-missing" && path.ToString().Contains("tls.", StringComparison.Ordinal))))
            {
                return new(path, PredictedOutcome.Refused, [], [], TakesEffect.Upgrade);
            }

            if (definition is null || JsonNode.DeepEquals(was.NodeOf(definition), becomes.NodeOf(definition)))
            {
                return new(path, definition is null ? PredictedOutcome.Ignored : PredictedOutcome.Same, [], [], TakesEffect.Upgrade);
            }

            var alone = ConfigMap(chart, release, With(old, definition.Keys.Select(key => key.Path), current));
            var keys = map.Data.Keys.Union(alone.Data.Keys).Where(name => map.Data.GetValueOrDefault(name) != alone.Data.GetValueOrDefault(name)).Concat(alone.Undetermined.Except(map.Undetermined)).Distinct()
                .Order(StringComparer.Ordinal).ToList();
            var renders = RendersIn(definition, was, becomes);
            return new(path, keys.Count + renders.Count > 0 || map.Name != alone.Name ? PredictedOutcome.Changed : PredictedOutcome.Same, keys, renders, definition.Takes);
        }
    }

    /// <summary>The other objects that a changed value changes; values that only matter together with another matter only then.</summary>
    private static IReadOnlyList<string> RendersIn(ValueDefinition definition, EffectiveValues was, EffectiveValues becomes)
    {
        var id = definition.Id.ToString();
        var asleep = id switch
        {
            "kymlMode" => (was.Text(id) == "update") == (becomes.Text(id) == "update"),
            "runner.mergingNamespace" => becomes.Chart >= new ChartVersion(1, 17, 0) && becomes.Chart < new ChartVersion(2, 0, 0) && becomes.Text(id) != "single" && was.Text(id) != "single",
            "global.gateway.tls.secretName" => !becomes.IsTrue("global.gateway.tls.enabled"),
            _ when id.StartsWith("global.gateway.service.nodePorts.", StringComparison.Ordinal) => becomes.Text("global.gateway.service.type") != "NodePort",
            _ => false,
        };
        return asleep ? [] : definition.Renders;
    }

    private static JsonObject With(JsonObject values, IEnumerable<KeyPath> paths, JsonObject source)
    {
        var changed = (JsonObject)values.DeepClone();
        foreach (var path in paths)
        {
            var map = changed;
            foreach (var step in path.Parent.Steps)
            {
                map = map[step.Key] as JsonObject ?? (JsonObject)(map[step.Key] = new JsonObject());
            }

            if ((path.Parent.IsRoot ? source : source.At(path.Parent)) is JsonObject given && given.ContainsKey(path.Last.Key))
            {
                map[path.Last.Key] = given[path.Last.Key]?.DeepClone();
            }
            else
            {
                map.Remove(path.Last.Key);
            }
        }

        return changed;
    }

    /// <summary>The paths of a file's values: of those that the catalogue knows, however they are made up, and of everything else that is no group.</summary>
    internal static IEnumerable<KeyPath> Leaves(JsonObject values)
    {
        return Walk(values, KeyPath.Root);

        static IEnumerable<KeyPath> Walk(JsonObject map, KeyPath path) => map.SelectMany(entry =>
        {
            var child = path.Child(entry.Key);
            return entry.Value is JsonObject { Count: > 0 } inner && ValuesCatalogue.Instance.Find(child) is null ? Walk(inner, child) : [child];
        });
    }
}
