using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Rules of the kinds that make pods.</summary>
internal static class WorkloadValidation
{
    private const string SetUpdate = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
    private static readonly string[] SetMayChange = ["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"];

    public static IEnumerable<StatusCause> Validate(string kind, JsonObject? old, JsonObject json)
    {
        var spec = json.Object("spec") ?? [];
        IEnumerable<StatusCause> causes =
        [
            .. Numbers.NotNegative(spec, "replicas", "spec"),
            .. Selector(kind, spec),
            .. Template(spec.Object("template") ?? [], "spec.template", spec.Objects("volumeClaimTemplates").Select(claim => claim.Text("metadata", "name"))),
            .. Always(spec),
            .. Numbers.NotNegative(spec, "minReadySeconds", "spec"),
            .. Numbers.NotNegative(spec, "revisionHistoryLimit", "spec"),
            .. kind == "Deployment" ? Rollout(spec) : [],
        ];
        return old is null ? causes : causes.Concat(kind == "StatefulSet" ? SetSpec(old, spec) : Immutable(old, spec, "selector"));
    }

    public static IEnumerable<StatusCause> Job(JsonObject? old, JsonObject json)
    {
        var spec = json.Object("spec") ?? [];
        var policy = spec.Text("template", "spec", "restartPolicy");
        IEnumerable<StatusCause> restart = policy is "OnFailure" or "Never" ? [] : [Fault.Required("spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\"")];
        IEnumerable<StatusCause> causes =
        [
            .. ((string[])["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"]).SelectMany(name => Numbers.NotNegative(spec, name, "spec")),
            .. Template(spec.Object("template") ?? [], "spec.template"),
            .. restart,
        ];
        return old is null ? causes : causes.Concat(Immutable(old, spec, "selector")).Concat(Immutable(old, spec, "template"));
    }

    private static IEnumerable<StatusCause> Selector(string kind, JsonObject spec)
    {
        var labels = spec.Object("template", "metadata", "labels");
        if (spec.Object("selector") is not { } selector)
        {
            yield return Fault.Required("spec.selector");
        }
        else if (!selector.Object("matchLabels").Map().Any() && !selector.Objects("matchExpressions").Any())
        {
            yield return Fault.Invalid("spec.selector", selector.DeepClone(), $"empty selector is invalid for {kind.ToLowerInvariant()}");
            yield break;
        }

        if (!LabelSelectors.Matches(spec.Object("selector"), labels))
        {
            yield return Fault.Invalid("spec.template.metadata.labels", Sorted(labels), "`selector` does not match template `labels`");
        }
    }

    private static IEnumerable<StatusCause> Template(JsonObject template, string path, params IEnumerable<string> claims) =>
        MetadataValidation.Template(template.Object("metadata"), $"{path}.metadata").Concat(PodValidation.Spec(template.Object("spec") ?? [], $"{path}.spec", claims));

    private static IEnumerable<StatusCause> Always(JsonObject spec)
    {
        if (spec.Text("template", "spec", "restartPolicy") is { Length: > 0 } policy and not "Always")
        {
            yield return Fault.NotSupported("spec.template.spec.restartPolicy", policy, "Always");
        }
    }

    private static IEnumerable<StatusCause> Rollout(JsonObject spec)
    {
        foreach (var cause in Numbers.OneOf(spec.Object("strategy"), "type", "spec.strategy", "Recreate", "RollingUpdate").Concat(Numbers.NotNegative(spec, "progressDeadlineSeconds", "spec")))
        {
            yield return cause;
        }

        if (spec.Number("progressDeadlineSeconds") is { } deadline && deadline <= (spec.Number("minReadySeconds") ?? 0))
        {
            yield return Fault.Invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds");
        }
    }

    private static IEnumerable<StatusCause> Immutable(JsonObject old, JsonObject spec, string field)
    {
        if (!Json.Same(old.At("spec", field), spec[field]))
        {
            yield return Fault.Invalid($"spec.{field}", spec[field]?.DeepClone(), "field is immutable");
        }
    }

    private static IEnumerable<StatusCause> SetSpec(JsonObject old, JsonObject spec)
    {
        var (before, after) = ((JsonObject)(old["spec"]?.DeepClone() ?? new JsonObject()), (JsonObject)spec.DeepClone());
        foreach (var name in SetMayChange)
        {
            before.Remove(name);
            after.Remove(name);
        }

        if (!Json.Same(before, after))
        {
            yield return Fault.Forbidden("spec", SetUpdate);
        }
    }

    private static JsonObject? Sorted(JsonObject? labels) =>
        labels is null || labels.Count == 0 ? null : new JsonObject(labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => KeyValuePair.Create(l.Key, l.Value?.DeepClone())));
}
