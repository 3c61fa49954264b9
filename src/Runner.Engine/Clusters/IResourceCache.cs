namespace Runner.Engine.Clusters;

/// <summary>What is common to the caches of all kinds.</summary>
internal interface IResourceCache
{
    /// <summary>Everything was listed again and compared, and the changes found have been told, while the status stayed as it is.</summary>
    event Action? Listed;

    /// <summary>Raised when health or problem changes.</summary>
    event Action? StatusChanged;

    CacheHealth Health { get; }

    CacheStatus Status { get; }

    /// <summary>Keeps the cache until cancelled. Never throws.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
