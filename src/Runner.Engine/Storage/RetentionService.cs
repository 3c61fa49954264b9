using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Runner.Engine.Storage;

/// <summary>
/// Removes what was kept long enough, at the start and once an hour, and has the database give the room back when much of it was. Objects in the clusters are not touched: finished workflows and builds go by their own
/// time to live, and inactive revisions by Knative's garbage collection (<c>config-gc</c>), which knows what a route may still need.
/// </summary>
internal sealed partial class RetentionService(IEnumerable<IPrunable> kept, TimeProvider time, ILogger<RetentionService> logger, Database? database = null) : BackgroundService
{
    /// <summary>From one round to the next.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            await PruneAsync(stoppingToken).ConfigureAwait(false);
            await CompactAsync(stoppingToken).ConfigureAwait(false);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        foreach (var prunable in kept)
        {
            try
            {
                var removed = await prunable.PruneAsync(time.GetUtcNow() - prunable.KeptFor, cancellationToken).ConfigureAwait(false);
                if (removed > 0)
                {
                    LogRemoved(removed, prunable.What, prunable.KeptFor);
                }
            }
#pragma warning disable CA1031 // One that fails must not keep the others from being pruned, nor end the loop.
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogFailed(prunable.What, exception.Message);
            }
        }
    }

    private async Task CompactAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (database?.CompactIfWorthwhileAsync(cancellationToken) ?? Task.FromResult<Compaction?>(null)).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The database is as it was; nothing depends on its size.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogNotCompacted(exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The database could not be made smaller; the next attempt follows in an hour: {Problem}")]
    private partial void LogNotCompacted(string problem);

    [LoggerMessage(LogLevel.Information, "Removed {Count} {What} older than {KeptFor}")]
    private partial void LogRemoved(int count, string what, TimeSpan keptFor);

    [LoggerMessage(LogLevel.Warning, "Old {What} could not be removed; the next attempt follows in an hour: {Problem}")]
    private partial void LogFailed(string what, string problem);
}
