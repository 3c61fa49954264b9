namespace Runner.Engine.Clusters.Caches;

/// <summary>What is common to the caches of all kinds.</summary>
internal interface IResourceCache
{
    /// <summary>Everything was listed again and compared, and the changes found have been told, while the status stayed as it is.</summary>
    event Action? Listed;

    /// <summary>Raised when health or problem changes.</summary>
    event Action? StatusChanged;

    CacheHealth Health { get; }

    CacheStatus Status { get; }

    /// <summary>Timestamp from before the last complete list: what the cache holds is at least as new. The lowest number when nothing was listed.</summary>
    long ListedAt { get; }

    /// <summary>Lists everything again unless the last list, or the one that is under way, began at this timestamp or later.</summary>
    void Freshen(long since);

    /// <summary>Keeps the cache until cancelled. Never throws.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
