using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Clusters.Caches;

/// <summary>
/// Gives back to the system, once the lists of a cluster are in, what only reading them took: the collector keeps it by itself, and it would stay resident until as
/// much is allocated again, which can take hours of quiet watching. A matter of the process, and not of each host in it.
/// </summary>
public static partial class ReturnedMemory
{
    /// <summary>The first events and states are written meanwhile.</summary>
    internal static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    /// <summary>Follows until cancelled. Never throws.</summary>
    public static async Task FollowAsync(ClusterDirectory clusters, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var changed = new Signal();
        clusters.StatusChanged += _ => changed.Set();

        // What is known already counts too. Whatever changes after this was read is looked at once more.
        changed.Set();
        for (var known = 0; !cancellationToken.IsCancellationRequested;)
        {
            await changed.WaitAsync(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
            if (clusters.Connections.Count(cluster => cluster.State.Synced) is var synced && synced > known)
            {
                known = synced;
                await Task.Delay(Rest, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Return(time, logger);
            }
        }
    }

    private static void Return(TimeProvider time, ILogger logger)
    {
        var (begin, before) = (time.GetTimestamp(), Environment.WorkingSet);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        LogReturned(logger, before >> 20, Environment.WorkingSet >> 20, time.GetElapsedTime(begin).TotalMilliseconds);
    }

    [LoggerMessage(LogLevel.Debug, "Resident memory was {Before} MB and is {After} MB after a collection that took {Milliseconds:0} ms")]
    private static partial void LogReturned(ILogger logger, long before, long after, double milliseconds);
}
