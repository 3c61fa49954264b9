using System.Text;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Logs;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Logs;

/// <summary>Logs over real HTTP against the embedded cluster.</summary>
public sealed class LiveLogsTests
{
    private static readonly LogSettings Quick = new()
    {
        Reopen = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(50)),
        Look = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(50)),
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_log_whose_stream_is_cut_again_and_again_neither_loses_nor_repeats_a_line(bool restarting)
    {
        const int Count = 3_000;
        var token = TestContext.Current.CancellationToken;
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutPod("web", "web-pod", 0);
        var uid = cluster.Store.Get(new ObjectKey("", "pods", "spaces", "web-pod"))!.Uid;
        cluster.Host.Logs.StartRun(uid, "user-container");
        await using var engine = new RunningEngine([cluster.Endpoint]);
        await Eventually.TrueAsync(() => engine.Cluster.State.Synced, "the pod is known");

        var lines = new List<string>();
        var reading = Task.Run(
            async () =>
            {
                await foreach (var line in new PodLogs(Quick, TimeProvider.System).ReadAsync(engine.Cluster, "spaces", "web-pod", "user-container", new PodLogOptions(Follow: true), token))
                {
                    lock (lines)
                    {
                        lines.Add(line.Text);
                    }
                }
            },
            token);
        var random = new Random(11);
        for (var i = 0; i < Count; i++)
        {
            cluster.Host.Logs.Append(uid, "user-container", TimeProvider.System.GetUtcNow(), $"line {i}");
            if (random.Next(150) == 0)
            {
                cluster.Host.Faults.CutWatches();
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100)), TimeProvider.System, token);
            }

            if (restarting && i == Count / 2)
            {
                await cluster.Host.RestartAsync(token);
            }
        }

        cluster.Host.Logs.EndRun(uid, "user-container");
        cluster.PutPod("web", "web-pod", 0, phase: "Succeeded", ended: true);
        await reading.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, token);

        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"line {i}"), lines);
        var streams = cluster.Host.RequestCounts().Where(pair => pair.Key.Contains("log", StringComparison.Ordinal)).Sum(pair => pair.Value);
        Assert.True(streams > 5, $"only {streams} streams were opened");
    }

    [Fact]
    public async Task As_bytes_a_log_of_the_embedded_cluster_is_what_kubectl_would_print()
    {
        var token = TestContext.Current.CancellationToken;
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutPod("web", "web-pod", 0);
        var uid = cluster.Store.Get(new ObjectKey("", "pods", "spaces", "web-pod"))!.Uid;
        cluster.Host.Logs.StartRun(uid, "user-container");
        for (var i = 0; i < 1_000; i++)
        {
            cluster.Host.Logs.Append(uid, "user-container", TimeProvider.System.GetUtcNow(), $"größe {i} 🚀");
        }

        await using var engine = new RunningEngine([cluster.Endpoint]);
        using var raw = new HttpClient { DefaultRequestHeaders = { Authorization = new("Bearer", cluster.Host.Token) } };
        var expected = await raw.GetByteArrayAsync(new Uri(cluster.Host.Address, "/api/v1/namespaces/spaces/pods/web-pod/log?container=user-container&tailLines=700"), token);

        using var bytes = new MemoryStream();
        await foreach (var piece in new PodLogs(new LogSettings(), TimeProvider.System).ReadBytesAsync(engine.Cluster, "spaces", "web-pod", "user-container", new PodLogOptions(TailLines: 700), token))
        {
            bytes.Write(piece.Span);
        }

        Assert.Equal(Encoding.UTF8.GetString(expected), Encoding.UTF8.GetString(bytes.ToArray()));
    }
}
