using System.Collections.Concurrent;
using System.Globalization;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Storage;

namespace Runner.Tests.Engine.Host.Chaos;

/// <summary>Writes down what became of the jobs, pods, volumes and Secrets of a cluster, without contents: what a failure of a test that lives on chance is to be understood from.</summary>
internal sealed class ClusterJournal
{
    private static readonly HashSet<string> Kinds = ["workflows", "pods", "persistentvolumeclaims", "secrets"];

    private readonly ConcurrentQueue<(string Name, string Line)> _lines = new();

    private readonly Task _reading;

    public ClusterJournal(EmbeddedClusterHost cluster, CancellationToken cancellationToken) => _reading = ReadAsync(cluster, cancellationToken);

    /// <summary>What happened to everything whose name has this in it, in order, and what ended the writing down.</summary>
    public string Of(string name) => string.Join('\n', _lines.Where(line => line.Name.Contains(name, StringComparison.Ordinal)).Select(line => line.Line).Append(_reading.Exception?.Message));

    private async Task ReadAsync(EmbeddedClusterHost cluster, CancellationToken cancellationToken)
    {
        await foreach (var change in cluster.Store.Subscribe().Changes.ReadAllAsync(cancellationToken))
        {
            var (key, json) = (change.Object.Key, change.Object.Json);
            if (Kinds.Contains(key.Plural))
            {
                _lines.Enqueue((key.Name, string.Create(
                    CultureInfo.InvariantCulture,
                    $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {change.Type} {key.Plural} {key.Name} {change.Object.Uid} {json["status"]?["phase"]} {json["status"]?["message"]} {json["metadata"]?["deletionTimestamp"]} {json["metadata"]?["ownerReferences"]?[0]?["uid"]}")));
            }
        }
    }
}
