using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission;

/// <summary>Makes the causes of a 422 answer: one fault of one field each, in the API server's words.</summary>
internal static class Fault
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static StatusCause Required(string field, string detail = "") => new("FieldValueRequired", Join("Required value", detail), field);

    public static StatusCause Invalid(string field, JsonNode? value, string detail) => new("FieldValueInvalid", Join("Invalid value: " + Show(value), detail), field);

    public static StatusCause TypeInvalid(string field, JsonNode? value, string detail) => new("FieldValueTypeInvalid", Join("Invalid value: " + Show(value), detail), field);

    public static StatusCause Forbidden(string field, string detail) => new("FieldValueForbidden", Join("Forbidden", detail), field);

    public static StatusCause NotFound(string field, JsonNode? value) => new("FieldValueNotFound", "Not found: " + Show(value), field);

    public static StatusCause Duplicate(string field, JsonNode? value) => new("FieldValueDuplicate", "Duplicate value: " + Show(value), field);

    public static StatusCause TooLong(string field, int limit) => new("FieldValueTooLong", $"Too long: may not be more than {limit} bytes", field);

    public static StatusCause NotSupported(string field, JsonNode? value, params IEnumerable<string> supported) => new(
        "FieldValueNotSupported",
        $"Unsupported value: {Show(value)}: supported values: {string.Join(", ", supported.Select(s => Show(s)))}",
        field);

    /// <summary>One "invalid" fault for each of <paramref name="details"/>.</summary>
    public static IEnumerable<StatusCause> InvalidEach(string field, JsonNode? value, IEnumerable<string> details) => details.Select(detail => Invalid(field, value, detail));

    private static string Join(string head, string detail) => detail.Length == 0 ? head : $"{head}: {detail}";

    private static string Show(JsonNode? value) => value?.ToJsonString(Plain) ?? "null";
}
