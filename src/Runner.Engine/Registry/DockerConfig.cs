using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Runner.Engine.Registry;

/// <summary>Credentials as pull secrets hold them: <c>{"auths":{"host":{"auth":"base64 of user:password"}}}</c>. Pure.</summary>
internal static class DockerConfig
{
    /// <summary>Key of a pull secret's data.</summary>
    public const string Key = ".dockerconfigjson";

    /// <returns>Null where the text holds nothing for the registry, or is no such text.</returns>
    public static (string UserName, string Password)? Find(string json, RegistryAddress registry)
    {
        foreach (var (host, entry) in Auths(Parse(json)))
        {
            if (IsFor(host, registry) && entry is JsonObject values)
            {
                return Read(values);
            }
        }

        return null;
    }

    /// <summary>The text with other credentials for one registry; those of others stay.</summary>
    public static string With(string json, RegistryAddress registry, string userName, string password)
    {
        var root = Parse(json) ?? [];
        if (root["auths"] is not JsonObject auths)
        {
            root["auths"] = auths = [];
        }

        var key = auths.Select(entry => entry.Key).FirstOrDefault(host => IsFor(host, registry)) ?? registry.Authority;
        auths[key] = new JsonObject
        {
            ["username"] = userName,
            ["password"] = password,
            ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{userName}:{password}")),
        };
        return root.ToJsonString();
    }

    private static JsonObject? Parse(string json)
    {
        try
        {
            return json.Length == 0 ? null : JsonNode.Parse(json) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Auths(JsonObject? root) => root?["auths"] as JsonObject ?? [];

    private static (string, string)? Read(JsonObject entry)
    {
        if (Text(entry["username"]) is { Length: > 0 } user && Text(entry["password"]) is { } password)
        {
            return (user, password);
        }

        var bytes = new byte[8192];
        if (Text(entry["auth"]) is not { } auth || !Convert.TryFromBase64String(auth, bytes, out var length))
        {
            return null;
        }

        var parts = Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2);
        return parts.Length == 2 ? (parts[0], parts[1]) : null;
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    // Keys are hosts, with a scheme and a path of old: https://index.docker.io/v1/.
    private static bool IsFor(string key, RegistryAddress registry) =>
        RegistryAddress.Parse(key, !registry.Tls) is { } known && known.Host == registry.Host && (known.Port == registry.Port || !key.Contains(':', StringComparison.Ordinal));
}
