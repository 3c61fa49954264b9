namespace Runner.EmbeddedCluster.Storage;

/// <summary>One of several faults of a request.</summary>
/// <param name="Reason">Such as <c>FieldValueInvalid</c>, <c>FieldValueRequired</c>, <c>FieldValueForbidden</c>, <c>FieldValueNotSupported</c>.</param>
/// <param name="Message">Text without the field.</param>
/// <param name="Field">Path such as <c>spec.containers[0].name</c>; null where the fault is no field's.</param>
internal sealed record StatusCause(string Reason, string Message, string? Field = null);

/// <summary>What a <c>Status</c> says beyond its message.</summary>
internal sealed record StatusDetails
{
    public static readonly StatusDetails Empty = new();

    public string? Name { get; init; }

    public string? Group { get; init; }

    /// <summary>Plural or kind, whatever the API server says in the case.</summary>
    public string? Kind { get; init; }

    public string? Uid { get; init; }

    public IReadOnlyList<StatusCause> Causes { get; init; } = [];

    public int RetryAfterSeconds { get; init; }
}

/// <summary>A refusal as the API server tells it: becomes a <c>Status</c> object with this code, reason, message and details.</summary>
/// <param name="code">HTTP status code.</param>
/// <param name="reason">Reason such as <c>NotFound</c>; empty where the API server gives none.</param>
/// <param name="message">Text for people.</param>
internal sealed class ApiException(int code, string reason, string message) : Exception(message)
{
    /// <summary>HTTP status code.</summary>
    public int Code { get; } = code;

    /// <summary>Machine-readable reason such as <c>NotFound</c>, <c>AlreadyExists</c>, <c>Conflict</c>, <c>Invalid</c>.</summary>
    public string Reason { get; } = reason;

    /// <summary>Null where the API server gives none.</summary>
    public StatusDetails? Details { get; init; }

    /// <summary><c>metadata.continue</c> of the status: a token to go on with after an expired one.</summary>
    public string? Continue { get; init; }
}
