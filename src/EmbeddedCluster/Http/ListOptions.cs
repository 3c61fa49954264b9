using System.Globalization;
using Runner.EmbeddedCluster.Http.Selectors;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>The checked query of a list or watch.</summary>
internal sealed record ListOptions
{
    public required LabelSelector Labels { get; init; }

    public required FieldSelector Fields { get; init; }

    /// <summary>Namespace of the path, or the one the field selector names; null for all.</summary>
    public string? Namespace { get; init; }

    /// <summary>Most items of a page; 0 for all.</summary>
    public int Limit { get; init; }

    public ContinueToken? Continue { get; init; }

    /// <summary>Null when none was given.</summary>
    public long? ResourceVersion { get; init; }

    /// <summary>Whether the list must be the one of exactly that resource version.</summary>
    public bool Exact { get; init; }

    /// <summary>Whether a watch begins with what is there now.</summary>
    public bool InitialEvents { get; init; }

    public bool Matches(StoredObject stored) => Matches(stored.Json);

    public bool Matches(System.Text.Json.Nodes.JsonObject json) => Labels.Matches(json) && Fields.Matches(json);

    /// <exception cref="ApiException">400, 422 or 500 in the API server's words.</exception>
    public static ListOptions Read(ApiRequest request)
    {
        var watch = request.Info.Verb == "watch";
        var labels = LabelSelector.Parse(request.Query("labelSelector"));
        var fields = FieldSelector.Parse(request.Type, request.Query("fieldSelector"));
        var limit = request.Number("limit") ?? 0;
        var version = request.Query("resourceVersion");
        var match = request.Query("resourceVersionMatch");
        var initial = request.Query("sendInitialEvents") is null ? (bool?)null : request.Flag("sendInitialEvents");
        CheckMatch(watch, version, match, initial, request.Query("continue") is not null);
        var number = Number(version, watch);
        return new ListOptions
        {
            Labels = labels,
            Fields = fields,
            Namespace = request.Info.Namespace ?? (request.Type.Namespaced ? fields.Namespace : null),
            // A list "at any version" comes whole from the cache.
            Limit = number == 0 ? 0 : (int)Math.Clamp(limit, 0, int.MaxValue),
            Continue = request.Query("continue") is { } token ? ContinueToken.Read(token) : null,
            ResourceVersion = number,
            Exact = match == "Exact" || (match is null && number > 0 && limit > 0 && !watch),
            InitialEvents = initial ?? number is null or 0,
        };
    }

    private static void CheckMatch(bool watch, string? version, string? match, bool? initial, bool continued)
    {
        if (watch)
        {
            if (initial == true && match != "NotOlderThan")
            {
                throw Forbidden("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
            }

            if (initial is null && match is not null)
            {
                throw Forbidden("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
            }

            return;
        }

        if (initial is not null)
        {
            throw Invalid("sendInitialEvents", "FieldValueForbidden", "Forbidden: sendInitialEvents is forbidden for list");
        }

        if (match is null)
        {
            return;
        }

        if (continued)
        {
            throw Forbidden("resourceVersionMatch is forbidden when continue is provided");
        }

        if (version is null)
        {
            throw Forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided");
        }

        if (match is not ("Exact" or "NotOlderThan"))
        {
            throw Invalid("resourceVersionMatch", "FieldValueNotSupported", $"Unsupported value: \"{match}\": supported values: \"Exact\", \"NotOlderThan\", \"\"");
        }

        if (match == "Exact" && version == "0")
        {
            throw Forbidden("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
        }
    }

    private static long? Number(string? version, bool watch)
    {
        if (version is null)
        {
            return null;
        }

        if (long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        var fault = $"resourceVersion: Invalid value: \"{version}\": strconv.ParseUint: parsing \"{version}\": invalid syntax";
        throw watch ? new ApiException(500, "", fault) : ApiErrors.BadRequest($"invalid resource version: {fault}");
    }

    private static ApiException Forbidden(string text) => Invalid("resourceVersionMatch", "FieldValueForbidden", $"Forbidden: {text}");

    private static ApiException Invalid(string field, string reason, string message) =>
        ApiErrors.Invalid("meta.k8s.io", "ListOptions", "", new StatusCause(reason, message, field));
}
