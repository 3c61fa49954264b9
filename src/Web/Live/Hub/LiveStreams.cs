using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Runner.Engine;
using Runner.Engine.Logs;
using Runner.Engine.Workloads;
using Runner.Web.Live.Logs;

namespace Runner.Web.Live.Hub;

/// <summary>
/// The streams of the live hub, made of the same <see cref="LiveFeed"/> and <see cref="LogStreams"/> as the pages. Each holds a bounded amount: states are
/// merged per workload until the client has taken the step before, lines are dropped and counted.
/// </summary>
internal sealed class LiveStreams(IConsoleEngine engine, LivePace pace, TimeProvider time, ILogger<LiveFeed> logger)
{
    /// <summary>Workloads in one message.</summary>
    public const int Page = 200;

    /// <summary>Lines that wait for a client.</summary>
    public const int MostLines = 20_000;

    /// <summary>Lines in one message.</summary>
    public const int LinesInMessage = 500;

    private static readonly TimeSpan CapacityInterval = TimeSpan.FromSeconds(1);

    public async IAsyncEnumerable<WorkloadsMessage> WorkloadsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var feed = new LiveFeed(engine, pace, time, logger);
        var batches = Steps();

        // Listening comes before reading, so that nothing falls between the two; what changed in between is told again.
        using var listening = feed.Listen(LiveParts.Workloads | LiveParts.Clusters, batch => OfferAsync(batches.Writer, batch, cancellationToken));
        var clusters = Clusters();
        var pages = engine.Workloads.Values.Select(LiveWorkload.Of).Chunk(Page).ToList();
        for (var page = 0; page < Math.Max(1, pages.Count); page++)
        {
            yield return new WorkloadsMessage("snapshot", page < pages.Count - 1, pages.Count > 0 ? pages[page] : [], [], page == 0 ? clusters : null);
        }

        await foreach (var batch in batches.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            var current = engine.Workloads;
            var told = batch.Clusters ? Clusters() : null;
            foreach (var keys in batch.Workloads.Count > 0 ? batch.Workloads.Chunk(Page) : [[]])
            {
                yield return new WorkloadsMessage(
                    "changes",
                    false,
                    [.. keys.Select(key => current.GetValueOrDefault(key)).OfType<Workload>().Select(LiveWorkload.Of)],
                    [.. keys.Where(key => !current.ContainsKey(key)).Select(WorkloadReference.Write)],
                    told);
                told = null;
            }
        }
    }

    public async IAsyncEnumerable<CapacityMessage> CapacityAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var feed = new LiveFeed(engine, pace, time, logger);
        var batches = Steps();
        using var listening = feed.Listen(LiveParts.Capacity | LiveParts.Clusters, batch => OfferAsync(batches.Writer, batch, cancellationToken));
        yield return CapacityMessage.Of(engine.Capacity);
        await foreach (var _ in batches.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return CapacityMessage.Of(engine.Capacity);
            await Task.Delay(CapacityInterval, time, cancellationToken).ConfigureAwait(false);
        }
    }

    public async IAsyncEnumerable<LogsMessage> LogsAsync(LogSelection selection, LogSince since, bool previous, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var dropped = 0L;
        var lines = Channel.CreateBounded<LogLine>(
            new BoundedChannelOptions(MostLines) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, _ => Interlocked.Increment(ref dropped));
        var wake = new Signal();
        void Take(LogLine line)
        {
            lines.Writer.TryWrite(line);
            wake.Set();
        }

        await using var feed = new LiveFeed(engine, pace, time, logger);
        await using var streams = new LogStreams(engine, time, since, previous, Take, wake.Set);
        using var listening = feed.Listen(
            LiveParts.Workloads,
            _ =>
            {
                streams.Want(LogTargets.Find(selection, engine));
                return Task.CompletedTask;
            },
            LiveFeed.Nothing);
        streams.Want(LogTargets.Find(selection, engine));
        while (true)
        {
            var batch = new List<LiveLine>();
            while (batch.Count < LinesInMessage && lines.Reader.TryRead(out var line))
            {
                batch.Add(LiveLine.Of(line));
            }

            yield return new LogsMessage(batch, Interlocked.Exchange(ref dropped, 0), streams.Open, Problems(streams));
            if (previous && streams is { Open: 0, Waiting: 0 } && lines.Reader.Count == 0)
            {
                yield break;
            }

            if (batch.Count < LinesInMessage)
            {
                await Task.Delay(LivePace.Most, time, cancellationToken).ConfigureAwait(false);
                await wake.WaitAsync(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
                if (streams.Waiting > 0)
                {
                    streams.Want(LogTargets.Find(selection, engine));
                }
            }
        }
    }

    private static Dictionary<string, string> Problems(LogStreams streams) =>
        streams.Problems.ToDictionary(problem => $"{problem.Key.Pod}/{problem.Key.Container}", problem => problem.Value.English);

    // One step waits; until it is taken the feed merges what comes.
    private static Channel<LiveBatch> Steps() => Channel.CreateBounded<LiveBatch>(new BoundedChannelOptions(1) { SingleReader = true });

    private static Task OfferAsync(ChannelWriter<LiveBatch> steps, LiveBatch batch, CancellationToken cancellationToken) => steps.WriteAsync(batch, cancellationToken).AsTask();

    private IReadOnlyList<LiveCluster> Clusters() => [.. engine.Clusters.Select(LiveCluster.Of)];
}
