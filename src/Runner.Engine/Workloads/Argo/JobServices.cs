using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;
using Runner.Engine.Workloads.Dataflow;
using Runner.Engine.Workloads.Workflows;

namespace Runner.Engine.Workloads.Argo;

/// <summary>Registers what concerns jobs.</summary>
internal static class JobServices
{
    /// <summary>Adds the operations of workflows and dataflow jobs, their records, the reading of failures, what keeps them until they are told of, and the removal of leftovers. Call it before the clusters are run.</summary>
    public static IServiceCollection AddJobs(this IServiceCollection services, RunnerOptions options)
    {
        services.AddSingleton(provider => new JobArchive(provider.GetRequiredService<Database>(), options.Retention, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IWorkloadObserver>(provider => provider.GetRequiredService<JobArchive>());
        services.AddSingleton<IPrunable>(provider => provider.GetRequiredService<JobArchive>());
        services.AddSingleton<JobMaker>();
        services.AddSingleton<JobLauncher>();
        services.AddSingleton(provider => new WorkflowOperations(
            options, provider.GetRequiredService<ClusterDirectory>(), provider.GetRequiredService<JobLauncher>(), provider.GetRequiredService<JobArchive>()));
        services.AddSingleton(provider => new DataflowOperations(
            options, provider.GetRequiredService<LiveSettings>(), provider.GetRequiredService<ClusterDirectory>(),
            provider.GetRequiredService<JobLauncher>(), provider.GetRequiredService<JobArchive>()));
        services.AddSingleton<IWorkloadOperations>(provider => provider.GetRequiredService<WorkflowOperations>());
        services.AddSingleton<IWorkloadOperations>(provider => provider.GetRequiredService<DataflowOperations>());
        services.AddHostedService<FailureReader>();
        services.AddHostedService<OutcomeKeeper>();
        services.AddHostedService<LeftoverSweeper>();
        return services;
    }
}
