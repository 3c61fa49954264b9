namespace Runner.Engine.Storage;

/// <summary>
/// Something kept that grows with time. Every one among the services is pruned by <see cref="RetentionService"/> at the start and once an hour.
/// </summary>
public interface IPrunable
{
    /// <summary>What is removed, for the log: a plural such as <c>records of finished workflows</c>.</summary>
    string What { get; }

    /// <summary>How long it is kept; from <see cref="Configuration.RetentionOptions"/>.</summary>
    TimeSpan KeptFor { get; }

    /// <summary>Removes what ended before a moment. What is still needed stays, however old it is. May be repeated.</summary>
    /// <returns>How many were removed.</returns>
    /// <exception cref="IOException">The disk refused; the next hour tries again.</exception>
    Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
