using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Auth;

/// <summary>Decides by the stored roles and bindings, and by what everyone may do.</summary>
internal sealed class RbacAuthorizer(ObjectStore store)
{
    private const string Group = "rbac.authorization.k8s.io";
    private const string Masters = "system:masters";

    private static readonly string[] PublicPaths = ["/healthz", "/livez", "/readyz", "/version", "/version/"];

    private static readonly string[] DiscoveryPaths =
        ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"];

    private static readonly JsonObject[] Everyone =
    [
        Rule(["create"], ["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
        Rule(["create"], ["authentication.k8s.io"], ["selfsubjectreviews"]),
    ];

    public AccessDecision Authorize(UserInfo user, AccessAttributes wanted)
    {
        if (user.Groups.Contains(Masters))
        {
            return new AccessDecision(true, null);
        }

        if (wanted.Path is not null)
        {
            return new AccessDecision(PathRules(user).Any(r => Allows(r, wanted)) || Grants(user, null).Any(g => Allows(g.Rule, wanted)), null);
        }

        if (user.Groups.Contains("system:authenticated") && Everyone.Any(r => Allows(r, wanted)))
        {
            return new AccessDecision(true, null);
        }

        foreach (var grant in Grants(user, wanted.Namespace))
        {
            if (Allows(grant.Rule, wanted))
            {
                return new AccessDecision(true, $"RBAC: allowed by {grant.Source}");
            }
        }

        return default;
    }

    /// <summary>The refusal of a request in the API server's words.</summary>
    public static ApiException Refusal(UserInfo user, AccessAttributes wanted)
    {
        if (wanted.Path is not null)
        {
            return new ApiException(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot {wanted.Verb} path \"{wanted.Path}\"") { Details = StatusDetails.Empty };
        }

        var place = wanted.Namespace is null ? "at the cluster scope" : $"in the namespace \"{wanted.Namespace}\"";
        return ApiErrors.Forbidden(wanted.Group, wanted.Resource.Split('/')[0], wanted.Name ?? "",
            $"User \"{user.Name}\" cannot {wanted.Verb} resource \"{wanted.Resource}\" in API group \"{wanted.Group}\" {place}");
    }

    /// <summary>All rules that hold for someone in a namespace.</summary>
    public (IReadOnlyList<JsonObject> Resources, IReadOnlyList<JsonObject> Paths) Rules(UserInfo user, string @namespace)
    {
        List<JsonObject> rules = user.Groups.Contains(Masters)
            ? [Rule(["*"], ["*"], ["*"]), .. Everyone]
            : [.. Everyone, .. Grants(user, @namespace).Select(g => g.Rule).Where(r => r["resources"] is not null)];
        return (rules, [.. PathRules(user)]);
    }

    private static IEnumerable<JsonObject> PathRules(UserInfo user)
    {
        if (user.Groups.Contains("system:authenticated"))
        {
            if (user.Groups.Contains("system:serviceaccounts"))
            {
                yield return Paths(["/.well-known", "/.well-known/*"]);
            }

            yield return Paths(["/healthz", "/livez", "/readyz", "/version", "/version/"]);
            yield return Paths(["/.well-known/openid-configuration", "/.well-known/openid-configuration/", "/openid/v1/jwks", "/openid/v1/jwks/"]);
            yield return Paths(DiscoveryPaths);
        }
        else
        {
            yield return Paths(PublicPaths);
        }
    }

    private IEnumerable<(JsonObject Rule, string Source)> Grants(UserInfo user, string? @namespace)
    {
        foreach (var binding in store.List(Group, "clusterrolebindings"))
        {
            if (Subject(binding.Json, user) is { } subject)
            {
                foreach (var rule in RoleRules(binding.Json, null))
                {
                    yield return (rule, $"ClusterRoleBinding \"{binding.Key.Name}\" of {RoleName(binding.Json)} to {subject}");
                }
            }
        }

        if (@namespace is null)
        {
            yield break;
        }

        foreach (var binding in store.List(Group, "rolebindings", @namespace))
        {
            if (Subject(binding.Json, user) is { } subject)
            {
                foreach (var rule in RoleRules(binding.Json, @namespace))
                {
                    yield return (rule, $"RoleBinding \"{binding.Key.Name}/{@namespace}\" of {RoleName(binding.Json)} to {subject}");
                }
            }
        }
    }

    private static string RoleName(JsonObject binding) => $"{(string?)binding["roleRef"]?["kind"]} \"{(string?)binding["roleRef"]?["name"]}\"";

    private IEnumerable<JsonObject> RoleRules(JsonObject binding, string? @namespace)
    {
        var name = (string?)binding["roleRef"]?["name"] ?? "";
        var role = (string?)binding["roleRef"]?["kind"] == "ClusterRole"
            ? store.Get(new ObjectKey(Group, "clusterroles", "", name))
            : store.Get(new ObjectKey(Group, "roles", @namespace ?? "", name));
        return (role?.Json["rules"] as JsonArray)?.OfType<JsonObject>() ?? [];
    }

    private static string? Subject(JsonObject binding, UserInfo user)
    {
        foreach (var subject in (binding["subjects"] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            var name = (string?)subject["name"] ?? "";
            var space = (string?)subject["namespace"];
            switch ((string?)subject["kind"])
            {
                case "ServiceAccount" when user.Name == $"system:serviceaccount:{space}:{name}":
                    return $"ServiceAccount \"{name}/{space}\"";
                case "User" when user.Name == name:
                    return $"User \"{name}\"";
                case "Group" when user.Groups.Contains(name):
                    return $"Group \"{name}\"";
            }
        }

        return null;
    }

    private static bool Allows(JsonObject rule, AccessAttributes wanted)
    {
        if (!Holds(rule["verbs"], wanted.Verb))
        {
            return false;
        }

        if (wanted.Path is { } path)
        {
            return (rule["nonResourceURLs"] as JsonArray)?.Select(u => (string?)u ?? "").Any(u => u == path || (u.EndsWith('*') && path.StartsWith(u[..^1], StringComparison.Ordinal))) == true;
        }

        return Holds(rule["apiGroups"], wanted.Group)
            && HoldsResource(rule["resources"], wanted.Resource)
            && (rule["resourceNames"] is not JsonArray { Count: > 0 } names || names.Any(n => (string?)n == wanted.Name));
    }

    private static bool Holds(JsonNode? list, string value) => (list as JsonArray)?.Any(v => (string?)v is { } text && (text == value || text == "*")) == true;

    private static bool HoldsResource(JsonNode? list, string resource)
    {
        var slash = resource.IndexOf('/', StringComparison.Ordinal);
        return Holds(list, resource) || (slash >= 0 && Holds(list, "*" + resource[slash..]) && (list as JsonArray)!.Any(v => (string?)v == "*" + resource[slash..]));
    }

    private static JsonObject Rule(string[] verbs, string[] groups, string[] resources) =>
        new() { ["verbs"] = Array(verbs), ["apiGroups"] = Array(groups), ["resources"] = Array(resources) };

    private static JsonObject Paths(string[] paths) => new() { ["verbs"] = Array(["get"]), ["nonResourceURLs"] = Array(paths) };

    private static JsonArray Array(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);
}
