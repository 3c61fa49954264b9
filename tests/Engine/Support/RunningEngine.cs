using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads;

namespace Runner.Tests.Engine.Support;

/// <summary>Connections, caches and feed of the engine, running until disposed, with the pauses of a patient human cut short.</summary>
internal sealed class RunningEngine : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;

    public RunningEngine(IReadOnlyList<ClusterEndpoint> endpoints, IReadOnlyList<IWorkloadObserver>? observers = null, WatchSettings? settings = null)
    {
        Clusters = new(endpoints, new RunnerOptions(), Feed, observers ?? [], settings ?? Quick, TimeProvider.System, NullLoggerFactory.Instance);
        _run = Clusters.RunAsync(_stop.Token);
    }

    public static WatchSettings Quick { get; } = new()
    {
        WatchSilence = TimeSpan.FromSeconds(20),
        Reopen = new(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(200)),
        Relist = new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(500)),
        Unavailable = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200)),
        Probe = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(200)),
    };

    public WorkloadFeed Feed { get; } = new();

    public ClusterDirectory Clusters { get; }

    public ClusterConnection Cluster => Clusters.Connections[0];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        _stop.Dispose();
    }
}

/// <summary>An observer that remembers what it was told of services, and refuses when told to.</summary>
internal sealed class RecordingObserver : IWorkloadObserver
{
    private readonly ConcurrentQueue<(Workload? Before, Workload? After)> _changes = new();
    private readonly ConcurrentQueue<IReadOnlyCollection<Workload>> _syncs = new();

    /// <summary>While true, every call fails.</summary>
    public bool Fails { get; set; }

    /// <summary>How long it takes to write a change down.</summary>
    public Func<Workload, Task> Writes { get; init; } = _ => Task.CompletedTask;

    public bool ComesFirst { get; init; }

    public IReadOnlyList<(Workload? Before, Workload? After)> Changes => [.. _changes];

    public IReadOnlyList<IReadOnlyCollection<Workload>> Syncs => [.. _syncs];

    public async ValueTask ChangedAsync(Workload? before, Workload? after, CancellationToken cancellationToken)
    {
        Refuse();
        await Writes((after ?? before)!);
        _changes.Enqueue((before, after));
    }

    public ValueTask SyncedAsync(WorkloadSnapshot snapshot, CancellationToken cancellationToken)
    {
        Refuse();
        if (snapshot.Kinds.Contains(WorkloadKind.Service))
        {
            _syncs.Enqueue(snapshot.Workloads);
        }

        return ValueTask.CompletedTask;
    }

    private void Refuse()
    {
        if (Fails)
        {
            throw new IOException("The disk is full, as told.");
        }
    }
}
