using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Rules of kinds that have only a few.</summary>
internal static class MiscValidation
{
    public static IEnumerable<StatusCause> Lease(JsonObject lease) =>
        Numbers.Positive(lease.Object("spec"), "leaseDurationSeconds", "spec").Concat(Numbers.NotNegative(lease.Object("spec"), "leaseTransitions", "spec"));

    public static IEnumerable<StatusCause> Event(JsonObject json)
    {
        var (own, about) = (json.Text("metadata", "namespace"), json.Text("involvedObject", "namespace"));
        var matches = about.Length == 0 ? own is "default" or "kube-system" : about == own;
        if (!matches)
        {
            yield return Fault.Invalid("involvedObject.namespace", about, "does not match event.namespace");
        }
    }

    public static IEnumerable<StatusCause> Node(JsonObject node)
    {
        var seen = new HashSet<(string, string)>();
        foreach (var (index, taint) in node.Objects("spec", "taints").Index())
        {
            var path = $"spec.taints[{index}]";
            var (key, effect) = (taint.Text("key"), taint.Text("effect"));
            IEnumerable<StatusCause> missing = effect.Length == 0 ? [Fault.Required($"{path}.effect")] : [];
            foreach (var cause in Fault.InvalidEach($"{path}.key", key, Names.Qualified(key))
                .Concat(Fault.InvalidEach($"{path}.value", taint.Text("value"), Names.LabelValue(taint.Text("value"))))
                .Concat(missing)
                .Concat(Numbers.OneOf(taint, "effect", path, "NoSchedule", "PreferNoSchedule", "NoExecute")))
            {
                yield return cause;
            }

            if (!seen.Add((key, effect)))
            {
                yield return Fault.Duplicate(path, taint.DeepClone());
            }
        }
    }

    public static IEnumerable<StatusCause> PriorityClass(JsonObject? old, JsonObject json)
    {
        if (json.Number("value") > 1_000_000_000)
        {
            yield return Fault.Forbidden("value", "maximum allowed value of a user defined priority is 1000000000");
        }

        if (old is not null && !Json.Same(old["value"], json["value"]))
        {
            yield return Fault.Invalid("value", json["value"]?.DeepClone(), "field is immutable");
        }
    }
}
