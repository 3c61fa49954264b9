using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>One request for a resource on its way through the API server.</summary>
/// <param name="Http">The connection's side of it.</param>
/// <param name="Info">What it asks for.</param>
/// <param name="Type">The resource it is about.</param>
/// <param name="User">Who asks.</param>
/// <param name="Format">Form of the answer.</param>
internal sealed record ApiRequest(HttpContext Http, RequestInfo Info, ResourceType Type, UserInfo User, ResponseFormat Format)
{
    public required TimeProvider Time { get; init; }

    /// <summary>The present moment, which in a long watch is not when the request came.</summary>
    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>The CustomResourceDefinition of a resource that clients defined; null for all others.</summary>
    public JsonObject? Definition { get; init; }

    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>Whether everything is checked and nothing stored.</summary>
    public bool DryRun => Query("dryRun") == "All";

    /// <summary>Key of the object the path names.</summary>
    public ObjectKey Key => Type.Key(Info.Namespace, Info.Name ?? "");

    /// <summary>A query parameter; null when absent or empty.</summary>
    public string? Query(string name)
    {
        var value = (string?)Http.Request.Query[name];
        return string.IsNullOrEmpty(value) ? null : value;
    }

    public bool Flag(string name) => Query(name) is "true" or "1" or "True" or "t";

    /// <exception cref="ApiException">400 when it is no number.</exception>
    public long? Number(string name)
    {
        if (Query(name) is not { } text)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ApiErrors.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }

    public void Warn(IEnumerable<string> warnings)
    {
        foreach (var text in warnings)
        {
            Http.Response.Headers.Append("Warning", $"299 - \"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        }
    }
}

/// <summary>Who makes a request.</summary>
internal sealed record UserInfo(string Name, string Uid, IReadOnlyList<string> Groups)
{
    public static readonly UserInfo Admin = new("admin", "", ["system:masters", "system:authenticated"]);

    public static readonly UserInfo Anonymous = new("system:anonymous", "", ["system:unauthenticated"]);

    /// <summary>Further attributes, such as the id of a service account's token.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();
}
