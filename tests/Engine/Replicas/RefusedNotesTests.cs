using System.Net;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Hub;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Replicas;

/// <summary>Replacements at whose end nothing can be written of what was noted of them: it counts all the same, and is written later.</summary>
public sealed class RefusedNotesTests : IAsyncLifetime
{
    private static readonly ObjectKey Web = new("serving.knative.dev", "services", "spaces", "web");

    private TestCluster _cluster = null!;
    private RunnerHost _host = null!;
    private bool _refusesState;

    public async ValueTask InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        _host = await RunnerHost.StartAsync(options => options with { LeaderElection = true, RunnerNamespace = "spaces", LeaseDuration = TimeSpan.FromSeconds(3) }, cluster: _cluster.Endpoint);
        await Eventually.TrueAsync(() => _host.Get<HubLeadership>().IsLeader, "the replica speaks", 30);
        await RunAsync(1);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task What_was_made_is_there_and_its_note_goes_when_that_can_be_written()
    {
        var old = _cluster.Store.Get(Web)!.Uid;
        RefuseOnceTheOldOneIsGone(andTheNewOne: false);

        var (status, text) = await RunAsync(2);

        Assert.True(status == HttpStatusCode.OK, text);
        Assert.NotEqual(old, _cluster.Store.Get(Web)!.Uid);
        Assert.Equal(1, Notes());
        Volatile.Write(ref _refusesState, false);
        await Eventually.TrueAsync(() => Notes() == 0, "the note is gone", 60);
        Assert.Equal(20, await CodeAsync());
        Assert.DoesNotContain(_host.ToldOfServices(), told => told.What == "stop");
    }

    [Fact]
    public async Task What_the_caller_was_told_not_to_be_made_is_not_made_behind_his_back()
    {
        RefuseOnceTheOldOneIsGone(andTheNewOne: true);

        var (status, text) = await RunAsync(2);

        Assert.True(status == HttpStatusCode.BadRequest, text);
        Assert.Equal(1, Notes());
        _cluster.Host.Faults.FailsWith = null;
        await Eventually.TrueAsync(async () => await CodeAsync() == 26, "it is stopped", 30);
        await Eventually.TrueAsync(() => Notes() == 0, "the note is gone", 60);
        Assert.Null(_cluster.Store.Get(Web));
        Assert.Equal(26, await CodeAsync());
    }

    private void RefuseOnceTheOldOneIsGone(bool andTheNewOne) => _cluster.Host.Faults.FailsWith = (method, path) =>
    {
        if (method == "POST" && path.EndsWith("/spaces/services", StringComparison.Ordinal) && _cluster.Store.Get(Web) is null)
        {
            Volatile.Write(ref _refusesState, true);
            return andTheNewOne ? 422 : 0;
        }

        return Volatile.Read(ref _refusesState) && method == "PUT" && path.Contains("/secrets/", StringComparison.Ordinal) ? 500 : 0;
    };

    private int Notes() => _host.Get<IStateStore>().Read(db => db.GetCollection("replacements").Count());

    private async Task<int> CodeAsync() => (int)(await _host.AskAsync(HttpMethod.Get, "service/web/status"))["code"]!;

    private Task<(HttpStatusCode Status, string Text)> RunAsync(int task)
    {
        var request = JsonNode.Parse(RunnerApiHost.Sample("run-space"))!.AsObject();
        (request["task_id"], request["image_id"]) = (task, $"registry.example.com/a:{task}");
        return _host.CallAsync(HttpMethod.Post, "service/web/run", request.ToJsonString());
    }
}
