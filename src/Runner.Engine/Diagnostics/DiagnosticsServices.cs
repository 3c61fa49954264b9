using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Diagnostics.Checks;
using Runner.Engine.Diagnostics.Dependencies;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Probes;
using Runner.Engine.Workloads;

namespace Runner.Engine.Diagnostics;

/// <summary>Registers checks and their schedule.</summary>
internal static class DiagnosticsServices
{
    public static IServiceCollection AddDiagnostics(this IServiceCollection services, RunnerOptions options)
    {
        services.AddSingleton(provider =>
        {
            var clusters = provider.GetRequiredService<ClusterDirectory>();
            var settings = provider.GetRequiredService<LiveSettings>();
            var time = provider.GetRequiredService<TimeProvider>();
            var runner = new RunnerChecks(options, settings, clusters, provider.GetRequiredService<Outbox>(), provider.GetRequiredService<ClusterTelling>(), provider.GetRequiredService<ConnectionTests>(), time);
            return new DiagnosticsBoard(
                [
                    .. runner.All(),
                    .. clusters.Connections.SelectMany(cluster =>
                        new ClusterChecks(cluster, options, settings, provider.GetRequiredService<CapacityFeed>(), provider.GetRequiredService<WorkloadFeed>(), time).All()),
                ],
                options,
                time);
        });
        services.AddSingleton<DependencyBoard>();
        services.AddSingleton<Installation.BundleInstallation>();
        services.AddHostedService<DiagnosticsService>();
        services.AddHostedService<DependencyService>();
        return services;
    }
}

/// <summary>Runs all checks soon after the start and then now and then.</summary>
internal sealed partial class DiagnosticsService(DiagnosticsBoard board, TimeProvider time, ILogger<DiagnosticsService> logger) : BackgroundService
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = First;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await board.RunAsync(null, stoppingToken).ConfigureAwait(false);
                foreach (var result in board.Failing.Where(result => result.State == CheckState.Bad))
                {
                    LogBad(result.Id, result.Cluster.Length > 0 ? $" of cluster {result.Cluster}" : "", result.Cause, string.Join(" | ", result.Evidence.Take(3)));
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The schedule must not end; the next round comes.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogRound(exception);
            }

            pause = Interval;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Check {Check}{OfCluster} fails: {Cause}. {Evidence}")]
    private partial void LogBad(CheckId check, string ofCluster, CheckCause cause, string evidence);

    [LoggerMessage(LogLevel.Error, "A round of checks ended early; the next one comes")]
    private partial void LogRound(Exception exception);
}
