namespace Runner.EmbeddedCluster.Storage;

/// <summary>The refusals of the API server in its own words.</summary>
internal static class ApiErrors
{
    private const string Modified = "the object has been modified; please apply your changes to the latest version and try again";

    public static ApiException NotFound(string group, string plural, string name) =>
        new(404, "NotFound", $"{Qualified(group, plural)} \"{name}\" not found") { Details = Of(group, plural, name) };

    public static ApiException AlreadyExists(string group, string plural, string name) =>
        new(409, "AlreadyExists", $"{Qualified(group, plural)} \"{name}\" already exists") { Details = Of(group, plural, name) };

    public static ApiException BeingDeleted(string group, string plural, string name) =>
        new(409, "AlreadyExists", $"object is being deleted: {Qualified(group, plural)} \"{name}\" already exists") { Details = Of(group, plural, name) };

    /// <param name="why">What stands in the way; by default that the object was modified meanwhile.</param>
    public static ApiException Conflict(string group, string plural, string name, string why = Modified) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {Qualified(group, plural)} \"{name}\": {why}") { Details = Of(group, plural, name) };

    public static ApiException Forbidden(string group, string plural, string name, string why) =>
        new(403, "Forbidden", name.Length == 0 ? $"{Qualified(group, plural)} is forbidden: {why}" : $"{Qualified(group, plural)} \"{name}\" is forbidden: {why}")
        {
            Details = Of(group, plural, name),
        };

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    /// <summary>An object whose fields are at fault; one cause for each.</summary>
    /// <param name="name">Name of the object; empty when it has none yet.</param>
    public static ApiException Invalid(string group, string kind, string name, params IReadOnlyList<StatusCause> causes)
    {
        var faults = causes.Select(c => c.Field is null ? c.Message : $"{c.Field}: {c.Message}").Distinct().ToList();
        var text = faults.Count == 1 ? faults[0] : $"[{string.Join(", ", faults)}]";
        return new(422, "Invalid", $"{Qualified(group, kind)} \"{name}\" is invalid: {text}")
        {
            Details = Of(group, kind, name) with { Causes = causes },
        };
    }

    /// <summary>The path names a resource or subresource that is not served.</summary>
    public static ApiException UnknownResource() =>
        new(404, "NotFound", "the server could not find the requested resource") { Details = StatusDetails.Empty };

    public static ApiException MethodNotAllowed() =>
        new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource") { Details = StatusDetails.Empty };

    public static ApiException Expired(string message) => new(410, "Expired", message);

    /// <summary>A resource version that is not reached yet.</summary>
    public static ApiException TooLarge(long asked, long current) => new(504, "Timeout", $"Timeout: Too large resource version: {asked}, current: {current}")
    {
        Details = new StatusDetails { Causes = [new StatusCause("ResourceVersionTooLarge", "Too large resource version")], RetryAfterSeconds = 1 },
    };

    private static string Qualified(string group, string name) => group.Length == 0 ? name : $"{name}.{group}";

    private static StatusDetails Of(string group, string kind, string name) => new()
    {
        Name = name.Length == 0 ? null : name,
        Group = group.Length == 0 ? null : group,
        Kind = kind.Length == 0 ? null : kind,
    };
}
