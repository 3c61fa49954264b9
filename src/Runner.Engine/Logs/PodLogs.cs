using Runner.Engine.Clusters;

namespace Runner.Engine.Logs;

/// <summary>Reads logs of pods from the cluster.</summary>
public sealed class PodLogs
{
    /// <summary>
    /// Lines of one container. With <see cref="PodLogOptions.Follow"/> it goes on over reconnects, without losing or repeating a line,
    /// until the container has ended for good, the pod is gone or the token is cancelled.
    /// </summary>
    /// <param name="container">Container name; for services <c>user-container</c>.</param>
    public IAsyncEnumerable<LogLine> ReadAsync(
        ClusterConnection cluster, string @namespace, string pod, string container, PodLogOptions options, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
