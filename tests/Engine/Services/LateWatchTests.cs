using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Services;

/// <summary>Services that are replaced while the watch is silent for longer than anybody waits for it: the hub hears of no stop, as nobody stopped anything.</summary>
public sealed class LateWatchTests
{
    private static readonly ObjectKey Web = new("serving.knative.dev", "services", "spaces", "web");

    public enum Silent
    {
        /// <summary>From before the old one is told to go.</summary>
        FromTheBeginning,

        /// <summary>From when the old one is gone, which the watch has told of.</summary>
        OnceTheOldOneIsGone,
    }

    [Theory]
    [InlineData(Silent.FromTheBeginning, false)]
    [InlineData(Silent.FromTheBeginning, true)]
    [InlineData(Silent.OnceTheOldOneIsGone, false)]
    [InlineData(Silent.OnceTheOldOneIsGone, true)]
    public async Task The_hub_hears_of_no_stop_of_a_service_that_was_replaced(Silent silent, bool listsAnew)
    {
        await using var cluster = await TestCluster.StartAsync();
        var faults = cluster.Host.Faults;
        await using var host = await RunnerHost.StartAsync(cluster: cluster.Endpoint);
        await Eventually.TrueAsync(() => host.Get<ClusterDirectory>().Connections[0].State.Synced, "the services are listed", 30);
        await RunAsync(host, 1);
        await Eventually.TrueAsync(() => Told(host) == "create 1", () => $"the hub is to hear of the first one; it hears {Told(host)}", 30);
        var old = cluster.Store.Get(Web)!.Uid;
        if (silent == Silent.FromTheBeginning)
        {
            faults.SilentWatches = true;
        }
        else
        {
            faults.Fails = (method, path) =>
            {
                if (method == "POST" && path.EndsWith("/spaces/services", StringComparison.Ordinal) && cluster.Store.Get(Web) is null)
                {
                    SpinWait.SpinUntil(() => Told(host) != "create 1", TimeSpan.FromSeconds(10));
                    faults.SilentWatches = true;
                }

                return false;
            };
        }

        // Answered when the watch was waited for in vain.
        await RunAsync(host, 2);
        Assert.NotEqual(old, cluster.Store.Get(Web)!.Uid);
        Assert.DoesNotContain("stop", Told(host), StringComparison.Ordinal);
        Assert.Equal(20, await CodeAsync(host));

        (faults.SilentWatches, faults.ExpireWatches) = (false, listsAnew);
        faults.CutWatches();

        await Eventually.TrueAsync(() => host.Get<IStateStore>().Read(db => db.GetCollection("replacements").Count()) == 0, "nothing is noted any more", 60);
        Assert.Equal("create 1 create 2", Told(host));
        Assert.Equal(20, await CodeAsync(host));

        // Whoever stops it now is heard.
        cluster.Delete(Web);
        await Eventually.TrueAsync(() => Told(host) == "create 1 create 2 stop 2", () => $"the hub is to hear of the end; it hears {Told(host)}", 30);
    }

    [Fact]
    public async Task What_goes_again_before_any_watch_has_told_of_it_is_told_as_stopped()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var host = await RunnerHost.StartAsync(cluster: cluster.Endpoint);
        await Eventually.TrueAsync(() => host.Get<ClusterDirectory>().Connections[0].State.Synced, "the services are listed", 30);
        await RunAsync(host, 1);
        cluster.Host.Faults.SilentWatches = true;
        await RunAsync(host, 2);
        cluster.Delete(Web);

        (cluster.Host.Faults.SilentWatches, cluster.Host.Faults.ExpireWatches) = (false, true);
        cluster.Host.Faults.CutWatches();

        await Eventually.TrueAsync(() => Told(host).Contains("stop", StringComparison.Ordinal), () => $"the hub is to hear of the end; it hears {Told(host)}", 30);
    }

    private static string Told(RunnerHost host) => string.Join(' ', host.ToldOfServices().Select(e => $"{e.What} {(int)e.Data["task_id"]!}"));

    private static Task<JsonNode> RunAsync(RunnerHost host, int task)
    {
        var request = JsonNode.Parse(RunnerApiHost.Sample("run-space"))!.AsObject();
        (request["task_id"], request["image_id"]) = (task, $"registry.example.com/a:{task}");
        return host.AskAsync(HttpMethod.Post, "service/web/run", request.ToJsonString());
    }

    private static async Task<int> CodeAsync(RunnerHost host) => (int)(await host.AskAsync(HttpMethod.Get, "service/web/status"))["code"]!;
}
