using System.Globalization;
using Runner.EmbeddedCluster.Storage;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Logs;

/// <summary>The collector as a process of its own, started as the official chart starts it.</summary>
public sealed class LogCollectorProcessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_twice_it_delivers_every_line_once_and_at_SIGTERM_the_tail()
    {
        using var folder = new TemporaryFolder();
        await using var loki = await RecordingLoki.StartAsync();
        await using var cluster = await TestCluster.StartAsync();
        var kubeconfig = folder.File("kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, cluster.Host.Kubeconfig(), Cancel);
        var uids = Enumerable.Range(0, 5).Select(i => Pod(cluster, $"p{i}")).ToList();
        var written = 0;
        var delivered = 0;
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    foreach (var uid in uids)
                    {
                        cluster.Host.Logs.Append(uid, "user-container", TimeProvider.System.GetUtcNow(), (++written).ToString("D7", CultureInfo.InvariantCulture));
                    }

                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
                }
            },
            Cancel);

        for (var kill = 0; kill < 2; kill++)
        {
            var before = loki.Count;
            await using var killed = Start(folder, kubeconfig, loki);
            await killed.HealthyAsync();
            await Eventually.TrueAsync(() => loki.Count > before + 1000, () => $"lines come: {killed.Output}", 120);
            delivered += loki.Count;
        }

        await using var last = Start(folder, kubeconfig, loki);
        await last.HealthyAsync();
        var after = loki.Count;
        await Eventually.TrueAsync(() => loki.Count > after + 200, () => $"lines come: {last.Output}", 60);
        await stop.CancelAsync();
        await writing;
        using (var client = new HttpClient { BaseAddress = last.Address })
        {
            await Eventually.TrueAsync(() => loki.Count == written, () => $"{loki.Count} of {written} lines: {last.Output}", 60);
            Assert.Contains("\"active_streams\":5", await client.GetStringAsync("/api/v1/logcollector/stats", Cancel), StringComparison.Ordinal);
            Assert.Contains("runner_log_collector_lines_sent", await client.GetStringAsync("/metrics", Cancel), StringComparison.Ordinal);
        }

        last.Terminate();
        Assert.Equal(0, await last.EndAsync());
        Assert.Equal(0, loki.Disordered);
        Assert.Equal(5, loki.Streams.Count);
        Assert.All(loki.Streams.Values, stream => Assert.Equal(stream.Select(line => line.Text).Order(StringComparer.Ordinal), stream.Select(line => line.Text)));

        // What a killed process had delivered and not yet written down comes again, which is some moments of it and not all.
        Assert.InRange(loki.Repeated, 0, delivered * 9 / 10);
    }

    [Fact]
    public async Task Without_an_address_of_Loki_it_says_what_to_set()
    {
        using var folder = new TemporaryFolder();
        await using var process = new RunnerProcess("deploy logcollector -l info", ("RUNNER_DATA_DIR", folder.Path));

        Assert.Equal(1, await process.EndAsync());
        Assert.Contains("STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL", process.Output, StringComparison.Ordinal);
    }

    private static RunnerProcess Start(TemporaryFolder folder, string kubeconfig, RecordingLoki loki) => new(
        "deploy logcollector -l info",
        ("RUNNER_DATA_DIR", folder.File("data")),
        ("KUBECONFIG", kubeconfig),
        ("STARHUB_SERVER_LOGCOLLECTOR_PORT", "0"),
        ("STARHUB_SERVER_LOGCOLLECTOR_BATCH_DELAY", "1"),
        ("STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL", loki.Address.ToString()));

    private static string Pod(TestCluster cluster, string name)
    {
        cluster.PutPod("web", name, 0);
        var uid = cluster.Store.Get(new ObjectKey("", "pods", "spaces", name))!.Uid;
        cluster.Host.Logs.StartRun(uid, "user-container");
        return uid;
    }
}
