using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Support;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Replicas;

/// <summary>A write of what replicas share that was carried out, while whoever wrote it was told for longer than it waits that it was not.</summary>
public sealed class LostAnswerTests : IAsyncLifetime
{
    private RecordingHub _hub = null!;
    private TestCluster _cluster = null!;
    private RunnerHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await RecordingHub.StartAsync();
        _cluster = await TestCluster.StartAsync();

        // The Lease outlives the stall: nobody is elected anew.
        _host = await RunnerHost.StartAsync(
            options => options with { LeaderElection = true, RunnerNamespace = "spaces", LeaseDuration = TimeSpan.FromMinutes(5), Hub = options.Hub with { WebhookEndpoint = _hub.Address } }, cluster: _cluster.Endpoint);
        await Eventually.TrueAsync(() => _host.Get<HubLeadership>().IsLeader && _host.Get<UserDirectory>().FindByName("admin") is not null, "the replica speaks, and nothing else is to be written", 30);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _cluster.DisposeAsync();
        await _hub.DisposeAsync();
    }

    [Fact]
    public async Task What_was_written_after_all_is_told_once_and_before_what_came_later()
    {
        PutService("Unknown");
        await Eventually.TrueAsync(() => Taken() is "create 20", Taken, 30);
        await TakenAsync();
        LoseOneAnswer();
        PutService("True");
        await Eventually.TrueAsync(() => Taken() is "create 20, change 25", Taken, 30);
        _cluster.Delete(new("serving.knative.dev", "services", "spaces", "web"));
        await Eventually.TrueAsync(() => Taken().Contains("stop", StringComparison.Ordinal), Taken, 30);

        await TakenAsync();
        Assert.Equal("create 20, change 25, stop 26", Taken());
        Assert.Equal(["create", "change", "stop"], _host.ToldOfServices().Select(told => told.What));
    }

    [Fact]
    public async Task What_is_over_before_it_is_known_to_be_written_is_told_too()
    {
        PutService("Unknown");
        await Eventually.TrueAsync(() => Taken() is "create 20", Taken, 30);
        await TakenAsync();
        LoseOneAnswer();
        PutService("True");
        await Eventually.TrueAsync(() => _cluster.Host.Faults.Loses is null, "it is written", 30);
        _cluster.Delete(new("serving.knative.dev", "services", "spaces", "web"));
        await Eventually.TrueAsync(() => Taken().Contains("stop", StringComparison.Ordinal), Taken, 30);

        await TakenAsync();
        Assert.Equal("create 20, change 25, stop 26", Taken());
    }

    /// <summary>Of the next write of what the replicas share, which cannot be read either until whoever wrote it has given up.</summary>
    private void LoseOneAnswer()
    {
        var faults = _cluster.Host.Faults;
        faults.Loses = (method, path) =>
        {
            var isHead = method == "PUT" && path.EndsWith("-state", StringComparison.Ordinal);
            if (isHead)
            {
                faults.FailsWith = (next, read) => next == "GET" && read == path && _host.Get<SharedState>().Status.Problem.Length == 0 ? 500 : 0;
                faults.Loses = null;
            }

            return isHead;
        };
    }

    /// <summary>Waits until nothing waits, on disk as in memory.</summary>
    private Task TakenAsync() => Eventually.TrueAsync(() => _host.Get<Outbox>().Recent(200).All(e => e.SentAt is not null), "every event is taken", 10);

    private string Taken() => string.Join(", ", _hub.Taken.Where(e => e.Service == "web").Select(e => $"{e.Type.Split('.')[^1]} {e.Status}"));

    private void PutService(string ready) => _cluster.Put(
        new("serving.knative.dev", "services", "spaces", "web"),
        $$$$"""
        {"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"annotations":{"deploy_id":"1"}},
         "spec":{"template":{"spec":{"containers":[{"image":"registry.example.com/a:1"}]}}},
         "status":{"url":"http://web.spaces.example.com","conditions":[{"type":"Ready","status":"{{{{ready}}}}","reason":"Because","message":"of it"}]}}
        """);
}
