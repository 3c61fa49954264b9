namespace Runner.Engine.Workloads.Services;

/// <summary>A request that is refused, with a sentence for whoever sent it. Holds no secret.</summary>
public sealed class RequestRefusedException(string message) : Exception(message);

/// <summary>A cluster refused or did not answer. The message says what was not done, why and what to try; it holds no secret.</summary>
public sealed class ClusterOperationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Something that cannot be done as things stand, with the code the hub knows it by.</summary>
/// <param name="code">The hub's code, such as <c>RUNNER-ERR-2</c>.</param>
/// <param name="message">A sentence for whoever asked. Holds no secret.</param>
public sealed class VersionRefusedException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}
