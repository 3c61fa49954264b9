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

    /// <summary>
    /// The log of one container as it comes, for passing on: whole pieces without timestamps, cut anywhere. Follows and resumes like
    /// <see cref="ReadAsync"/>. A piece is valid until the next one is asked for.
    /// </summary>
    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadBytesAsync(
        ClusterConnection cluster, string @namespace, string pod, string container, PodLogOptions options, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
