using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters;
using Runner.Engine.Hub;
using Runner.Engine.Storage;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>Finishes replacements whose process died between the end of the old service and the beginning of the new one: the hub asks again only for some seconds. Of several replicas the one that speaks to the hub does it.</summary>
internal sealed partial class ReplacementFinisher(
    ClusterDirectory clusters, ServiceOperations services, ReplacementNotes notes, IStateStore state, HubLeadership leadership, TimeProvider time, ILogger<ReplacementFinisher> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await state.WhenReadyAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(clusters.Connections.Select(cluster => Task.Run(
            () => RestartedLoop.RunAsync(token => FinishAsync(cluster, token), exception => LogFailed(cluster.Name, exception.Message), time, stoppingToken), CancellationToken.None))).ConfigureAwait(false);
    }

    private async Task FinishAsync(ClusterConnection cluster, CancellationToken cancellationToken)
    {
        while (true)
        {
            await cluster.WaitUntilConnectedAsync(cancellationToken).ConfigureAwait(false);
            foreach (var note in leadership.IsLeader ? notes.Left(cluster.Name) : [])
            {
                await FinishAsync(cluster, note).ConfigureAwait(false);
            }

            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task FinishAsync(ClusterConnection cluster, NotedReplacement note)
    {
        try
        {
            if (notes.IsForgotten(note))
            {
                await notes.EndAsync(note.Id).ConfigureAwait(false);
                LogForgotten(note.Name, cluster.Name, note.At);
            }
            else if (await services.FinishAsync(cluster, note).ConfigureAwait(false))
            {
                LogFinished(note.Name, cluster.Name);
            }
        }
        catch (RequestRefusedException refusal)
        {
            await notes.EndAsync(note.Id).ConfigureAwait(false);
            LogRefused(note.Name, cluster.Name, refusal.Message);
        }
        catch (ClusterOperationException exception)
        {
            // Looked at again.
            LogFailed(cluster.Name, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "Service {Service} in cluster {Cluster} was being replaced when the process died; the new one is there now")]
    private partial void LogFinished(string service, string cluster);

    [LoggerMessage(LogLevel.Error, "Service {Service} in cluster {Cluster} was being replaced when the process died, and the cluster does not take the new one. Run the service again: {Problem}")]
    private partial void LogRefused(string service, string cluster, string problem);

    [LoggerMessage(LogLevel.Warning, "Service {Service} in cluster {Cluster} was being replaced at {At}; nobody waits for that any more, and it is not made")]
    private partial void LogForgotten(string service, string cluster, DateTime at);

    [LoggerMessage(LogLevel.Warning, "Cluster {Cluster}: a replacement whose process died is not finished yet; the next attempt follows: {Problem}")]
    private partial void LogFailed(string cluster, string problem);
}
