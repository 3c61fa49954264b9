using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Configuration;
using Runner.Engine.Logs;
using Runner.Engine.Logs.Kept;
using Runner.Engine.Workloads;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Logs;

/// <summary>The last log of pods that end, against a cluster over HTTP, and its bounds.</summary>
public sealed class KeptLogTests : IAsyncLifetime
{
    private static readonly ObjectKey Pod = new("", "pods", "spaces", "web-pod");
    private static readonly WorkloadKey Web = new("test", WorkloadKind.Service, "spaces", "web");
    private static readonly LogSettings Quick = new()
    {
        Reopen = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(50)),
        Look = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(50)),
    };

    private readonly TemporaryFolder _folder = new();
    private TestCluster _cluster = null!;
    private RunningEngine _engine = null!;
    private string _uid = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        _cluster.PutPod("web", "web-pod", 0);
        _uid = _cluster.Store.Get(Pod)!.Uid;
        _cluster.Host.Logs.StartRun(_uid, "user-container");
        _engine = new RunningEngine([_cluster.Endpoint]);
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_a_pod_says_until_it_is_gone_is_kept_and_outlives_the_process()
    {
        var store = Store();
        using var keeper = await KnowAsync(store);
        await SayAndGoAsync("before the end");
        Say("größe on the way out 🚀");

        // It is followed: only with the pod gone is it written.
        Assert.Empty(Logs(store).KeptOf(Web));
        _cluster.Host.Logs.EndRun(_uid, "user-container");
        _cluster.Delete(Pod);

        await Eventually.TrueAsync(() => Logs(store).KeptOf(Web).Count == 1, "the log is kept");
        await Eventually.TrueAsync(() => _engine.Cluster.State.Pods.Find("spaces", "web-pod") is null, "the pod is gone");
        Assert.Equal("before the end\ngröße on the way out 🚀\n", await TextAsync(Logs(Store())));
        var lines = new List<string>();
        await foreach (var line in Logs(Store()).ReadAsync(_engine.Cluster, "spaces", "web-pod", "user-container", new PodLogOptions(Follow: true, TailLines: 1), Cancel))
        {
            lines.Add(line.Text);
        }

        Assert.Equal(["größe on the way out 🚀"], lines);
        await keeper.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_pod_that_has_run_to_its_end_is_read_once_and_not_again_by_the_next_process()
    {
        Say("done");
        _cluster.Host.Logs.EndRun(_uid, "user-container");
        var store = Store();
        using var keeper = await KnowAsync(store);
        Assert.Equal(0, LogRequests());

        _cluster.PutPod("web", "web-pod", 0, phase: "Succeeded", ended: true);
        await Eventually.TrueAsync(() => Logs(store).KeptOf(Web) is [{ Whole: true }], "the log is kept");
        await keeper.StopAsync(Cancel);

        await using var next = new RunningEngine([_cluster.Endpoint]);
        store = Store();
        using var again = await KeepAsync(store, next);
        await Eventually.TrueAsync(() => next.Cluster.State.Pods.Find("spaces", "web-pod") is not null, "the next process knows the pod");
        _cluster.PutPod("web", "other-pod", 0, phase: "Failed", ended: true);
        var other = _cluster.Store.Get(Pod with { Name = "other-pod" })!.Uid;
        _cluster.Host.Logs.StartRun(other, "user-container");
        _cluster.Host.Logs.Append(other, "user-container", TimeProvider.System.GetUtcNow(), "failed");
        _cluster.PutPod("web", "other-pod", 1, phase: "Failed", ended: true);
        await Eventually.TrueAsync(() => Logs(store).KeptOf(Web).Count == 2, "the other pod's log is kept");

        Assert.Equal(2, LogRequests());
        await again.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_pod_that_vanishes_while_its_log_is_followed_leaves_what_was_read()
    {
        var store = Store();
        using var keeper = await KnowAsync(store);
        await SayAndGoAsync("the last words");
        _cluster.Delete(Pod);
        _cluster.Host.Faults.CutWatches();

        await Eventually.TrueAsync(() => Logs(store).KeptOf(Web).Count == 1, "the log is kept");
        Assert.Equal("the last words\n", await TextAsync(Logs(Store())));
        await keeper.StopAsync(Cancel);
    }

    [Fact]
    public async Task Nothing_is_remembered_of_a_pod_that_went_before_its_log_was_read_to_its_end()
    {
        var store = Store();
        using var keeper = await KnowAsync(store);
        await SayAndGoAsync("the last words");
        _cluster.Delete(Pod);
        await Eventually.TrueAsync(() => _engine.Cluster.State.Pods.Find("spaces", "web-pod") is null, "the pod is gone");
        _cluster.Host.Logs.EndRun(_uid, "user-container");

        await Eventually.TrueAsync(() => Logs(store).KeptOf(Web).Count == 1, "the log is kept");
        await keeper.StopAsync(Cancel);
        Assert.Equal(0, keeper.Remembered);
    }

    [Fact]
    public void Of_one_log_the_last_lines_are_kept_and_of_all_logs_the_newest()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));
        var store = new KeptLogStore(_folder.Path, new RetentionOptions { LogsMegabytes = 1 }, time);
        var random = new Random(5);
        for (var i = 0; i < 8; i++)
        {
            store.Keep(Log($"pod-{i}"), Lines(400, 200, () => (char)random.Next(0x21, 0x7E)));
            time.Advance(TimeSpan.FromMinutes(1));
        }

        var kept = store.Where(_ => true);
        Assert.InRange(kept.Sum(log => log.Bytes), 100_000, 1024 * 1024);
        store.Keep(Log("large"), Lines(10_000, 400, () => (char)random.Next(0x21, 0x7E), maxLines: 2_000));
        Assert.Equal("large", store.Where(_ => true)[0].Pod);
        Assert.InRange(store.Where(_ => true).Sum(log => log.Bytes), 1, 1024 * 1024);
        Assert.DoesNotContain(store.Where(_ => true), log => log.Pod == "pod-0");
        Assert.Equal(store.Where(_ => true), new KeptLogStore(_folder.Path, new RetentionOptions(), time).Where(_ => true));

        using var text = new StreamReader(store.Open(store.Where(_ => true)[0])!);
        var lines = text.ReadToEnd().TrimEnd('\n').Split('\n');
        Assert.Equal(2_000, lines.Length);
        Assert.Contains(" 9999 ", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kept_log_goes_after_its_time_with_its_folders()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));
        var store = new KeptLogStore(_folder.Path, new RetentionOptions { Logs = TimeSpan.FromDays(3) }, time);
        store.Keep(Log("old"), Lines(3, 10, () => 'x'));
        time.Advance(TimeSpan.FromDays(2));
        store.Keep(Log("new"), Lines(3, 10, () => 'x'));
        time.Advance(TimeSpan.FromHours(25));

        Assert.Equal(1, await store.PruneAsync(time.GetUtcNow() - store.KeptFor, Cancel));

        Assert.Equal(["new"], store.Where(_ => true).Select(log => log.Pod));
        Assert.Single(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
        Assert.Equal(["new"], Directory.GetDirectories(Path.Combine(_folder.Path, "logs", "a%2Fb%2E", "spaces", "svc", "web")).Select(Path.GetFileName));
    }

    [Fact]
    public void A_log_that_cannot_be_kept_leaves_nothing_behind()
    {
        var store = Store();
        var inItsWay = Directory.CreateDirectory(Path.Combine(_folder.Path, "logs", Log("pod").RelativePath));

        Assert.ThrowsAny<SystemException>(() => store.Keep(Log("pod"), Lines(3, 10, () => 'x')));

        Assert.Empty(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
        inItsWay.Delete();
        store.Keep(Log("pod"), Lines(3, 10, () => 'x'));
        Assert.Single(store.Where(_ => true));
    }

    private static KeptLog Log(string pod) => new("a/b.", "spaces", "svc", "web", pod, "user-container", "uid-1", true, default, 0);

    private static LastLines Lines(int count, int length, Func<char> letter, int maxLines = 5_000)
    {
        var lines = new LastLines(maxLines, 1024 * 1024);
        var cursor = new LogCursor();
        for (var i = 0; i < count; i++)
        {
            var line = $"2026-11-23T19:01:17.{i:000000000}Z {i} {new string([.. Enumerable.Range(0, length).Select(_ => letter())])}\n";
            lines.Add(new LogBlock(Encoding.UTF8.GetBytes(line), false, false), cursor);
        }

        return lines;
    }

    /// <summary>As a process has it. One is made where a process begins: it takes what is half written for the leavings of the one before.</summary>
    private KeptLogStore Store() => new(_folder.Path, new RetentionOptions(), TimeProvider.System);

    private static PodLogs Logs(KeptLogStore store) => new(Quick, TimeProvider.System, store);

    private async Task<LogKeeper> KeepAsync(KeptLogStore store, RunningEngine? engine = null)
    {
        var keeper = new LogKeeper((engine ?? _engine).Clusters, store, new RetentionOptions(), Quick, TimeProvider.System, NullLogger<LogKeeper>.Instance);
        await keeper.StartAsync(Cancel);
        return keeper;
    }

    /// <summary>A keeper that knows the pod.</summary>
    private async Task<LogKeeper> KnowAsync(KeptLogStore store)
    {
        var keeper = await KeepAsync(store);
        await KnownAsync();
        return keeper;
    }

    /// <summary>The pod says something, is told to go, and is followed.</summary>
    private Task SayAndGoAsync(string line)
    {
        Say(line);
        _cluster.Store.Delete(Pod, gracePeriodSeconds: 30);
        return FollowedAsync();
    }

    private Task KnownAsync() => Eventually.TrueAsync(() => _engine.Cluster.State.Pods.Find("spaces", "web-pod") is not null, "the pod is known");

    private Task FollowedAsync() => Eventually.TrueAsync(() => _cluster.Host.Logs.CaughtUp(_uid, "user-container") > 0, "its log is followed");

    private void Say(string line) => _cluster.Host.Logs.Append(_uid, "user-container", TimeProvider.System.GetUtcNow(), line);

    private long LogRequests() => _cluster.Host.RequestCounts().Where(pair => pair.Key.Contains("log", StringComparison.Ordinal)).Sum(pair => pair.Value);

    private async Task<string> TextAsync(PodLogs logs)
    {
        using var bytes = new MemoryStream();
        await foreach (var piece in logs.ReadBytesAsync(_engine.Cluster, "spaces", "web-pod", "user-container", new PodLogOptions(Follow: true), Cancel))
        {
            bytes.Write(piece.Span);
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
