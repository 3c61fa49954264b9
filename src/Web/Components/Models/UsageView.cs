using Runner.Engine.Capacity.Usage;
using Runner.Web.Live;

namespace Runner.Web.Components.Models;

/// <summary>What is used in some clusters, watched as long as a component shows it.</summary>
/// <param name="changed">Called on any thread when something may have changed: quick, and never throws.</param>
internal sealed class UsageView(IConsoleEngine engine, UsageSubject subject, Action changed) : IDisposable
{
    private IReadOnlyList<(string Cluster, IDisposable Watch)> _watched = [];

    /// <summary>Of the first cluster where nothing is known, why; an empty one where all is well.</summary>
    public UsageList Troubled => _watched.Select(watch => Of(watch.Cluster)).FirstOrDefault(list => list.Problem.Length > 0) ?? UsageList.Unknown;

    /// <summary>Watches these clusters and no others.</summary>
    public void Follow(IReadOnlyList<string> clusters)
    {
        if (!clusters.SequenceEqual(_watched.Select(watch => watch.Cluster)))
        {
            Dispose();
            _watched = [.. clusters.Select(cluster => (cluster, engine.WatchUsage(subject, cluster, changed)))];
        }
    }

    public UsageList Of(string cluster) => engine.UsageOf(subject, cluster);

    public void Dispose()
    {
        foreach (var (_, watch) in _watched)
        {
            watch.Dispose();
        }
    }
}
