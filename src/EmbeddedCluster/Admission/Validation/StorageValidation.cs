using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Rules of volume claims and storage classes.</summary>
internal static class StorageValidation
{
    private const string ClaimUpdate = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    private static readonly string[] AccessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

    public static IEnumerable<StatusCause> Claim(JsonObject? old, JsonObject claim)
    {
        var spec = claim.Object("spec") ?? [];
        return old is null ? Spec(spec) : Spec(spec).Concat(Update(old, spec));
    }

    public static IEnumerable<StatusCause> StorageClass(JsonObject? old, JsonObject json)
    {
        if (json.Text("provisioner").Length == 0)
        {
            yield return Fault.Required("provisioner");
        }

        foreach (var cause in Numbers.OneOf(json, "reclaimPolicy", "", "Delete", "Retain").Concat(Numbers.OneOf(json, "volumeBindingMode", "", "Immediate", "WaitForFirstConsumer")))
        {
            yield return cause with { Field = cause.Field!.TrimStart('.') };
        }

        foreach (var field in ((string[])["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"]).Where(f => old is not null && !Json.Same(old[f], json[f])))
        {
            yield return field is "provisioner" or "parameters"
                ? Fault.Forbidden(field, $"updates to {field} are forbidden.")
                : Fault.Invalid(field, json[field]?.DeepClone(), "field is immutable");
        }
    }

    private static IEnumerable<StatusCause> Spec(JsonObject spec)
    {
        var modes = spec.Texts("accessModes").ToList();
        if (modes.Count == 0)
        {
            yield return Fault.Required("spec.accessModes", "at least 1 access mode is required");
        }

        foreach (var mode in modes.Where(mode => !AccessModes.Contains(mode)))
        {
            yield return Fault.NotSupported("spec.accessModes", mode, AccessModes);
        }

        var size = spec.Text("resources", "requests", "storage");
        if (size.Length == 0)
        {
            yield return Fault.Required("spec.resources[storage]");
        }
        else if (Quantity.TryParse(size, out var quantity) && quantity.Sign <= 0)
        {
            yield return Fault.Invalid("spec.resources[storage]", size, "must be greater than zero");
        }

        foreach (var cause in Numbers.OneOf(spec, "volumeMode", "spec", "Block", "Filesystem"))
        {
            yield return cause;
        }
    }

    private static IEnumerable<StatusCause> Update(JsonObject old, JsonObject spec)
    {
        var (before, after) = ((JsonObject)(old["spec"]?.DeepClone() ?? new JsonObject()), (JsonObject)spec.DeepClone());
        var bound = old.Text("status", "phase") == "Bound";
        var (oldSize, newSize) = (before.Text("resources", "requests", "storage"), after.Text("resources", "requests", "storage"));
        foreach (var copy in (JsonObject[])[before, after])
        {
            copy.Remove("volumeName");
            if (bound)
            {
                copy.Object("resources")?.Remove("requests");
                copy.Remove("volumeAttributesClassName");
            }
        }

        if (!Json.Same(before, after))
        {
            yield return Fault.Forbidden("spec", ClaimUpdate);
        }
        else if (bound && Quantity.TryParse(oldSize, out var oldQuantity) && Quantity.TryParse(newSize, out var newQuantity) && newQuantity.CompareTo(oldQuantity) < 0)
        {
            yield return Fault.Forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
        }
    }
}
