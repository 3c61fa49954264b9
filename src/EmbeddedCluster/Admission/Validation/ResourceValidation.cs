using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Rules of what containers request and are limited to.</summary>
internal static class ResourceValidation
{
    private static readonly string[] Native = ["cpu", "memory", "ephemeral-storage"];

    public static IEnumerable<StatusCause> Validate(JsonObject? resources, string path)
    {
        var limits = resources.Object("limits") ?? [];
        foreach (var cause in limits.SelectMany(limit => Amount(limit.Key, limit.Value.Text(), $"{path}.limits")))
        {
            yield return cause;
        }

        foreach (var (name, node) in resources.Object("requests") ?? [])
        {
            var text = node.Text();
            foreach (var cause in Amount(name, text, $"{path}.requests"))
            {
                yield return cause;
            }

            if (!Quantity.TryParse(text, out var request))
            {
                continue;
            }

            if (Quantity.TryParse(limits.Text(name), out var limit))
            {
                if (!CanOvercommit(name) && request.CompareTo(limit) != 0)
                {
                    yield return Fault.Invalid($"{path}.requests", text, $"must be equal to {name} limit of {limit}");
                }
                else if (request.CompareTo(limit) > 0)
                {
                    yield return Fault.Invalid($"{path}.requests", text, $"must be less than or equal to {name} limit of {limit}");
                }
            }
            else if (!CanOvercommit(name))
            {
                yield return Fault.Required($"{path}.limits", "Limit must be set for non overcommitable resources");
            }
        }
    }

    private static IEnumerable<StatusCause> Amount(string name, string text, string path)
    {
        foreach (var cause in Fault.InvalidEach(path, name, Names.Qualified(name)))
        {
            yield return cause;
        }

        if (!name.Contains('/', StringComparison.Ordinal) && !Native.Contains(name) && !IsHugePages(name))
        {
            yield return Fault.Invalid(path, name, "must be a standard resource for containers");
        }

        if (!Quantity.TryParse(text, out var quantity))
        {
            yield break;
        }

        if (quantity.Sign < 0)
        {
            yield return Fault.Invalid($"{path}[{name}]", text, "must be greater than or equal to 0");
        }

        if (name.Contains('/', StringComparison.Ordinal) && !quantity.IsInteger)
        {
            yield return Fault.Invalid($"{path}[{name}]", text, "must be an integer");
        }
    }

    private static bool CanOvercommit(string name) => Native.Contains(name);

    private static bool IsHugePages(string name) => name.StartsWith("hugepages-", StringComparison.Ordinal);
}
