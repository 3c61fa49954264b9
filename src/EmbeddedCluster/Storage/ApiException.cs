namespace Runner.EmbeddedCluster.Storage;

/// <summary>A refusal as the API server tells it: becomes a <c>Status</c> object with this code, reason and message.</summary>
internal sealed class ApiException(int code, string reason, string message) : Exception(message)
{
    /// <summary>HTTP status code.</summary>
    public int Code { get; } = code;

    /// <summary>Machine-readable reason such as <c>NotFound</c>, <c>AlreadyExists</c>, <c>Conflict</c>, <c>Invalid</c>.</summary>
    public string Reason { get; } = reason;
}
