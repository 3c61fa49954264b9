using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Configuration;

namespace Runner.Engine;

/// <summary>Registers the engine.</summary>
public static class EngineServices
{
    /// <summary>Adds connections, caches, operations, logs, outbox and the loops that drive them as hosted services.</summary>
    public static IServiceCollection AddRunnerEngine(this IServiceCollection services, RunnerOptions options)
    {
        services.AddSingleton(options);
        return services;
    }
}
