using System.Diagnostics;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Logs.Collector;
using Runner.Engine.Storage;
using Runner.Engine.Workloads.History;
using Runner.Web.Live.Hub;

namespace Runner.Web.Live.Vitals;

/// <summary>Reads how this process is, from the parts themselves.</summary>
internal sealed class VitalsReader(
    Database database, ClusterDirectory clusters, Outbox outbox, HubLeadership leadership, WorkloadHistory history, LogCollection logs, LiveConnections live, OpenCircuits circuits, TimeProvider time) : IVitals
{
    /// <summary>Files are looked at no more often, however many pages are open.</summary>
    private static readonly TimeSpan FilesFor = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private (long At, long Free, IReadOnlyList<FileVitals> Files)? _files;

    public RunnerVitals Read()
    {
        var (free, files) = Files();
        return new(
            OfProcess(),
            new(database.Status, database.Folder, free, files),
            new(outbox.Status, leadership.IsLeader, leadership.Leader),
            [.. clusters.Connections.SelectMany(cluster => cluster.State.Caches.Select(cache => new CacheVitals(cluster.Name, cache)))],
            [.. Queues()],
            new(circuits.Open, circuits.Connected, live.Open));
    }

    private IEnumerable<QueueVitals> Queues()
    {
        var (status, collected) = (database.Status, logs.Status);
        yield return new("writes", "", status.WaitingWrites, null);
        yield return new("outbox", "", outbox.Status.Waiting, null);
        yield return new("history", "", history.Waiting, history.Dropped);
        if (collected.Mode != Runner.Engine.Configuration.LogCollectorMode.Off)
        {
            yield return new("lines", "", collected.HeldLines, collected.Dropped.Values.Sum());
        }

        foreach (var cluster in clusters.Connections)
        {
            foreach (var (name, depth) in cluster.State.QueueDepths)
            {
                yield return new("workloads", $"{cluster.Name}: {name}", depth, null);
            }
        }
    }

    private static ProcessVitals OfProcess()
    {
        using var process = Process.GetCurrentProcess();
        var memory = GC.GetGCMemoryInfo();
        return new(
            typeof(VitalsReader).Assembly.GetName().Version?.ToString(3) ?? "",
            process.StartTime.ToUniversalTime(),
            process.TotalProcessorTime,
            process.WorkingSet64,
            memory.HeapSizeBytes,
            memory.TotalAvailableMemoryBytes,
            memory.PauseTimePercentage,
            GC.CollectionCount(2),
            process.Threads.Count,
            ThreadPool.PendingWorkItemCount,
            process.HandleCount);
    }

    private (long Free, IReadOnlyList<FileVitals> Files) Files()
    {
        lock (_lock)
        {
            if (_files is { } known && time.GetElapsedTime(known.At) < FilesFor)
            {
                return (known.Free, known.Files);
            }

            _files = (time.GetTimestamp(), new DriveInfo(database.Folder).AvailableFreeSpace, Look(new DirectoryInfo(database.Folder)));
            return (_files.Value.Free, _files.Value.Files);
        }
    }

    private static List<FileVitals> Look(DirectoryInfo folder)
    {
        var files = new List<FileVitals>();
        foreach (var entry in folder.EnumerateFileSystemInfos())
        {
            var of = entry is DirectoryInfo below ? below.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }) : [(FileInfo)entry];
            var lengths = of.Select(LengthOf).ToList();
            files.Add(new(entry.Name + (entry is DirectoryInfo ? "/" : ""), lengths.Count, lengths.Sum()));
        }

        return [.. files.OrderByDescending(file => file.Bytes).ThenBy(file => file.Name, StringComparer.Ordinal)];
    }

    /// <summary>Files come and go while they are looked at.</summary>
    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
