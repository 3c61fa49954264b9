using System.Runtime.CompilerServices;

namespace Runner.EmbeddedCluster.Logs;

/// <summary>Logs of simulated containers: per pod uid and container the current and the previous run. The kubelet writes, the API reads. Bounded: old lines of a long run go.</summary>
internal sealed class PodLogStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<string, Runs>> _pods = [];

    /// <summary>A container (re)starts: what was the current run becomes the previous one.</summary>
    public void StartRun(string podUid, string container)
    {
        lock (_lock)
        {
            if (!_pods.TryGetValue(podUid, out var containers))
            {
                _pods[podUid] = containers = [];
            }

            containers.TryGetValue(container, out var runs);
            runs?.Current.End();
            containers[container] = new Runs(new ContainerLog(), runs?.Current);
        }
    }

    /// <summary>Adds a line to the current run; the first line begins one.</summary>
    public void Append(string podUid, string container, DateTimeOffset time, string line)
    {
        if (Run(podUid, container, previous: false) is null)
        {
            StartRun(podUid, container);
        }

        Run(podUid, container, previous: false)?.Append(time, line);
    }

    /// <summary>The current run ended: followers get what there is and then the end of the stream.</summary>
    public void EndRun(string podUid, string container) => Run(podUid, container, previous: false)?.End();

    /// <summary>The pod is gone: its logs go too, followers end.</summary>
    public void Forget(string podUid)
    {
        lock (_lock)
        {
            if (_pods.Remove(podUid, out var containers))
            {
                foreach (var runs in containers.Values)
                {
                    runs.Current.End();
                }
            }
        }
    }

    /// <summary>Whether the container has run at all.</summary>
    public bool Has(string podUid, string container) => Run(podUid, container, previous: false) is not null;

    /// <summary>How many follow the current run and have been given all there is of it.</summary>
    public int CaughtUp(string podUid, string container) => Run(podUid, container, previous: false)?.CaughtUp ?? 0;

    /// <summary>Lines of the current or the previous run; with <paramref name="follow"/> also those to come, until the run ends.</summary>
    public async IAsyncEnumerable<(DateTimeOffset Time, string Line)> ReadAsync(
        string podUid, string container, bool previous, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in ReadBatchesAsync(podUid, container, previous, follow, null, cancellationToken))
        {
            foreach (var line in batch)
            {
                yield return line;
            }
        }
    }

    /// <summary>As <see cref="ReadAsync"/>, all lines that are there at once.</summary>
    /// <param name="tail">How many of the lines that are already there; null for all.</param>
    public IAsyncEnumerable<IReadOnlyList<(DateTimeOffset Time, string Line)>> ReadBatchesAsync(
        string podUid, string container, bool previous, bool follow, int? tail, CancellationToken cancellationToken) =>
        Run(podUid, container, previous)?.ReadAsync(follow, tail, cancellationToken) ?? AsyncEnumerable.Empty<IReadOnlyList<(DateTimeOffset, string)>>();

    private ContainerLog? Run(string podUid, string container, bool previous)
    {
        lock (_lock)
        {
            return _pods.TryGetValue(podUid, out var containers) && containers.TryGetValue(container, out var runs)
                ? previous ? runs.Previous : runs.Current
                : null;
        }
    }

    private sealed record Runs(ContainerLog Current, ContainerLog? Previous);
}
