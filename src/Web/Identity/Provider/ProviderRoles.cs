using System.Security.Claims;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Runner.Engine.Configuration;

namespace Runner.Web.Identity.Provider;

/// <summary>Reads the role and name of a person from what the outside provider says. Pure.</summary>
internal static class ProviderRoles
{
    /// <summary>The highest role that any of the person's values has by the settings; null where none has one.</summary>
    public static ConsoleRole? RoleOf(ClaimsPrincipal person, OpenIdProviderOptions options)
    {
        var values = Values(person, options.RoleClaim).ToHashSet(StringComparer.Ordinal);
        return values.Overlaps(options.Administrators) ? ConsoleRole.Administrator
            : values.Overlaps(options.Operators) ? ConsoleRole.Operator
            : values.Overlaps(options.Viewers) || options.Viewers.Contains("*") ? ConsoleRole.Viewer
            : null;
    }

    /// <summary>The name to show: the configured claim, else what the provider has of it.</summary>
    public static string NameOf(ClaimsPrincipal person, OpenIdProviderOptions options) =>
        new[] { options.NameClaim, "preferred_username", "name", "email", ClaimTypes.Name, ClaimTypes.Email, "sub" }
            .Select(claim => Values(person, claim).FirstOrDefault(value => value.Length > 0)).FirstOrDefault(value => value is not null) ?? "";

    /// <summary>
    /// All values of a claim: single ones, several of the same type, a JSON array, and with a dot in the name those inside an object. A text is what it says, though it looks like JSON: whoever may
    /// name a group could otherwise name one <c>["admins"]</c>.
    /// </summary>
    public static IEnumerable<string> Values(ClaimsPrincipal person, string claim)
    {
        var direct = person.FindAll(claim).SelectMany(Texts);
        if (claim.Split('.', 2) is not [var outer, var inner])
        {
            return direct;
        }

        return direct.Concat(person.FindAll(outer).Where(IsJson).SelectMany(found => Inside(found.Value, inner)));
    }

    private static List<string> Inside(string json, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var element = document.RootElement;
            foreach (var part in path.Split('.'))
            {
                if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(part, out element))
                {
                    return [];
                }
            }

            return Texts(element);
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static List<string> Texts(Claim claim)
    {
        if (!IsJson(claim))
        {
            return [claim.Value];
        }

        try
        {
            using var document = JsonDocument.Parse(claim.Value);
            return Texts(document.RootElement);
        }
        catch (JsonException)
        {
            return [claim.Value];
        }
    }

    private static bool IsJson(Claim claim) => claim.ValueType is JsonClaimValueTypes.Json or JsonClaimValueTypes.JsonArray;

    // Casdoor's groups and roles are objects with a name.
    private static List<string> Texts(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [element.GetString()!],
        JsonValueKind.Array => [.. element.EnumerateArray().SelectMany(Texts)],
        JsonValueKind.Object when element.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String => [name.GetString()!],
        _ => [],
    };
}
