using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Clusters.Caches;

/// <summary>
/// What reading the lists of a cluster means to the collector. Nearly all that is read stays: collecting meanwhile copies it again and again, so there is room for all of it first. Afterwards
/// what only the reading took is given back to the system: the collector keeps it by itself, and it would stay resident until as much is allocated again, which can take hours of quiet
/// watching. A matter of the process, and not of each host in it.
/// </summary>
public static partial class ListingMemory
{
    /// <summary>The first events and states are written meanwhile.</summary>
    internal static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    /// <summary>A cluster that is not known by then has something else that keeps it.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>What 1,000 nodes, 10,000 pods and 5,000 services take, twice. More is collected as always.</summary>
    private const long MostBytes = 192L << 20;

    /// <summary>Follows until cancelled. Never throws.</summary>
    public static async Task FollowAsync(ClusterDirectory clusters, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var changed = new Signal();
        clusters.StatusChanged += _ => changed.Set();

        // What is known already counts too. Whatever changes after this was read is looked at once more.
        changed.Set();
        var begun = new HashSet<ClusterConnection>();
        for (var known = 0; !cancellationToken.IsCancellationRequested;)
        {
            await changed.WaitAsync(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
            var before = begun.Count;
            begun.UnionWith(clusters.Connections.Where(IsListing));
            if (begun.Count > before)
            {
                await UncollectedAsync(() => begun.Any(IsListing), changed, time, logger, cancellationToken).ConfigureAwait(false);
            }

            if (clusters.Connections.Count(cluster => cluster.State.Synced) is var synced && synced > known)
            {
                known = synced;
                await Task.Delay(Rest, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Return(time, logger);
            }
        }
    }

    private static bool IsListing(ClusterConnection cluster) => cluster.Status.Health == ClusterHealth.Connected && !cluster.State.Synced;

    private static async Task UncollectedAsync(Func<bool> isListing, Signal changed, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        if (!TryBegin(Math.Min(MostBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 5)))
        {
            return;
        }

        var begin = time.GetTimestamp();
        while (isListing() && !cancellationToken.IsCancellationRequested && Longest - time.GetElapsedTime(begin) is { Ticks: > 0 } left)
        {
            await changed.WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
        }

        LogUncollected(logger, End(), time.GetElapsedTime(begin).TotalMilliseconds);
    }

    /// <returns>False where there is no such room.</returns>
    private static bool TryBegin(long bytes)
    {
        try
        {
            return GC.TryStartNoGCRegion(bytes, bytes / 8, disallowFullBlockingGC: true);
        }
        catch (Exception exception) when (exception is ArgumentOutOfRangeException or InvalidOperationException)
        {
            // More than the collector can have here; or it does not collect already.
            return false;
        }
    }

    /// <returns>False where the room was not enough, so that it is over already.</returns>
    private static bool End()
    {
        try
        {
            GC.EndNoGCRegion();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static void Return(TimeProvider time, ILogger logger)
    {
        var (begin, before) = (time.GetTimestamp(), Environment.WorkingSet);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        LogReturned(logger, before >> 20, Environment.WorkingSet >> 20, time.GetElapsedTime(begin).TotalMilliseconds);
    }

    [LoggerMessage(LogLevel.Debug, "Lists were read for {Milliseconds:0} ms, and nothing was collected meanwhile: {Sufficed}")]
    private static partial void LogUncollected(ILogger logger, bool sufficed, double milliseconds);

    [LoggerMessage(LogLevel.Debug, "Resident memory was {Before} MB and is {After} MB after a collection that took {Milliseconds:0} ms")]
    private static partial void LogReturned(ILogger logger, long before, long after, double milliseconds);
}
