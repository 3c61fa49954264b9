namespace Runner.EmbeddedCluster.Logs;

/// <summary>Logs of simulated containers: per pod uid and container the current and the previous run. The kubelet writes, the API reads.</summary>
internal sealed class PodLogStore
{
    /// <summary>A container (re)starts: what was the current run becomes the previous one.</summary>
    public void StartRun(string podUid, string container) => throw new NotImplementedException();

    public void Append(string podUid, string container, DateTimeOffset time, string line) => throw new NotImplementedException();

    /// <summary>The current run ended: followers get what there is and then the end of the stream.</summary>
    public void EndRun(string podUid, string container) => throw new NotImplementedException();

    /// <summary>The pod is gone: its logs go too, followers end.</summary>
    public void Forget(string podUid) => throw new NotImplementedException();

    /// <summary>Lines of the current or the previous run; with <paramref name="follow"/> also those to come, until the run ends.</summary>
    public IAsyncEnumerable<(DateTimeOffset Time, string Line)> ReadAsync(
        string podUid, string container, bool previous, bool follow, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
