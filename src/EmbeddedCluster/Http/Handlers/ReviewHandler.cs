using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Http.Auth;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Handlers;

/// <summary>Answers questions about rights and identity, and issues tokens of service accounts. Nothing of it is stored.</summary>
internal sealed class ReviewHandler(ObjectStore store, RbacAuthorizer authorizer, Authenticator authenticator, TimeProvider time)
{
    private const int DefaultTokenSeconds = 3600;

    /// <summary>Whether a resource is a question and not an object.</summary>
    public static bool Handles(ResourceType type) => type.Group is "authorization.k8s.io" or "authentication.k8s.io";

    public async Task HandleAsync(ApiRequest request)
    {
        var body = await BodyReader.ReadObjectAsync(request.Http, request.Type.Kind);
        var answer = request.Type.Plural switch
        {
            "selfsubjectaccessreviews" => Access(request, body, request.User),
            "selfsubjectrulesreviews" => Rules(request, body),
            "selfsubjectreviews" => Self(request),
            "tokenreviews" => Token(request, body),
            _ => Access(request, body, Named(body)),
        };
        await Answers.WriteAsync(request.Http, 201, answer, request.Format.Yaml);
    }

    /// <summary><c>serviceaccounts/token</c>: a token that this API server takes.</summary>
    public async Task IssueTokenAsync(ApiRequest request)
    {
        var body = await BodyReader.ReadObjectAsync(request.Http, "TokenRequest");
        var account = store.Get(request.Key) ?? throw ApiErrors.NotFound("", "serviceaccounts", request.Info.Name ?? "");
        var seconds = (int?)body["spec"]?["expirationSeconds"] ?? DefaultTokenSeconds;
        var (token, expires) = authenticator.Issue(account, TimeSpan.FromSeconds(seconds));
        await Answers.WriteAsync(request.Http, 201, new JsonObject
        {
            ["kind"] = "TokenRequest",
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["metadata"] = new JsonObject
            {
                ["name"] = account.Key.Name,
                ["namespace"] = account.Key.Namespace,
                ["creationTimestamp"] = ObjectLife.Timestamp(time.GetUtcNow()),
            },
            ["spec"] = new JsonObject
            {
                ["audiences"] = body["spec"]?["audiences"]?.DeepClone() ?? new JsonArray("https://kubernetes.default.svc.cluster.local"),
                ["expirationSeconds"] = seconds,
                ["boundObjectRef"] = body["spec"]?["boundObjectRef"]?.DeepClone(),
            },
            ["status"] = new JsonObject { ["token"] = token, ["expirationTimestamp"] = ObjectLife.Timestamp(expires) },
        }, request.Format.Yaml);
    }

    private JsonObject Access(ApiRequest request, JsonObject body, UserInfo user)
    {
        var spec = body["spec"] as JsonObject ?? [];
        if (spec["resourceAttributes"] is null == spec["nonResourceAttributes"] is null)
        {
            throw ApiErrors.Invalid("authorization.k8s.io", "", "",
                new StatusCause("FieldValueInvalid", "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified", "spec.resourceAttributes"));
        }

        var decision = authorizer.Authorize(user, Wanted(spec));
        var status = new JsonObject { ["allowed"] = decision.Allowed };
        if (decision.Reason is not null)
        {
            status["reason"] = decision.Reason;
        }

        return Answer(request, Known(spec), status);
    }

    private JsonObject Rules(ApiRequest request, JsonObject body)
    {
        var (resources, paths) = authorizer.Rules(request.User, (string?)body["spec"]?["namespace"] ?? "");
        return Answer(request, [], new JsonObject
        {
            ["resourceRules"] = new JsonArray([.. resources.Select(r => r.DeepClone())]),
            ["nonResourceRules"] = new JsonArray([.. paths.Select(r => r.DeepClone())]),
            ["incomplete"] = false,
        });
    }

    private JsonObject Self(ApiRequest request)
    {
        var answer = Answer(request, [], new JsonObject { ["userInfo"] = Identity(request.User) });
        answer.Remove("spec");
        answer["metadata"] = new JsonObject { ["creationTimestamp"] = ObjectLife.Timestamp(time.GetUtcNow()) };
        return answer;
    }

    private JsonObject Token(ApiRequest request, JsonObject body)
    {
        var user = (string?)body["spec"]?["token"] is { Length: > 0 } token ? authenticator.Authenticate("Bearer " + token) : null;
        return Answer(request, body["spec"]?.DeepClone() as JsonObject ?? [], user is null
            ? new JsonObject { ["user"] = new JsonObject(), ["error"] = "invalid bearer token" }
            : new JsonObject { ["authenticated"] = true, ["user"] = Identity(user) });
    }

    private static JsonObject Identity(UserInfo user)
    {
        var identity = new JsonObject { ["username"] = user.Name };
        if (user.Uid.Length > 0)
        {
            identity["uid"] = user.Uid;
        }

        identity["groups"] = new JsonArray([.. user.Groups.Select(g => (JsonNode)g)]);
        if (user.Extra.Count > 0)
        {
            identity["extra"] = new JsonObject(user.Extra.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)new JsonArray(e.Value))));
        }

        return identity;
    }

    private static UserInfo Named(JsonObject body) => new(
        (string?)body["spec"]?["user"] ?? "", (string?)body["spec"]?["uid"] ?? "",
        (body["spec"]?["groups"] as JsonArray)?.Select(g => (string?)g ?? "").ToArray() ?? []);

    private static AccessAttributes Wanted(JsonObject spec)
    {
        if (spec["nonResourceAttributes"] is { } path)
        {
            return new AccessAttributes((string?)path["verb"] ?? "") { Path = (string?)path["path"] ?? "" };
        }

        var wanted = spec["resourceAttributes"]!;
        var subresource = (string?)wanted["subresource"];
        return new AccessAttributes((string?)wanted["verb"] ?? "")
        {
            Group = (string?)wanted["group"] ?? "",
            Resource = (string?)wanted["resource"] + (string.IsNullOrEmpty(subresource) ? "" : "/" + subresource),
            Namespace = (string?)wanted["namespace"] is { Length: > 0 } space ? space : null,
            Name = (string?)wanted["name"],
        };
    }

    /// <summary>The question as it is repeated: without what is empty.</summary>
    private static JsonObject Known(JsonObject spec)
    {
        var copy = (JsonObject)spec.DeepClone();
        foreach (var attributes in copy.Select(p => p.Value).OfType<JsonObject>())
        {
            foreach (var name in attributes.Where(a => a.Value is JsonValue v && v.TryGetValue<string>(out var text) && text.Length == 0).Select(a => a.Key).ToList())
            {
                attributes.Remove(name);
            }
        }

        return copy;
    }

    private static JsonObject Answer(ApiRequest request, JsonObject spec, JsonObject status) => new()
    {
        ["kind"] = request.Type.Kind,
        ["apiVersion"] = request.Type.ApiVersion,
        ["metadata"] = new JsonObject(),
        ["spec"] = spec,
        ["status"] = status,
    };
}
