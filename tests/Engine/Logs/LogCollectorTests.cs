using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Configuration;
using Runner.Engine.Logs;
using Runner.Engine.Logs.Collector;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Logs;

/// <summary>Log collection from a cluster over HTTP to a Loki over HTTP, in this process.</summary>
public sealed class LogCollectorTests : IAsyncLifetime
{
    private static readonly ObjectKey PodKey = new("", "pods", "spaces", "");

    private readonly TemporaryFolder _folder = new();
    private TestCluster _cluster = null!;
    private RunningEngine _engine = null!;
    private RecordingLoki _loki = null!;
    private int _written;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _loki = await RecordingLoki.StartAsync();
        _cluster = await TestCluster.StartAsync();
        _engine = new RunningEngine([_cluster.Endpoint]);
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _cluster.DisposeAsync();
        await _loki.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_line_arrives_once_and_in_order_though_Loki_fails_and_the_API_server_and_containers_restart()
    {
        var turn = 0;
        _loki.Mood = _ => (Interlocked.Increment(ref turn) % 7) switch
        {
            1 => new(500, "no"),
            2 => new(429, "Ingestion rate limit exceeded for user fake", RetryAfter: 0),
            3 => new(204, Abort: true),
            4 => new(200, "<html>Welcome to the hotel's network"),
            _ => new(),
        };
        string[] pods = ["a", "b", "c"];
        var uids = pods.ToDictionary(pod => pod, StartPod);
        await using var running = Collect();
        for (var round = 1; round <= 4; round++)
        {
            foreach (var (pod, uid) in uids)
            {
                Say(uid, 25);
                if (round % 2 == 0)
                {
                    // Once it was read the run ends and another begins. The pod's status follows its log at some distance: of a stream that is opened anew in
                    // between nobody can tell which run it is of.
                    await Eventually.TrueAsync(() => _loki.Count == _written, () => $"{_loki.Count} of {_written} lines; {running.Collection.Status}", 60);
                    _cluster.Host.Logs.StartRun(uid, "user-container");
                    Restarted(pod, round / 2);
                    Say(uid, 5);
                }
            }

            await Eventually.TrueAsync(() => _loki.Count == _written, () => $"{_loki.Count} of {_written} lines; {running.Collection.Status}", 60);
            await _cluster.Host.RestartAsync(Cancel);
        }

        Assert.Equal(0, _loki.Disordered);
        Assert.Equal(3, _loki.Streams.Count);
        foreach (var pod in pods)
        {
            Assert.Equal(110, _loki.TextsOf($"pod_name=\"{pod}\"").Count);
            Assert.Equal(_loki.TextsOf($"pod_name=\"{pod}\"").Order(StringComparer.Ordinal), _loki.TextsOf($"pod_name=\"{pod}\""));
        }

        Assert.Empty(running.Collection.Status.Dropped);
        Assert.True(running.Collection.Status.Failures > 0);
    }

    [Fact]
    public async Task A_line_that_Loki_refuses_holds_up_no_other_and_is_counted_by_its_reason()
    {
        _loki.Mood = lines => lines.Any(line => line.Text.Contains("old", StringComparison.Ordinal))
            ? new(400, "entry for stream '{}' has timestamp too old: 2026-01-01")
            : lines.Any(line => line.Text.Contains("greedy", StringComparison.Ordinal)) ? new(429, "Maximum active stream limit exceeded, reduce the number of active streams") : new();
        var uid = StartPod("a");
        Say(uid, 30, " fine");
        Say(uid, 1, " old");
        Say(uid, 30, " fine");
        Say(uid, 1, " greedy");
        Say(uid, 30, " fine");

        await using var running = Collect(settings => settings with { DropAfter = TimeSpan.FromMilliseconds(200) });

        await Eventually.TrueAsync(() => _loki.Count == 90, () => $"{_loki.Count} of 90 lines; {running.Collection.Status}", 30);
        await Eventually.TrueAsync(() => running.Collection.Status.Dropped.Count == 2, "both are counted");
        Assert.Equal(1, running.Collection.Status.Dropped[DropReason.TooOld]);
        Assert.Equal(1, running.Collection.Status.Dropped[DropReason.Limited]);
        Assert.Equal(0, _loki.Disordered);
        Assert.Contains("stream limit", running.Collection.Status.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_Loki_is_down_no_more_than_allowed_is_held_and_nothing_is_lost()
    {
        await _loki.DownAsync();
        const int Most = 64 * 1024;
        var uids = Enumerable.Range(0, 8).Select(i => StartPod($"p{i}")).ToList();
        await using var running = Collect(settings => settings with { BufferBytes = Most });
        foreach (var uid in uids)
        {
            Say(uid, 400, new string('x', 200));
        }

        await Eventually.TrueAsync(() => running.Collection.Status is { HeldBytes: > Most / 2, Problem.Length: > 0 }, () => running.Collection.Status.ToString(), 30);
        for (var i = 0; i < 20; i++)
        {
            Say(uids[0], 100);
            Assert.InRange(running.Collection.Status.HeldBytes, 1, Most);
        }

        await _loki.UpAsync();
        await Eventually.TrueAsync(() => _loki.Count == _written, () => $"{_loki.Count} of {_written} lines; {running.Collection.Status}", 60);
        Assert.Equal(0, _loki.Disordered);
        Assert.Empty(running.Collection.Status.Dropped);
        Assert.Equal("", running.Collection.Status.Problem);
        Assert.InRange(running.Collection.Status.HeldBytes, 0, Most);
    }

    [Fact]
    public async Task More_containers_than_streams_take_turns_and_such_as_ended_are_read_too()
    {
        var uids = Enumerable.Range(0, 12).ToDictionary(i => $"p{i}", i => StartPod($"p{i}"));
        foreach (var (pod, uid) in uids.Take(4))
        {
            Say(uid, 3);
            _cluster.Host.Logs.EndRun(uid, "user-container");
            _cluster.PutPod("web", pod, 0, phase: "Succeeded", ended: true);
        }

        await using var running = Collect(settings => settings with { MaxStreams = 3, Slice = TimeSpan.FromMilliseconds(50) });
        for (var round = 0; round < 3; round++)
        {
            foreach (var uid in uids.Values.Skip(4))
            {
                Say(uid, 3);
            }

            await Eventually.TrueAsync(() => _loki.Count == _written, () => $"{_loki.Count} of {_written} lines; {running.Collection.Status}", 60);
            Assert.InRange(running.Collection.Status.Streams, 0, 3);
        }

        Assert.Equal(12, _loki.Streams.Count);
        Assert.Equal(0, _loki.Disordered);
    }

    [Fact]
    public async Task What_was_read_is_delivered_at_the_end_and_the_next_process_goes_on_behind_it()
    {
        var uid = StartPod("a");
        Say(uid, 10);
        await using (var first = Collect(settings => settings with { BatchDelay = TimeSpan.FromHours(1), BatchSize = 1000 }))
        {
            await Eventually.TrueAsync(() => first.Collection.Status.HeldLines == 10, "the lines are read", 30);
            Assert.Equal(0, _loki.Count);
        }

        Assert.Equal(10, _loki.Count);

        // Nobody reads while the run goes on, ends and is followed by another one.
        Say(uid, 10);
        _cluster.Host.Logs.StartRun(uid, "user-container");
        Restarted("a", 1);
        Say(uid, 10);
        await using var second = Collect();
        await Eventually.TrueAsync(() => _loki.Count == 30, () => $"{_loki.Count} of 30 lines", 30);
        Assert.Equal((0, 0), (_loki.Repeated, _loki.Disordered));
        await Eventually.TrueAsync(() => second.Collection.Status.Sent == 20, "no line was sent twice");
    }

    [Fact]
    public async Task Lines_alike_at_the_same_moment_are_kept_apart_and_a_line_too_long_is_cut_and_says_so()
    {
        var uid = StartPod("a");
        var now = TimeProvider.System.GetUtcNow();
        foreach (var text in new[] { "same", "same", "same", new string('é', 200_000), "after" })
        {
            _cluster.Host.Logs.Append(uid, "user-container", now, text);
        }

        await using var running = Collect();
        await Eventually.TrueAsync(() => _loki.Count == 5, () => $"{_loki.Count} of 5 lines; {running.Collection.Status}", 30);

        var texts = _loki.TextsOf("pod_name=\"a\"");
        Assert.Equal(["same", "same", "same"], texts.Take(3));
        Assert.Equal("after", texts[4]);
        Assert.EndsWith("is left out]", texts[3], StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', texts[3]);
        Assert.All(_loki.Streams.Values.Single(), line => Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(line.Text), 1, 256 * 1024));
        Assert.Equal(1, running.Collection.Status.Cut);
    }

    [Fact]
    public async Task A_damaged_file_of_positions_makes_lines_come_again_and_none_be_lost()
    {
        var uid = StartPod("a");
        Say(uid, 10);
        await using (Collect())
        {
            await Eventually.TrueAsync(() => _loki.Count == 10, "the lines are there", 30);
        }

        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "logcollector", "positions"), "\u001bcsghub-runner log positions\u0001\0\0\0\u0005x", Cancel);
        Say(uid, 10);
        await using var second = Collect();
        await Eventually.TrueAsync(() => _loki.Count == 20, () => $"{_loki.Count} of 20 lines", 30);
        Assert.Equal(10, _loki.Repeated);
        Assert.Throws<IOException>(() => PositionFile.Open(_folder.Path));
        Assert.All(
            Directory.GetFiles(Path.Combine(_folder.Path, "logcollector")),
            file => Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite), file));
    }

    private string StartPod(string name)
    {
        _cluster.PutPod("web", name, 0);
        var uid = _cluster.Store.Get(PodKey with { Name = name })!.Uid;
        _cluster.Host.Logs.StartRun(uid, "user-container");
        return uid;
    }

    private void Restarted(string name, int restarts) => _cluster.Put(PodKey with { Name = name }, $$$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{},
         "spec":{"nodeName":"node-0","containers":[{"name":"user-container","image":"a"},{"name":"queue-proxy","image":"q"}]},
         "status":{"phase":"Running","containerStatuses":[{"name":"user-container","ready":true,"restartCount":{{{{restarts}}}},"image":"a","imageID":"a",
           "state":{"running":{"startedAt":"2026-11-23T19:00:00Z"}},"lastState":{"terminated":{"exitCode":1}}}]}}
        """);

    private void Say(string uid, int lines, string text = "")
    {
        for (var i = 0; i < lines; i++)
        {
            _cluster.Host.Logs.Append(uid, "user-container", TimeProvider.System.GetUtcNow(), (++_written).ToString("D6", CultureInfo.InvariantCulture) + text);
        }
    }

    private RunningCollection Collect(Func<CollectorSettings, CollectorSettings>? change = null)
    {
        var settings = new CollectorSettings
        {
            LokiUrl = _loki.Address,
            BatchSize = 20,
            BatchDelay = TimeSpan.FromMilliseconds(20),
            Retry = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(50)),
            HealthInterval = TimeSpan.FromMilliseconds(50),
            Compare = TimeSpan.FromMilliseconds(100),
            KeepPositions = TimeSpan.FromMilliseconds(50),
            Drain = TimeSpan.FromSeconds(20),
            Reading = new()
            {
                Reopen = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(50)),
                Look = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(50)),
            },
        };
        var options = new RunnerOptions { DataDirectory = _folder.Path, LogCollector = new() { LokiUrl = _loki.Address, Mode = LogCollectorMode.InProcess } };
        return new(new LogCollection(options, change?.Invoke(settings) ?? settings, null, TimeProvider.System, NullLoggerFactory.Instance), _engine);
    }

    private sealed class RunningCollection : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _run;

        public RunningCollection(LogCollection collection, RunningEngine engine)
        {
            Collection = collection;
            collection.Follow(engine.Clusters);
            _run = Task.Run(() => collection.RunAsync(_stop.Token));
        }

        public LogCollection Collection { get; }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run;
            Collection.Dispose();
            _stop.Dispose();
        }
    }
}
