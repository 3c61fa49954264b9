using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Rules of config maps and secrets.</summary>
internal static class DataValidation
{
    private const int Limit = 1024 * 1024;
    private const string Immutable = "field is immutable when `immutable` is set";
    private const string Redacted = "<secret contents redacted>";

    public static IEnumerable<StatusCause> ConfigMap(JsonObject? old, JsonObject map)
    {
        foreach (var cause in Frozen(old, map, "data", "binaryData"))
        {
            yield return cause;
        }

        var total = 0;
        foreach (var (field, key, value) in map.Map("data").Select(d => ("data", d.Key, d.Value)).Concat(map.Map("binaryData").Select(d => ("binaryData", d.Key, d.Value))))
        {
            total += Encoding.UTF8.GetByteCount(value);
            foreach (var cause in Fault.InvalidEach($"{field}[{key}]", key, Names.ConfigKey(key)))
            {
                yield return cause;
            }

            if (field == "data" && map.At("binaryData", key) is not null)
            {
                yield return Fault.Invalid($"data[{key}]", key, "duplicate of key present in binaryData");
            }
        }

        if (total > Limit)
        {
            yield return Fault.TooLong("", Limit);
        }
    }

    public static IEnumerable<StatusCause> Secret(JsonObject? old, JsonObject secret)
    {
        var type = secret.Text("type");
        if (old is not null && old.Text("type") != type)
        {
            yield return Fault.Invalid("type", type, "field is immutable");
        }

        foreach (var cause in Frozen(old, secret, "data"))
        {
            yield return cause;
        }

        foreach (var (key, _) in secret.Map("data"))
        {
            foreach (var cause in Fault.InvalidEach($"data[{key}]", key, Names.ConfigKey(key)))
            {
                yield return cause;
            }
        }

        if (secret.Map("data").Sum(d => d.Value.Length / 4 * 3) > Limit)
        {
            yield return Fault.TooLong("data", Limit);
        }

        foreach (var cause in Needs(type, secret))
        {
            yield return cause;
        }
    }

    private static IEnumerable<StatusCause> Needs(string type, JsonObject secret)
    {
        string[] keys = type switch
        {
            "kubernetes.io/dockerconfigjson" => [".dockerconfigjson"],
            "kubernetes.io/dockercfg" => [".dockercfg"],
            "kubernetes.io/tls" => ["tls.crt", "tls.key"],
            "kubernetes.io/ssh-auth" => ["ssh-privatekey"],
            "kubernetes.io/basic-auth" when secret.At("data", "username") is null && secret.At("data", "password") is null => ["username", "password"],
            _ => [],
        };
        foreach (var key in keys)
        {
            if (secret.At("data", key) is null)
            {
                yield return Fault.Required($"data[{key}]");
            }
            else if (key.StartsWith(".docker", StringComparison.Ordinal) && !IsJson(secret.Text("data", key)))
            {
                yield return Fault.Invalid($"data[{key}]", Redacted, "must be valid JSON");
            }
        }

        if (type == "kubernetes.io/service-account-token" && secret.At("metadata", "annotations", "kubernetes.io/service-account.name").Text().Length == 0)
        {
            yield return Fault.Required("metadata.annotations[kubernetes.io/service-account.name]");
        }
    }

    private static IEnumerable<StatusCause> Frozen(JsonObject? old, JsonObject json, params string[] fields)
    {
        if (!old.Flag("immutable"))
        {
            yield break;
        }

        if (!json.Flag("immutable"))
        {
            yield return Fault.Forbidden("immutable", Immutable);
        }

        foreach (var field in fields.Where(field => !Json.Same(old![field], json[field])))
        {
            yield return Fault.Forbidden(field, Immutable);
        }
    }

    private static bool IsJson(string base64)
    {
        try
        {
            using var parsed = JsonDocument.Parse(Convert.FromBase64String(base64));
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
