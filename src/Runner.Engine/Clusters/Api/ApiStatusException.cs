namespace Runner.Engine.Clusters.Api;

/// <summary>The API server refused a request. Carries what its <c>Status</c> object says.</summary>
/// <param name="code">HTTP status code, or the code of an <c>ERROR</c> event of a watch.</param>
/// <param name="reason">Machine-readable reason such as <c>Forbidden</c> or <c>Expired</c>, empty when there is none.</param>
internal sealed class ApiStatusException(int code, string reason, string message) : Exception(message)
{
    public int Code { get; } = code;

    public string Reason { get; } = reason;
}
