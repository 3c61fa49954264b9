using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Whether a selector object (<c>matchLabels</c>, <c>matchExpressions</c>) selects labels.</summary>
internal static class LabelSelectors
{
    /// <returns>False for no selector, which selects nothing.</returns>
    public static bool Matches(JsonObject? selector, JsonObject? labels) =>
        selector is not null
        && selector.Map("matchLabels").All(want => labels?[want.Key] is { } has && has.Text() == want.Value)
        && selector.Objects("matchExpressions").All(expression => Matches(expression, labels?[expression.Text("key")]));

    private static bool Matches(JsonObject expression, JsonNode? value) => expression.Text("operator") switch
    {
        "In" => value is not null && expression.Texts("values").Contains(value.Text()),
        "NotIn" => value is null || !expression.Texts("values").Contains(value.Text()),
        "Exists" => value is not null,
        "DoesNotExist" => value is null,
        _ => false,
    };
}
