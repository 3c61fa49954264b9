using System.Text.Json;
using Runner.Engine.Hub;
using Runner.Engine.Workloads;
using Runner.Tests.Engine.Support;
using static Runner.Tests.Engine.Hub.HubSide;

namespace Runner.Tests.Engine.Hub;

/// <summary>What the hub hears of which changes.</summary>
public sealed class HubReporterTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private RecordingHub _hub = null!;

    public async ValueTask InitializeAsync() => _hub = await RecordingHub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_service_that_comes_up_and_goes_is_told_with_the_contracts_names()
    {
        var pending = Service("web", DeployStatus.Deploying);
        var running = Service("web", DeployStatus.Running, endpoint: "http://web.spaces.example.com", pods: "web-00001-abc");
        await using (var side = Start(_folder, _hub))
        {
            await side.SyncAsync();
            await side.TellAsync(null, pending);
            await side.TellAsync(pending, running);
            await side.TellAsync(running, null);
            await side.AllTakenAsync();
        }

        Assert.Equal(
            [("runner.service.create", 20, "create"), ("runner.service.change", 23, ""), ("runner.service.stop", 26, "")],
            _hub.Taken.Select(e => (e.Type, e.Status, e.Reason)));
        Assert.All(_hub.Taken, e => Assert.Equal($"Bearer {Token}", e.Authorization));
        var change = _hub.Taken[1].Root;
        Assert.Equal(["event_type", "event_time", "cluster_id", "runner_name", "data_type", "data"], change.EnumerateObject().Select(p => p.Name));
        Assert.InRange(change.GetProperty("event_time").GetInt64(), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        Assert.Equal("cluster-1", change.GetProperty("cluster_id").GetString());
        Assert.Equal("object", change.GetProperty("data_type").GetString());
        Assert.Equal(
            """{"service_name":"web","status":23,"endpoint":"http://web.spaces.example.com","message":"","reason":"","task_id":42,"cluster_node":"node-1","queue_name":"","instances":[{"name":"web-00001-abc","status":"Running"}]}""",
            JsonSerializer.Serialize(change.GetProperty("data")));
        Assert.Equal(42, _hub.Taken[2].Root.GetProperty("data").GetProperty("task_id").GetInt64());
    }

    [Fact]
    public async Task Changes_that_come_at_once_are_all_told_each_workloads_in_order()
    {
        await using var side = Start(_folder, _hub);
        await side.SyncAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async number =>
        {
            var deploying = Service($"web-{number}", DeployStatus.Deploying);
            var running = Service($"web-{number}", DeployStatus.Running, endpoint: "http://a");
            await side.TellAsync(null, deploying);
            await side.TellAsync(deploying, running);
            await side.TellAsync(running, null);
        }));
        await side.AllTakenAsync();

        var taken = _hub.Taken.GroupBy(e => e.Root.GetProperty("data").GetProperty("service_name").GetString()).ToList();
        Assert.Equal(40, taken.Count);
        Assert.All(taken, service => Assert.Equal([20, 23, 26], service.Select(e => e.Status)));
    }

    [Fact]
    public async Task Only_another_code_a_new_reason_or_a_new_address_is_news()
    {
        await using var side = Start(_folder, _hub);
        await side.SyncAsync();
        Workload? before = null;
        foreach (var next in new[]
        {
            Service("web", DeployStatus.Deploying),
            Service("web", DeployStatus.Deploying, pods: "web-1"),
            Service("web", DeployStatus.DeployFailed, "Unschedulable"),
            Service("web", DeployStatus.DeployFailed, "Unschedulable", pods: "web-1"),
            Service("web", DeployStatus.DeployFailed),
            Service("web", DeployStatus.DeployFailed, "Unschedulable"),
            Service("web", DeployStatus.DeployFailed, "ImagePullBackOff"),
            Service("web", DeployStatus.Running, endpoint: "http://a"),
            Service("web", DeployStatus.Running, endpoint: "http://b"),
            Service("web", DeployStatus.Running),
        })
        {
            await side.TellAsync(before, next);
            before = next;
        }

        await side.SyncAsync(before!);
        await side.AllTakenAsync();

        Assert.Equal(
            [(20, "create"), (21, "Unschedulable"), (21, "ImagePullBackOff"), (23, ""), (23, "")],
            _hub.Taken.Select(e => (e.Status, e.Reason)));
    }

    [Fact]
    public async Task What_happened_while_the_process_was_down_is_told_after_the_first_sync_and_nothing_twice()
    {
        await using (var side = Start(_folder, _hub))
        {
            await side.SyncAsync(
                Service("stays", DeployStatus.Running), Service("changes", DeployStatus.Deploying), Service("goes", DeployStatus.Running), Service("replaced", DeployStatus.Running));
            await side.AllTakenAsync();
        }

        Assert.Equal(4, _hub.Taken.Count);
        await using (var side = Start(_folder, _hub))
        {
            var now = new[]
            {
                Service("stays", DeployStatus.Running),
                Service("changes", DeployStatus.Running),
                Service("replaced", DeployStatus.Deploying, uid: "uid-2", taskId: 43),
                Service("comes", DeployStatus.Deploying),
            };

            // As the caches fill, each object is seen as new; then they are complete.
            await side.TellAsync(null, now[0]);
            await side.SyncAsync(now);
            await side.SyncAsync(now);
            await side.AllTakenAsync();
        }

        Assert.Equal(
            ["changes change 23", "comes create 20", "goes stop 26", "replaced stop 26", "replaced create 20"],
            _hub.Taken.Skip(4).OrderBy(e => e.Service, StringComparer.Ordinal).Select(e => $"{e.Service} {e.Type.Split('.')[^1]} {e.Status}"));
        Assert.Equal([42, 43], _hub.Taken.Where(e => e.Service == "replaced").Skip(1).Select(e => e.Root.GetProperty("data").GetProperty("task_id").GetInt32()));
    }

    [Fact]
    public async Task Who_is_elected_tells_nothing_from_lists_that_are_older_than_that()
    {
        using var leadership = new HubLeadership(elected: true);
        await using var side = Start(_folder, _hub, leadership: leadership);
        var (known, worse) = (Service("web", DeployStatus.Running), Service("web", DeployStatus.DeployFailed, "ImagePullBackOff"));
        await side.SyncListedAsync(leadership.FreshSince - 1, known);
        leadership.Set(true, "this");
        await side.SyncListedAsync(leadership.FreshSince - 1, known);
        await side.TellAsync(known, worse);
        Assert.Empty(side.Outbox.Recent(10));

        await side.SyncListedAsync(leadership.FreshSince, Service("web", DeployStatus.Sleeping));
        await side.AllTakenAsync();

        Assert.Equal([25], _hub.Taken.Select(e => e.Status));
    }

    [Fact]
    public async Task What_is_told_once_more_is_told_as_it_stands_never_as_new_and_each_time_once()
    {
        await using var side = Start(_folder, _hub);
        var (running, failed) = (Service("web", DeployStatus.Running, endpoint: "http://a", pods: "web-1"), Service("broken", DeployStatus.DeployFailed, "ImagePullBackOff"));
        await side.SyncAsync(running, failed);
        await side.SyncAsync("other", [], Service("web", DeployStatus.Running, cluster: "other"));
        await side.AllTakenAsync();
        var before = _hub.Taken.Count;

        await side.AgainAsync();
        await side.SyncAsync(running, failed);
        await side.TellAsync(running, running with { ActualReplicas = 2 });
        await side.AllTakenAsync();

        var again = _hub.Taken.Skip(before).OrderBy(e => e.Service, StringComparer.Ordinal).ToList();
        Assert.Equal(
            [("broken", "runner.service.change", 21, "ImagePullBackOff"), ("web", "runner.service.change", 23, "")],
            again.Select(e => (e.Service, e.Type, e.Status, e.Reason)));
        Assert.Equal(
            """{"service_name":"web","status":23,"endpoint":"http://a","message":"","reason":"","task_id":42,"cluster_node":"node-1","queue_name":"","instances":[{"name":"web-1","status":"Running"}]}""",
            again[1].Root.GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task What_is_only_found_later_is_told_once_more_then_and_what_is_gone_as_gone()
    {
        await using (var side = Start(_folder, _hub))
        {
            await side.SyncAsync(Service("stays", DeployStatus.Running), Service("goes", DeployStatus.Running));
            await side.AllTakenAsync();
        }

        await using (var side = Start(_folder, _hub))
        {
            await side.AgainAsync();
            Assert.True(await side.Reporter.OwesAgainAsync("test", TestContext.Current.CancellationToken));
            await side.SyncAsync(Service("stays", DeployStatus.Running), Service("comes", DeployStatus.Deploying));
            Assert.False(await side.Reporter.OwesAgainAsync("test", TestContext.Current.CancellationToken));
            await side.AllTakenAsync();
        }

        Assert.Equal(
            ["comes create 20", "goes stop 26", "stays change 23"],
            _hub.Taken.Skip(2).OrderBy(e => e.Service, StringComparer.Ordinal).Select(e => $"{e.Service} {e.Type.Split('.')[^1]} {e.Status}"));
    }

    [Fact]
    public async Task Only_who_speaks_tells_once_more()
    {
        using var leadership = new HubLeadership(elected: true);
        await using var side = Start(_folder, _hub, leadership: leadership);
        var web = Service("web", DeployStatus.Running);
        await side.SyncAsync(web);
        await side.AgainAsync();
        Assert.Empty(side.Outbox.Recent(10));

        leadership.Set(true, "this");
        await side.SyncAsync(web);
        await side.AllTakenAsync();

        Assert.Equal(["runner.service.change"], _hub.Taken.Select(e => e.Type));
    }

    [Fact]
    public async Task A_sync_of_one_cluster_says_nothing_of_another()
    {
        await using var side = Start(_folder, _hub);
        await side.SyncAsync("other", [], Service("web", DeployStatus.Running, cluster: "other"));
        await side.SyncAsync();
        await side.AllTakenAsync();

        Assert.Equal("runner.service.create", Assert.Single(_hub.Taken).Type);
    }

    [Fact]
    public async Task A_sync_says_nothing_of_other_kinds_nor_of_what_could_not_be_read()
    {
        await using var side = Start(_folder, _hub);
        var (web, job) = (Service("web", DeployStatus.Running), Service("job", DeployStatus.Running));
        await side.SyncAsync(web, job);
        await side.SyncAsync("test", [web.Key], job);
        await side.Reporter.SyncedAsync(new("test", new HashSet<WorkloadKind> { WorkloadKind.Workflow }, [], new HashSet<WorkloadKey>()), TestContext.Current.CancellationToken);
        await side.AllTakenAsync();

        Assert.Equal(["runner.service.create", "runner.service.create"], _hub.Taken.Select(e => e.Type));
    }
}
