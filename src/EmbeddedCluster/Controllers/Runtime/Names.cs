using System.Text;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>Generated name parts in the alphabet Kubernetes uses, which forms no words.</summary>
internal static class Names
{
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>Five random characters, as after a generated name.</summary>
    public static string Suffix() => new(Random.Shared.GetItems<char>(Alphabet, 5));

    /// <summary>A hash of a pod template that is the same for equal templates, as in <c>pod-template-hash</c>.</summary>
    public static string TemplateHash(JsonNode template)
    {
        var hash = 2166136261u;
        foreach (var octet in Encoding.UTF8.GetBytes(template.ToJsonString()))
        {
            hash = (hash ^ octet) * 16777619u;
        }

        var text = hash.ToString("D10", System.Globalization.CultureInfo.InvariantCulture);
        return string.Concat(text.Select(digit => Alphabet[(digit - '0') * 2 % Alphabet.Length]));
    }
}
