using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Rules of pods and of pod templates.</summary>
internal static class PodValidation
{
    private const string Unchangeable = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    public static IEnumerable<StatusCause> Validate(JsonObject? old, JsonObject pod)
    {
        var causes = Spec(pod.Object("spec") ?? [], "spec");
        return old is null ? causes : causes.Concat(Update(old.Object("spec") ?? [], pod.Object("spec") ?? []));
    }

    /// <summary>The spec of a pod or a template.</summary>
    /// <param name="claims">Volumes that each pod gets besides.</param>
    public static IEnumerable<StatusCause> Spec(JsonObject spec, string path, params IEnumerable<string> claims)
    {
        var volumes = spec.Objects("volumes").Select(v => v.Text("name")).Concat(claims).ToHashSet(StringComparer.Ordinal);
        var containers = spec.Objects("containers").ToList();
        IEnumerable<StatusCause> missing = containers.Count == 0 ? [Fault.Required($"{path}.containers")] : [];
        return
        [
            .. VolumeValidation.Validate(spec.Objects("volumes"), $"{path}.volumes"),
            .. missing,
            .. ContainerValidation.Validate(containers, volumes, [], $"{path}.containers"),
            .. ContainerValidation.Validate(spec.Objects("initContainers"), volumes, containers.Select(c => c.Text("name")), $"{path}.initContainers"),
            .. Numbers.OneOf(spec, "restartPolicy", path, "Always", "OnFailure", "Never"),
            .. Numbers.OneOf(spec, "dnsPolicy", path, "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"),
            .. MetadataValidation.LabelMap(spec["nodeSelector"], $"{path}.nodeSelector"),
            .. NameOf(spec, "serviceAccountName", path),
            .. NameOf(spec, "nodeName", path),
            .. NameOf(spec, "priorityClassName", path),
            .. Numbers.NotNegative(spec, "terminationGracePeriodSeconds", path),
            .. Numbers.Positive(spec, "activeDeadlineSeconds", path),
            .. spec.Objects("tolerations").SelectMany((t, i) => Toleration(t, $"{path}.tolerations[{i}]")),
        ];
    }

    private static IEnumerable<StatusCause> NameOf(JsonObject spec, string field, string path) =>
        spec.Text(field) is { Length: > 0 } name ? Fault.InvalidEach($"{path}.{field}", name, Names.DnsSubdomain(name)) : [];

    private static IEnumerable<StatusCause> Toleration(JsonObject toleration, string path)
    {
        var (key, effect) = (toleration.Text("key"), toleration.Text("effect"));
        if (key.Length > 0)
        {
            foreach (var cause in Fault.InvalidEach($"{path}.key", key, Names.Qualified(key)))
            {
                yield return cause;
            }
        }
        else if (toleration.Text("operator") != "Exists")
        {
            yield return Fault.Invalid($"{path}.operator", toleration.Text("operator"), "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
        }

        if (toleration["tolerationSeconds"] is not null && effect != "NoExecute")
        {
            yield return Fault.Invalid($"{path}.effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
        }

        if (toleration.Text("operator") == "Exists" && toleration.Text("value").Length > 0)
        {
            yield return Fault.Invalid($"{path}.operator", toleration.DeepClone(), "value must be empty when `operator` is 'Exists'");
        }

        foreach (var cause in Numbers.OneOf(toleration, "operator", path, "Equal", "Exists").Concat(Numbers.OneOf(toleration, "effect", path, "NoSchedule", "PreferNoSchedule", "NoExecute")))
        {
            yield return cause;
        }
    }

    private static IEnumerable<StatusCause> Update(JsonObject old, JsonObject spec)
    {
        var (before, after) = (Comparable(old), Comparable(spec));
        if (!Json.Same(before, after) || !KeepsTolerations(old, spec))
        {
            yield return Fault.Forbidden("spec", Unchangeable);
        }
    }

    // The spec without what may change; an absent list equals an empty one.
    private static JsonObject Comparable(JsonObject spec)
    {
        var copy = (JsonObject)spec.DeepClone();
        foreach (var container in copy.Objects("containers").Concat(copy.Objects("initContainers")))
        {
            container.Remove("image");
        }

        foreach (var name in (string[])["tolerations", "activeDeadlineSeconds", "terminationGracePeriodSeconds"])
        {
            copy.Remove(name);
        }

        return copy;
    }

    private static bool KeepsTolerations(JsonObject old, JsonObject spec) =>
        old.Objects("tolerations").All(kept => spec.Objects("tolerations").Any(t => Json.Same(t, kept)));
}
