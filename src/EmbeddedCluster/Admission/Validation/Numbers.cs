using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Rules of numbers and names that recur in many kinds.</summary>
internal static class Numbers
{
    /// <summary>A number that is set must not be negative.</summary>
    public static IEnumerable<StatusCause> NotNegative(JsonNode? owner, string name, string path)
    {
        if (owner.Number(name) is < 0 and var value)
        {
            yield return Fault.Invalid($"{path}.{name}", value, "must be greater than or equal to 0");
        }
    }

    /// <summary>A number that is set must be above zero.</summary>
    public static IEnumerable<StatusCause> Positive(JsonNode? owner, string name, string path)
    {
        if (owner.Number(name) is <= 0 and var value)
        {
            yield return Fault.Invalid($"{path}.{name}", value, "must be greater than 0");
        }
    }

    public static IEnumerable<StatusCause> Port(long port, string field)
    {
        if (port is < 1 or > 65535)
        {
            yield return Fault.Invalid(field, port, "must be between 1 and 65535, inclusive");
        }
    }

    /// <summary>A text that must be one of a few; nothing is said of an empty one.</summary>
    public static IEnumerable<StatusCause> OneOf(JsonNode? owner, string name, string path, params string[] supported)
    {
        if (owner.Text(name) is { Length: > 0 } value && !supported.Contains(value))
        {
            yield return Fault.NotSupported($"{path}.{name}", value, supported);
        }
    }
}
