using Runner.Engine.Clusters.Caches;
using Runner.Web.Live.Vitals;

namespace Runner.Web.Components.Models.Operations;

/// <summary>What is wrong with the process itself.</summary>
/// <param name="Id">Key of the sentence among the texts: <c>Trouble.</c> and this.</param>
/// <param name="Evidence">What was seen.</param>
internal sealed record Trouble(string Id, string Evidence);

/// <summary>What the page of the runner's own health shows. Reads every two seconds while it is watched.</summary>
internal sealed class RunnerHealthModel(IVitals source, TimeProvider time) : IDisposable
{
    /// <summary>Less room than this on the disk of the data folder is told.</summary>
    public const long LittleRoom = 256L * 1024 * 1024;

    private readonly PeriodicReading _reading = new(time, TimeSpan.FromSeconds(2));

    public RunnerVitals Vitals { get; private set; } = source.Read();

    /// <summary>Share of one core that was used between the last two readings; null before the second one.</summary>
    public double? ProcessorPercent { get; private set; }

    public IReadOnlyList<Trouble> Troubles => [.. Find(Vitals)];

    /// <summary>Caches of all clusters, those in trouble first.</summary>
    public IEnumerable<IGrouping<string, CacheVitals>> CachesByCluster => Vitals.Caches.OrderBy(cache => cache.Status.Health == CacheHealth.Synced).GroupBy(cache => cache.Cluster);

    /// <summary>Reads again until disposed, and tells of it.</summary>
    public void Watch(Func<Task> changed) => _reading.Watch(Read, changed);

    public void Read()
    {
        var (now, before, elapsed) = (source.Read(), Vitals, _reading.SinceLast());
        ProcessorPercent = elapsed > TimeSpan.Zero ? 100 * (now.Process.ProcessorTime - before.Process.ProcessorTime) / elapsed : null;
        Vitals = now;
    }

    public void Dispose() => _reading.Dispose();

    private static IEnumerable<Trouble> Find(RunnerVitals vitals)
    {
        if (vitals.Storage.Database.Problem is { } problem)
        {
            yield return new("Disk", problem.Text);
        }
        else if (vitals.Storage.Free < LittleRoom)
        {
            yield return new("Room", vitals.Storage.Folder);
        }

        foreach (var cache in vitals.Caches.Where(cache => cache.Status.Health == CacheHealth.Interrupted))
        {
            yield return new("Cache", $"{cache.Cluster}: {cache.Status.Resource}. {cache.Status.Problem.Shown}");
        }

        if (vitals.Hub.Outbox.LastError.Length > 0 && vitals.Hub.IsLeader)
        {
            yield return new("Hub", vitals.Hub.Outbox.LastError.Shown);
        }

        foreach (var queue in vitals.Queues.Where(queue => queue.Dropped > 0))
        {
            yield return new($"Dropped.{queue.Id}", queue.Dropped!.Value.ToString("N0", System.Globalization.CultureInfo.CurrentCulture));
        }
    }
}
