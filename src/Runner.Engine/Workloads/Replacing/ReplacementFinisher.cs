using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Storage;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>
/// Finishes replacements whose process died between the end of the old workload and the beginning of the new one: the hub asks again only for some seconds. Of several replicas the one that
/// speaks to the hub does it. What cannot be finished is given up with the reason, which the hub and the pages are told as of any workload that does not come up.
/// </summary>
internal sealed partial class ReplacementFinisher(
    ClusterDirectory clusters, IEnumerable<IReplacementFinishing> kinds, ReplacementNotes notes, ReplacementSettling settling, Turns turns, RunnerOptions options, IStateStore state, HubLeadership leadership, TimeProvider time, ILogger<ReplacementFinisher> logger)
    : BackgroundService
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
        var attempts = new ReplacementAttempts(time);
        while (true)
        {
            await cluster.WaitUntilConnectedAsync(cancellationToken).ConfigureAwait(false);
            foreach (var note in notes.Over(cluster.Name))
            {
                await EndAsync(note).ConfigureAwait(false);
            }

            foreach (var note in leadership.IsLeader ? notes.Made(cluster.Name) : [])
            {
                await SettleAsync(cluster, note).ConfigureAwait(false);
            }

            foreach (var note in leadership.IsLeader ? notes.Left(cluster.Name).Where(attempts.IsDue) : [])
            {
                await FinishAsync(cluster, note, attempts).ConfigureAwait(false);
            }

            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes what this process was done with and could not remove.</summary>
    private async Task EndAsync(NotedReplacement note)
    {
        try
        {
            await notes.EndAsync(note.Id).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            LogStays(note.What, note.Cluster, exception.Message);
        }
    }

    /// <summary>Ends the note of what is made once the hub is to hear of it, or where it is gone again and no watch will tell of it.</summary>
    private async Task SettleAsync(ClusterConnection cluster, NotedReplacement note)
    {
        try
        {
            if (!await settling.SettleAsync(note).ConfigureAwait(false) && await KindOf(note).FindAsync(cluster, note).ConfigureAwait(false) != note.Made)
            {
                await notes.EndAsync(note.Id).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            LogStays(note.What, note.Cluster, exception.Message);
        }
    }

    private async Task FinishAsync(ClusterConnection cluster, NotedReplacement note, ReplacementAttempts attempts)
    {
        try
        {
            if (notes.IsForgotten(note))
            {
                await notes.EndAsync(note.Id).ConfigureAwait(false);
                LogForgotten(note.What, cluster.Name, note.At);
            }
            else if (await MakeAsync(cluster, note).ConfigureAwait(false))
            {
                LogFinished(note.What, cluster.Name);
            }

            attempts.Forget(note);
        }
        catch (RequestRefusedException refusal)
        {
            await GiveUpAsync(cluster, note, refusal.Message).ConfigureAwait(false);
        }
        catch (ClusterOperationException exception)
        {
            LogFailed(cluster.Name, exception.Message);
            if (attempts.IsLast(note, cluster.Status.Health == ClusterHealth.Connected))
            {
                await GiveUpAsync(cluster, note, exception.Message).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> MakeAsync(ClusterConnection cluster, NotedReplacement note)
    {
        var maker = KindOf(note);
        using var turn = await turns.TakeAsync(note.KeyIn(options.WorkloadNamespace)).ConfigureAwait(false);
        return notes.IsThere(note.Id)
            && await MakingProblem.TellAsync(cluster, note.What, maker.WhenUnknown, () => maker.FinishAsync(cluster, note), () => note.EnvironmentValues).ConfigureAwait(false);
    }

    private IReplacementFinishing KindOf(NotedReplacement note) => kinds.Single(kind => kind.Kind == note.Kind);

    private async Task GiveUpAsync(ClusterConnection cluster, NotedReplacement note, string problem)
    {
        await notes.GiveUpAsync(note.Id, $"{problem} It was to take the place of another one, which is gone. Run it again.").ConfigureAwait(false);
        LogGivenUp(note.What, cluster.Name, problem);
    }

    [LoggerMessage(LogLevel.Information, "{Workload} in cluster {Cluster} was being replaced when the process died; the new one is there now")]
    private partial void LogFinished(string workload, string cluster);

    [LoggerMessage(LogLevel.Error, "{Workload} in cluster {Cluster} was being replaced when the process died, and the new one cannot be made. Run it again: {Problem}")]
    private partial void LogGivenUp(string workload, string cluster, string problem);

    [LoggerMessage(LogLevel.Warning, "{Workload} in cluster {Cluster} was being replaced at {At}; nobody waits for that any more, and it is not made")]
    private partial void LogForgotten(string workload, string cluster, DateTime at);

    [LoggerMessage(LogLevel.Warning, "Cluster {Cluster}: a replacement whose process died is not finished yet; the next attempt follows: {Problem}")]
    private partial void LogFailed(string cluster, string problem);

    [LoggerMessage(LogLevel.Warning, "{Workload} in cluster {Cluster} was replaced and is still noted as under way; the next attempt to remove the note follows: {Problem}")]
    private partial void LogStays(string workload, string cluster, string problem);
}
