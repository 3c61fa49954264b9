using System.Globalization;
using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;

namespace Runner.Engine.Workloads.Scheduling;

/// <summary>
/// What Kubernetes would refuse of labels, tolerations and affinities. Knative, Argo and the others take pod templates unseen, so that without these rules a request
/// that can never have a pod would look like one that waits for something. Pure.
/// </summary>
internal static class SchedulingFieldRules
{
    private static readonly string[] Effects = ["", "NoSchedule", "PreferNoSchedule", "NoExecute"];

    /// <returns>A sentence for each thing that is wrong; none where all is well.</returns>
    public static IEnumerable<string> Problems(IEnumerable<KeyValuePair<string, string>> nodeSelector, SchedulingFacts facts) =>
    [
        .. nodeSelector.SelectMany(label => OfLabel("hardware: label", label.Key, label.Value)),
        .. (facts.Tolerations ?? []).OfType<TolerationRequest>().SelectMany(OfToleration),
        .. OfAffinity(facts.NodeAffinity),
    ];

    private static IEnumerable<string> OfLabel(string what, string key, string value)
    {
        if (!Naming.IsQualifiedName(key))
        {
            yield return $"{what} '{ResourceRules.Shown(key)}' must be letters, digits, -, _ and ., with or without a DNS name and / before it";
        }

        if (!IsLabelValue(value))
        {
            yield return $"{what} '{ResourceRules.Shown(key)}' must have a value of at most 63 letters, digits, -, _ and ., but has '{ResourceRules.Shown(value)}'";
        }
    }

    private static IEnumerable<string> OfToleration(TolerationRequest toleration)
    {
        const string Field = "tolerations";
        var needsNoValue = toleration.Operator == "Exists";
        if (toleration.Operator is not ("" or "Equal" or "Exists"))
        {
            yield return $"{Field}: operator must be Equal or Exists, but is '{ResourceRules.Shown(toleration.Operator)}'";
        }
        else if (toleration.Key.Length == 0 && !needsNoValue)
        {
            yield return $"{Field}: operator must be Exists where there is no key";
        }
        else if (needsNoValue && toleration.Value.Length > 0)
        {
            yield return $"{Field}: value must be empty where the operator is Exists";
        }

        if (toleration.Key.Length > 0)
        {
            foreach (var problem in OfLabel($"{Field}: key", toleration.Key, needsNoValue ? "" : toleration.Value))
            {
                yield return problem;
            }
        }

        if (!Effects.Contains(toleration.Effect))
        {
            yield return $"{Field}: effect must be NoSchedule, PreferNoSchedule, NoExecute or empty, but is '{ResourceRules.Shown(toleration.Effect)}'";
        }
    }

    private static IEnumerable<string> OfAffinity(V1NodeAffinity? affinity)
    {
        var preferred = (affinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? []).OfType<V1PreferredSchedulingTerm>().ToList();
        if (preferred.Exists(term => term.Weight is < 1 or > 100))
        {
            yield return "node_affinity: weight must be from 1 to 100";
        }

        var terms = (affinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms ?? []).Concat(preferred.Select(term => term.Preference)).OfType<V1NodeSelectorTerm>();
        foreach (var term in terms)
        {
            foreach (var problem in OfRules(term.MatchExpressions, isField: false).Concat(OfRules(term.MatchFields, isField: true)))
            {
                yield return problem;
            }
        }
    }

    private static IEnumerable<string> OfRules(IList<V1NodeSelectorRequirement>? rules, bool isField) =>
        (rules ?? []).OfType<V1NodeSelectorRequirement>().SelectMany(rule => OfRule(rule, isField));

    private static IEnumerable<string> OfRule(V1NodeSelectorRequirement rule, bool isField)
    {
        var values = rule.Values ?? [];
        var key = ResourceRules.Shown(rule.Key ?? "");
        if (isField ? rule.Key != "metadata.name" : !Naming.IsQualifiedName(rule.Key ?? ""))
        {
            yield return isField ? $"node_affinity: field '{key}' must be metadata.name"
                : $"node_affinity: key '{key}' must be letters, digits, -, _ and ., with or without a DNS name and / before it";
        }

        var problem = rule.OperatorProperty switch
        {
            "In" or "NotIn" => values.Count == 0 ? "needs values" : isField && values.Count > 1 ? "may have one value only" : "",
            "Exists" or "DoesNotExist" when !isField => values.Count > 0 ? "must have no values" : "",
            "Gt" or "Lt" when !isField => values is [{ } number] && long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? "" : "needs one whole number",
            var other => $"must be {(isField ? "In or NotIn" : "In, NotIn, Exists, DoesNotExist, Gt or Lt")}, but is '{ResourceRules.Shown(other ?? "")}'",
        };
        if (problem.Length > 0)
        {
            yield return $"node_affinity: operator of '{key}' {problem}";
        }
    }

    private static bool IsLabelValue(string value) => value.Length == 0 || Naming.SafeLabelValue(value) == value;
}
