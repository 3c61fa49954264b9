using System.Collections.Concurrent;
using System.Diagnostics;
using Runner.EmbeddedCluster;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Host.Chaos;

/// <summary>
/// Every kind of workload lives and dies many times over, while the program is killed, the API server fails and cuts its watches, and the hub
/// refuses, babbles and hangs up. In the end the hub must have the whole life of each, in order. A short form of it; <c>RUNNER_TEST_LONG=1</c> makes it last.
/// </summary>
public sealed class ChaosTests : IDisposable
{
    private const string Token = "token-of-the-chaos-test";

    private static readonly bool Long = LongRun.Wanted;
    private static readonly int Kills = Long ? 25 : 4;
    private static readonly int Events = Long ? 6000 : 1000;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(Long ? 20 : 4);

    private readonly TemporaryFolder _folder = new();
    private readonly int _port = LoopbackPort.Next();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Whatever_fails_the_hub_hears_the_whole_life_of_every_kind_in_order()
    {
        var kinds = Enum.GetValues<Life>();
        var cancel = TestContext.Current.CancellationToken;
        await using var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.02 }, cancel);
        await File.WriteAllTextAsync(_folder.File("kubeconfig"), cluster.Kubeconfig(), cancel);
        await using var hub = await RecordingHub.StartAsync();
        var moods = new Random(7);
        hub.Mood = _ => Next(moods, 100) switch { < 4 => HubMood.Error, < 7 => HubMood.DropAfterTaking, < 9 => HubMood.Garbage, _ => HubMood.Well };
        using var calls = new HubCalls(new Uri($"http://127.0.0.1:{_port}"), Token);
        var said = new ConcurrentQueue<string>();
        var journal = new ClusterJournal(cluster, cancel);
        var runner = StartRunner(hub);
        string Truth(string name) => $"{KeptOf(cluster, name)}\nBefore:\n{journal.Of(name)}\nThe processes said of it:\n{string.Join('\n', said.Append(runner.Output).SelectMany(output => output.Split('\n')).Where(line => line.Contains(name, StringComparison.Ordinal)))}";
        using var stop = new CancellationTokenSource();
        var lives = Enumerable.Range(0, 12).Select(lane => new Lives(lane, kinds, calls, hub, Truth)).ToList();

        var kills = 0;
        var watch = Stopwatch.StartNew();
        try
        {
            var living = Task.WhenAll(lives.Select(lane => lane.RunAsync(stop.Token, cancel)));
            var moments = new Random(11);
            while (kills < Kills || hub.Taken.Count < Events)
            {
                Assert.True(watch.Elapsed < Longest, $"After {watch.Elapsed.TotalSeconds:F0} s only {kills} kills and {hub.Taken.Count} events");
                await Task.WhenAny(living, Task.Delay(TimeSpan.FromMilliseconds(moments.Next(1500, 5000)), TimeProvider.System, cancel));
                if (living.IsCompleted)
                {
                    break;
                }

                // At times nothing is answered for longer than a call is made again.
                cluster.Faults.ErrorRate = moments.Next(8) == 0 ? 1 : 0.1;
                cluster.Faults.CutWatches();
                if (moments.Next(2) == 0)
                {
                    Assert.False(runner.HasExited, runner.Output);
                    await runner.KillAsync();
                    kills++;
                    said.Enqueue(runner.Output);
                    await runner.DisposeAsync();
                    runner = StartRunner(hub);
                }
            }

            cluster.Faults.ErrorRate = 0;
            hub.Mood = _ => HubMood.Well;
            await stop.CancelAsync();
            await living;
        }
        finally
        {
            // What the last process said is all there is to learn from when something was waited for in vain.
            TestContext.Current.TestOutputHelper?.WriteLine($"The last process {(runner.HasExited ? "has exited" : "runs")} and said at last: {End(runner.Output)}");
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{kills} kills, {lives.Sum(lane => lane.Count)} lives, {hub.Taken.Count} events taken in {hub.Calls} calls, {calls.Count} calls to the runner, {watch.Elapsed.TotalSeconds:F0} s");
            await runner.DisposeAsync();
        }

        var wrong = lives.SelectMany(lane => lane.Verify()).ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private ChildProcess StartRunner(RecordingHub hub) => ChildProcess.Start(new Dictionary<string, string>(RunnerProcess.OnKubeconfig(_folder, _port, Token, hub))
    {
        // The cluster's clock runs fifty times as fast, but a process that starts anew does not: while there is no runner, jobs end and outlive their time by far.
        ["STARHUB_SERVER_ARGO_TTL"] = "1",
        ["STARHUB_SERVER_RUNNER_IMAGE_BUILDER_JOB_TTL"] = "1",
    });

    /// <summary>What the cluster has of a name, without contents.</summary>
    private static string KeptOf(EmbeddedClusterHost cluster, string name) => string.Join('\n', new[] { ("argoproj.io", "workflows"), ("", "pods"), ("", "persistentvolumeclaims"), ("", "secrets") }
        .SelectMany(kind => cluster.Store.List(kind.Item1, kind.Item2)).Where(stored => stored.Key.Name.Contains(name, StringComparison.Ordinal))
        .Select(stored => $"{stored.Key.Plural} {stored.Key.Name}: {stored.Json["metadata"]?.ToJsonString()} {stored.Json["status"]?.ToJsonString()}"));

    private static string End(string text) => text.Length > 20000 ? text[^20000..] : text;

    private static int Next(Random random, int below)
    {
        lock (random)
        {
            return random.Next(below);
        }
    }
}
