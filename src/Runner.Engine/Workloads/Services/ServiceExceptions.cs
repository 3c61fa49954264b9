namespace Runner.Engine.Workloads.Services;

/// <summary>A request that is refused, with a sentence for whoever sent it. Holds no secret.</summary>
public sealed class RequestRefusedException(LocalText problem) : Exception(problem.English), IExplained
{
    /// <summary>Refuses with a sentence for the hub, which speaks English.</summary>
    public RequestRefusedException(string message)
        : this(LocalText.Verbatim(message))
    {
    }

    /// <inheritdoc/>
    public LocalText Problem { get; } = problem;
}

/// <summary>A cluster refused or did not answer. The message says what was not done, why and what to try; it holds no secret.</summary>
public sealed class ClusterOperationException(LocalText problem, Exception? inner = null) : Exception(problem.English, inner), IExplained
{
    /// <summary>Tells the hub, which speaks English.</summary>
    public ClusterOperationException(string message, Exception? inner = null)
        : this(LocalText.Verbatim(message), inner)
    {
    }

    /// <inheritdoc/>
    public LocalText Problem { get; } = problem;
}

/// <summary>Something that cannot be done as things stand, with the code the hub knows it by.</summary>
/// <param name="code">The hub's code, such as <c>RUNNER-ERR-2</c>.</param>
/// <param name="message">A sentence for whoever asked. Holds no secret.</param>
public sealed class VersionRefusedException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}
