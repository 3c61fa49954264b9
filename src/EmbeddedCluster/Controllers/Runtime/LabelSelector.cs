using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>Label selectors as in a Deployment's <c>selector</c>.</summary>
internal static class LabelSelector
{
    /// <summary>Whether labels match <c>matchLabels</c> and <c>matchExpressions</c>. An empty selector matches all, a missing one nothing.</summary>
    public static bool Matches(JsonObject? selector, JsonObject? labels)
    {
        if (selector is null)
        {
            return false;
        }

        foreach (var (name, value) in selector.Map("matchLabels"))
        {
            if (labels.Text(name) != value)
            {
                return false;
            }
        }

        return selector.Items("matchExpressions").All(e => Expression(e, labels));
    }

    /// <summary>One requirement: In, NotIn, Exists, DoesNotExist, and for nodes Gt and Lt.</summary>
    public static bool Expression(JsonObject expression, JsonObject? labels)
    {
        var value = labels.Text(expression.Text("key") ?? "");
        var values = expression.Array("values")?.Select(v => v.Text() ?? "") ?? [];
        return expression.Text("operator") switch
        {
            "In" => value is not null && values.Contains(value),
            "NotIn" => value is null || !values.Contains(value),
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            "Gt" => long.TryParse(value, out var number) && long.TryParse(values.FirstOrDefault(), out var bound) && number > bound,
            "Lt" => long.TryParse(value, out var number) && long.TryParse(values.FirstOrDefault(), out var bound) && number < bound,
            _ => false,
        };
    }
}
