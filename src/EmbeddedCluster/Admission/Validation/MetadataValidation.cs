using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Rules of <c>metadata</c>.</summary>
internal static class MetadataValidation
{
    private const string Path = "metadata";
    private const int AnnotationBytes = 256 * 1024;
    private static readonly string[] StandardFinalizers = ["orphan", "foregroundDeletion", "kubernetes"];

    public static IEnumerable<StatusCause> Validate(ResourceType type, JsonObject? old, JsonObject json)
    {
        var metadata = json.Object("metadata") ?? [];
        var causes = old is null ? Name(type, metadata) : Unchanged(old.Object("metadata"), metadata);
        return causes.Concat(Labels(metadata, Path)).Concat(Annotations(metadata, Path)).Concat(Owners(metadata)).Concat(Finalizers(metadata));
    }

    /// <summary>Keys and values of labels, also of pod templates and selectors.</summary>
    public static IEnumerable<StatusCause> LabelMap(JsonNode? labels, string path)
    {
        foreach (var (key, value) in labels.Map())
        {
            foreach (var cause in Fault.InvalidEach(path, key, Names.Qualified(key)).Concat(Fault.InvalidEach(path, value, Names.LabelValue(value))))
            {
                yield return cause;
            }
        }
    }

    /// <summary>Labels and annotations of an embedded <c>metadata</c>.</summary>
    public static IEnumerable<StatusCause> Template(JsonObject? metadata, string path) => Labels(metadata ?? [], path).Concat(Annotations(metadata ?? [], path));

    private static IEnumerable<StatusCause> Name(ResourceType type, JsonObject metadata)
    {
        var name = metadata.Text("name");
        if (name.Length == 0)
        {
            return [Fault.Required($"{Path}.name", "name or generateName is required")];
        }

        return Fault.InvalidEach($"{Path}.name", name, (type.Group, type.Kind) switch
        {
            ("", "Namespace" or "Service") => Names.DnsLabel(name),
            ("rbac.authorization.k8s.io", _) => Names.PathSegment(name),
            _ => Names.DnsSubdomain(name),
        });
    }

    private static IEnumerable<StatusCause> Unchanged(JsonObject? old, JsonObject metadata)
    {
        foreach (var field in (string[])["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"])
        {
            if (old?[field] is { } before && !Json.Same(before, metadata[field]))
            {
                yield return Fault.Invalid($"{Path}.{field}", metadata[field], "field is immutable");
            }
        }
    }

    private static IEnumerable<StatusCause> Labels(JsonObject metadata, string path) => LabelMap(metadata["labels"], $"{path}.labels");

    private static IEnumerable<StatusCause> Annotations(JsonObject metadata, string path)
    {
        var total = 0;
        foreach (var (key, value) in metadata.Map("annotations"))
        {
            total += key.Length + System.Text.Encoding.UTF8.GetByteCount(value);
            foreach (var cause in Fault.InvalidEach($"{path}.annotations", key, Names.Qualified(key.ToLowerInvariant())))
            {
                yield return cause;
            }
        }

        if (total > AnnotationBytes)
        {
            yield return Fault.TooLong($"{path}.annotations", AnnotationBytes);
        }
    }

    private static IEnumerable<StatusCause> Owners(JsonObject metadata)
    {
        const string field = Path + ".ownerReferences";
        var owners = metadata.Objects("ownerReferences").ToList();
        foreach (var owner in owners)
        {
            if (owner.Text("apiVersion").Length == 0)
            {
                yield return Fault.Invalid($"{field}.apiVersion", "", "version must not be empty");
            }

            foreach (var name in ((string[])["kind", "name", "uid"]).Where(name => owner.Text(name).Length == 0))
            {
                yield return Fault.Invalid($"{field}.{name}", "", "must not be empty");
            }
        }

        var controllers = owners.Where(o => o.Flag("controller")).Select(o => $"{o.Text("kind")}/{o.Text("name")}").ToList();
        if (controllers.Count > 1)
        {
            yield return Fault.Invalid(field, metadata["ownerReferences"],
                $"Only one reference can have Controller set to true. Found \"true\" in references for {controllers[0]} and {controllers[1]}");
        }
    }

    private static IEnumerable<StatusCause> Finalizers(JsonObject metadata)
    {
        foreach (var (index, finalizer) in metadata.Texts("finalizers").Index())
        {
            var field = $"{Path}.finalizers[{index}]";
            foreach (var cause in Fault.InvalidEach(field, finalizer, Names.Qualified(finalizer)))
            {
                yield return cause;
            }

            if (!finalizer.Contains('/', StringComparison.Ordinal) && !StandardFinalizers.Contains(finalizer))
            {
                yield return Fault.Invalid(field, finalizer, "name is neither a standard finalizer name nor is it fully qualified");
            }
        }
    }
}
