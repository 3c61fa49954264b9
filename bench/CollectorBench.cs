using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Logs;
using Runner.Engine.Logs.Collector;
using Runner.Tests.Support;

namespace Runner.Bench;

/// <summary>
/// The log collector as a process of its own between a cluster of a thousand pods and a Loki. First how fast it is at its best, beside pushing the same bytes
/// without reading them from anywhere; then a long run with twenty thousand lines a second, while Loki is cut off, slow and refusing at times, pods restart and the
/// collector is killed twice.
/// </summary>
internal static class CollectorBench
{
    private const int Pods = 1000;
    private const int LinesPerSecond = 20;
    private const int LineLength = 60;
    private const int FloodPods = 50;
    private const int FloodLines = 10_000;

    /// <summary>Length of the long run.</summary>
    public static TimeSpan Duration { get; set; } = TimeSpan.FromSeconds(60);

    public static async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        await using var loki = new CountingLoki();
        await loki.UpAsync();
        await FloodAsync(report, loki, cancellationToken);
        await LongRunAsync(report, loki, cancellationToken);
    }

    private static async Task FloodAsync(Report report, CountingLoki loki, CancellationToken cancellationToken)
    {
        List<double> ours = [], bare = [];
        for (var round = 0; round < 3; round++)
        {
            await using var world = await World.StartAsync(services: 0, cancellationToken);
            var uids = Enumerable.Range(0, FloodPods).Select(i => Put(world, i, 0)).ToList();
            var now = TimeProvider.System.GetUtcNow().AddMinutes(-1);
            for (var i = 1; i <= FloodLines; i++)
            {
                foreach (var uid in uids)
                {
                    world.Cluster.Logs.Append(uid, "user-container", now.AddTicks(i * 1000), Line(i));
                }
            }

            loki.Reset();
            await using (var collector = await StartAsync(world, loki, megabytesPerSecond: 0, cancellationToken))
            {
                await World.UntilAsync(() => loki.Lines >= FloodPods * FloodLines, "every line is there", collector, cancellationToken);
                ours.Add(loki.Bytes / 1e6 / Stopwatch.GetElapsedTime(loki.FirstAt, loki.LastAt).TotalSeconds);
            }

            bare.Add(await BareAsync(loki, loki.Bytes, cancellationToken));
        }

        report.Add($"collected from {FloodPods} pods of {FloodLines} lines", "MB/s", ours);
        report.Add("pushed barely, the same lines ready in memory", "MB/s", bare);
        report.Ratio("collected / pushed barely", Report.Median(ours) / Report.Median(bare), "to be told");
    }

    /// <summary>Writes and pushes as many bytes of lines in batches as large as the collector's.</summary>
    private static async Task<double> BareAsync(CountingLoki loki, long bytes, CancellationToken cancellationToken)
    {
        loki.Reset();
        using var client = new LokiClient(loki.Address, new(), TimeSpan.FromSeconds(30), TimeProvider.System);
        var stream = new BareStream();
        var stamp = "2026-11-23T19:01:17.123456789Z "u8.ToArray();
        var begin = Stopwatch.GetTimestamp();
        var number = 0;
        for (long sent = 0; sent < bytes;)
        {
            var text = new List<byte>();
            var entries = new List<LogEntry>();
            while (text.Count < 1024 * 1024)
            {
                var start = text.Count;
                text.AddRange(stamp);
                text.AddRange(System.Text.Encoding.UTF8.GetBytes(Line(++number)));
                entries.Add(new(start, text.Count - start, number, number));
            }

            await client.PushAsync(PushBody.Write([new LogChunk(stream, [.. text], [.. entries], 0).Whole]), cancellationToken);
            sent += text.Count;
        }

        return loki.Bytes / 1e6 / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private static async Task LongRunAsync(Report report, CountingLoki loki, CancellationToken cancellationToken)
    {
        await using var world = await World.StartAsync(services: 0, cancellationToken);
        var uids = Enumerable.Range(0, Pods).Select(i => Put(world, i, 0)).ToArray();
        loki.Reset();
        var collector = await StartAsync(world, loki, megabytesPerSecond: 4, cancellationToken);
        var memory = new List<(double At, double Megabytes)>();
        using var done = new CancellationTokenSource();
        var begin = Stopwatch.GetTimestamp();
        var writing = Task.Run(() => WriteAsync(world, uids, done.Token), CancellationToken.None);
        var kills = new Queue<double>([0.35, 0.8]);
        while (Stopwatch.GetElapsedTime(begin) < Duration)
        {
            var share = Stopwatch.GetElapsedTime(begin) / Duration;
            loki.Temper = share switch
            {
                > 0.45 and < 0.52 => LokiTemper.Slow,
                > 0.6 and < 0.65 => LokiTemper.Limited,
                > 0.7 and < 0.73 => LokiTemper.Failing,
                _ => LokiTemper.Well,
            };
            await (share is > 0.2 and < 0.25 ? loki.DownAsync() : loki.IsUp ? Task.CompletedTask : loki.UpAsync());
            if (kills.TryPeek(out var at) && share > at)
            {
                kills.Dequeue();
                await collector.DisposeAsync();
                collector = await StartAsync(world, loki, megabytesPerSecond: 4, cancellationToken);
            }

            await Task.Delay(500, cancellationToken);
            memory.Add((share, Resident(collector.Id)));
        }

        await done.CancelAsync();
        var written = await writing;
        var rate = written / Stopwatch.GetElapsedTime(begin).TotalSeconds;
        loki.Temper = LokiTemper.Well;
        begin = Stopwatch.GetTimestamp();
        while (loki.Lines < written && Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(120))
        {
            await Task.Delay(100, cancellationToken);
        }

        report.Add("lines written a second", "1/s", [rate]);
        report.Add("lines written", "", [written]);
        report.Add("lines that arrived", "", [loki.Lines]);
        report.Add("lines that never arrived", "", [written - loki.Lines]);
        report.Add("lines out of order or after a gap", "", [loki.Missing]);
        report.Add("lines sent again (Loki keeps one of two alike)", "", [loki.Repeated]);
        report.Add("pushes", "", [loki.Pushes]);
        report.Add("until the last line arrived after the last was written", "s", [Stopwatch.GetElapsedTime(begin).TotalSeconds]);
        report.Add("resident memory of the collector, first third", "MB", [.. memory.Where(sample => sample.At < 0.34).Select(sample => sample.Megabytes)]);
        report.Add("resident memory of the collector, second third", "MB", [.. memory.Where(sample => sample.At is > 0.37 and < 0.79).Select(sample => sample.Megabytes)]);
        report.Add("resident memory of the collector, the rest", "MB", [.. memory.Where(sample => sample.At > 0.82).Select(sample => sample.Megabytes)]);
        using var http = new HttpClient { BaseAddress = await World.ListeningAsync(collector, cancellationToken) };
        report.Say(await http.GetStringAsync("/api/v1/logcollector/stats", cancellationToken));
        await collector.DisposeAsync();
    }

    /// <returns>Lines written.</returns>
    private static async Task<long> WriteAsync(World world, string[] uids, CancellationToken cancellationToken)
    {
        var numbers = new long[uids.Length];
        var restarts = new int[uids.Length];
        long written = 0;
        var begin = Stopwatch.GetTimestamp();
        const int Steps = 20;
        for (var step = 0; !cancellationToken.IsCancellationRequested; step++)
        {
            for (var pod = step % Steps; pod < uids.Length; pod += Steps)
            {
                // Each pod restarts about once in two minutes.
                if (step > Steps * 10 && (step / Steps) % 120 == pod % 120)
                {
                    world.Cluster.Logs.StartRun(uids[pod], "user-container");
                    Put(world, pod, ++restarts[pod]);
                }

                for (var line = 0; line < LinesPerSecond; line++)
                {
                    world.Cluster.Logs.Append(uids[pod], "user-container", TimeProvider.System.GetUtcNow(), Line(++numbers[pod]));
                    written++;
                }
            }

            var ahead = TimeSpan.FromSeconds((step + 1) / (double)Steps) - Stopwatch.GetElapsedTime(begin);
            if (ahead > TimeSpan.Zero)
            {
                await Task.Delay(ahead, CancellationToken.None);
            }
        }

        return written;
    }

    private static string Line(long number)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        return new string('x', LineLength - text.Length - 1) + " " + text;
    }

    /// <returns>The pod's uid.</returns>
    private static string Put(World world, int pod, int restarts)
    {
        var key = new ObjectKey("", "pods", World.Namespace, $"pod-{pod:0000}");
        var status = JsonNode.Parse($$$"""{"phase":"Running","containerStatuses":[{"name":"user-container","image":"a","imageID":"a","ready":true,"restartCount":{{{restarts}}},"state":{"running":{"startedAt":"2026-01-01T00:00:00Z"} }{{{(restarts > 0 ? ",\"lastState\":{\"terminated\":{\"exitCode\":1} }" : "")}}} }] }""");
        if (world.Cluster.Store.Get(key) is null)
        {
            world.Cluster.Store.Create(key, JsonNode.Parse($$$"""
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{key.Name}}}","namespace":"{{{World.Namespace}}}","labels":{"serving.knative.dev/service":"bench","csghub_deploy_id":"{{{pod}}}","csghub_deploy_task_id":"{{{pod}}}"} },
                 "spec":{"nodeName":"node-0","containers":[{"name":"user-container","image":"a"}] } }
                """)!.AsObject());
            world.Cluster.Logs.StartRun(world.Cluster.Store.Get(key)!.Uid, "user-container");
        }

        var changed = world.Cluster.Store.Get(key)!.Edit();
        changed["status"] = status;
        return world.Cluster.Store.Update(key, changed, "status").Uid;
    }

    private static async Task<ChildProcess> StartAsync(World world, CountingLoki loki, int megabytesPerSecond, CancellationToken cancellationToken)
    {
        var collector = ChildProcess.Start(
            new Dictionary<string, string>(world.Settings)
            {
                ["STARHUB_SERVER_LOGCOLLECTOR_PORT"] = "0",
                ["STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL"] = loki.Address.ToString(),
                ["STARHUB_SERVER_LOGCOLLECTOR_MAX_CONCURRENT_STREAMS"] = "2000",
                ["RUNNER_LOGCOLLECTOR_MB_PER_SECOND"] = megabytesPerSecond.ToString(CultureInfo.InvariantCulture),
            },
            ChildProcess.Runner, "deploy", "logcollector");
        await World.ListeningAsync(collector, cancellationToken);
        return collector;
    }

    private static double Resident(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private sealed class BareStream() : LogStream("{pod_name=\"bare\"}")
    {
        public override void Done(ChunkPart part)
        {
            // Nobody asks.
        }
    }
}
