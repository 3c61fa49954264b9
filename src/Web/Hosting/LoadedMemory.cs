using Runner.Engine.Clusters;

namespace Runner.Web.Hosting;

/// <summary>
/// Gives back what the start and the first lists of a cluster needed for a moment: of a large one that is as much as what stays, and in the calm afterwards nothing
/// would make the collector look at it for hours.
/// </summary>
internal static class LoadedMemory
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Until the first events are written and the first pages drawn.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(5);

    /// <summary>Waits until the clusters that can be reached are known, then collects once. Ends without it when the program stops before.</summary>
    public static async Task GiveBackAsync(ClusterDirectory clusters, TimeProvider time, CancellationToken stopping)
    {
        try
        {
            using var timer = new PeriodicTimer(Look, time);
            while (!clusters.Connections.Any(connection => connection.State.Synced))
            {
                await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false);
            }

            await Task.Delay(Calm, time, stopping).ConfigureAwait(false);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The program stops.
        }
    }
}
