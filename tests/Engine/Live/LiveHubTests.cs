using System.Net;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Runner.EmbeddedCluster.Storage;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Identity;
using Runner.Tests.Engine.Support;
using Runner.Web.Identity;
using Runner.Web.Identity.Access;
using Runner.Web.Identity.Users;
using Runner.Web.Live.Hub;

namespace Runner.Tests.Engine.Live;

/// <summary>The live hub of the real program, over a real SignalR client.</summary>
public sealed class LiveHubTests
{
    private const string Web = "test/service/spaces/web";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_token_with_a_wrong_one_and_with_another_scope_nobody_gets_in()
    {
        await using var host = await RunnerHost.StartAsync();
        foreach (var (token, status) in new[] { (null, HttpStatusCode.Unauthorized), ("x", HttpStatusCode.Unauthorized), (RunnerHost.HubToken, HttpStatusCode.Unauthorized), (await LiveHubClient.TokenAsync(host, "audit.read"), HttpStatusCode.Forbidden) })
        {
            await using var connection = LiveHubClient.Connection(host, token);
            var refused = await Assert.ThrowsAsync<HttpRequestException>(() => connection.StartAsync(Cancel));
            Assert.Equal(status, refused.StatusCode);
        }
    }

    [Fact]
    public async Task With_the_scope_the_snapshot_comes_and_then_every_change()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutService("web", 1);
        await using var host = await RunnerHost.StartAsync(cluster: cluster.Endpoint);
        await using var connection = await LiveHubClient.ConnectedAsync(host, "live.read");
        var state = new Dictionary<string, LiveWorkload>();
        var reading = FollowAsync(connection, state);

        await UntilAsync(state, () => state.ContainsKey(Web), "the service is known");
        cluster.PutService("web", 2);
        cluster.PutService("other", 1);
        await UntilAsync(state, () => state.GetValueOrDefault(Web)?.DeployId == 2 && state.ContainsKey("test/service/spaces/other"), "changes arrive");
        cluster.Delete(new("serving.knative.dev", "services", "spaces", "other"));
        await UntilAsync(state, () => !state.ContainsKey("test/service/spaces/other"), "what goes is told");

        await connection.StopAsync(Cancel);
        await Assert.ThrowsAnyAsync<Exception>(() => reading);
    }

    [Fact]
    public async Task Logs_need_a_scope_of_their_own_and_bring_every_line()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var host = await RunnerHost.StartAsync(cluster: cluster.Endpoint);
        var uid = StartPod(cluster);
        await using var watcher = await LiveHubClient.ConnectedAsync(host, "live.read");
        await using var reader = await LiveHubClient.ConnectedAsync(host, "live.read workloads.read");

        await Assert.ThrowsAsync<HubException>(async () => await FirstAsync(watcher, new LogsRequest { Workloads = [Web] }));
        await Assert.ThrowsAsync<HubException>(async () => await FirstAsync(reader, new LogsRequest()));
        await Assert.ThrowsAsync<HubException>(async () => await FirstAsync(reader, new LogsRequest { Workloads = ["web"] }));
        Assert.DoesNotContain(host.Get<Web.Hosting.RecentLog>().Lines, line => line.Contains(" Error ", StringComparison.Ordinal));
        var lines = new List<string>();
        var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        for (var number = 0; number < 100; number++)
        {
            cluster.Host.Logs.Append(uid, "user-container", TimeProvider.System.GetUtcNow(), $"line {number}");
        }

        await foreach (var message in reader.StreamAsync<LogsMessage>("Logs", new LogsRequest { Labels = "serving.knative.dev/service=web" }, enough.Token))
        {
            lines.AddRange(message.Lines.Select(line => line.Text));
            if (lines.Count == 100)
            {
                cluster.Host.Logs.Append(uid, "user-container", TimeProvider.System.GetUtcNow(), "line 100");
            }

            if (lines.Count > 100)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(0, 101).Select(number => $"line {number}"), lines);
    }

    [Fact]
    public async Task A_client_that_does_not_take_its_lines_costs_a_bounded_amount_and_is_told_what_it_missed()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var host = await RunnerHost.StartAsync(cluster: cluster.Endpoint);
        var uid = StartPod(cluster);
        var streams = host.Get<LiveStreams>();
        var engine = host.Get<Web.Live.IConsoleEngine>();
        await Eventually.TrueAsync(() => engine.Workloads.Values.Any(workload => workload.Instances.Count > 0), "the pod is known");
        var selection = new Web.Live.Logs.LogSelection { Labels = "serving.knative.dev/service=web" };
        var slow = streams.LogsAsync(selection, default, previous: false, Cancel).GetAsyncEnumerator(Cancel);
        await using var _ = slow;
        Assert.True(await slow.MoveNextAsync());

        // The cluster keeps as many lines as wait for a client: no more are written than one who takes them has got.
        var quick = streams.LogsAsync(selection, default, previous: false, Cancel).GetAsyncEnumerator(Cancel);
        await using var __ = quick;
        var last = "";
        const int Written = LiveStreams.MostLines * 3;
        for (var number = 0; number < Written; number++)
        {
            cluster.Host.Logs.Append(uid, "user-container", TimeProvider.System.GetUtcNow(), $"line {number}");
            while (number % 5_000 == 0 && last != $"line {number}" && await quick.MoveNextAsync())
            {
                last = quick.Current.Lines is [.., var line] ? line.Text : last;
            }
        }

        long taken = 0, dropped = 0;
        while (last != $"line {Written - 1}" && await slow.MoveNextAsync())
        {
            (taken, dropped) = (taken + slow.Current.Lines.Count, dropped + slow.Current.Dropped);
            last = slow.Current.Lines is [.., var line] ? line.Text : last;
            Assert.True(slow.Current.Lines.Count <= LiveStreams.LinesInMessage);
        }

        Assert.Equal(Written, taken + dropped);
        Assert.True(dropped > 0, "nothing was dropped");
    }

    [Fact]
    public async Task A_session_serves_as_well_but_not_from_another_site_s_page()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var cookie = await LiveHubClient.CookieAsync(host);
        await using var own = LiveHubClient.Connection(host, null, cookie);
        await own.StartAsync(Cancel);
        Assert.Equal("snapshot", await FirstKindAsync(own));

        await using var foreign = LiveHubClient.Connection(host, null, cookie, origin: "https://elsewhere.example.com");
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => foreign.StartAsync(Cancel));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Fact]
    public async Task A_right_that_is_taken_away_ends_the_stream()
    {
        await using var host = await RunnerHost.StartAsync();
        var users = host.Get<UserDirectory>();
        await users.CreateAsync("vera", "a password of vera", ConsoleRole.Viewer, Cancel);
        var cookie = await LiveHubClient.CookieAsync(host, "vera", "a password of vera");
        await using var connection = LiveHubClient.Connection(host, null, cookie);
        await connection.StartAsync(Cancel);
        await using var stream = connection.StreamAsync<WorkloadsMessage>("Workloads", Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await stream.MoveNextAsync());

        await users.EndSessionsAsync(users.FindByName("vera")!.Id, Cancel);

        await EndsAsync(stream);

        // A machine's token is signed for a quarter of an hour, and revoked with its client.
        await using var machine = await LiveHubClient.ConnectedAsync(host, "live.read");
        await using var streamed = machine.StreamAsync<WorkloadsMessage>("Workloads", Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await streamed.MoveNextAsync());
        await using (var scope = host.App.Services.CreateAsyncScope())
        {
            var clients = scope.ServiceProvider.GetRequiredService<ApiClients>();
            await clients.DeleteAsync((await clients.ListAsync(Cancel)).Single(client => !client.IsBuiltIn).Id, Cancel);
        }

        await EndsAsync(streamed);

        static async Task EndsAsync(IAsyncEnumerator<WorkloadsMessage> stream)
        {
            var ended = await Assert.ThrowsAsync<HubException>(async () =>
            {
                while (await stream.MoveNextAsync())
                {
                }
            }).WaitAsync(TimeSpan.FromSeconds(60), Cancel);
            Assert.Contains("right", ended.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task After_the_program_was_gone_a_new_connection_begins_with_what_is_there()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutService("web", 1);
        using var folder = new TemporaryFolder();
        var first = await RunnerHost.StartAsync(options => options with { DataDirectory = folder.Path }, cluster: cluster.Endpoint);
        var state = new Dictionary<string, LiveWorkload>();
        await using (var connection = await LiveHubClient.ConnectedAsync(first, "live.read"))
        {
            var reading = FollowAsync(connection, state);
            await UntilAsync(state, () => state.ContainsKey(Web), "the service is known");
            await first.DisposeAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => reading);
        }

        cluster.PutService("web", 2);
        await using var second = await RunnerHost.StartAsync(options => options with { DataDirectory = folder.Path }, cluster: cluster.Endpoint);
        await using var again = await LiveHubClient.ConnectedAsync(second, "live.read");
        state.Clear();
        _ = FollowAsync(again, state);
        await UntilAsync(state, () => state.GetValueOrDefault(Web)?.DeployId == 2, "what changed meanwhile is known");
    }

    [Fact]
    public async Task The_sample_client_prints_the_workloads()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutService("web", 1);
        await using var host = await RunnerHost.StartAsync(cluster: cluster.Endpoint);
        await TokenClient.AddMachineAsync(host, "sample", "live.read", "workloads.read");
        await using var sample = ChildProcess.Start(
            new Dictionary<string, string>(), Path.Combine(AppContext.BaseDirectory, "LiveClient.dll"), host.Address.ToString(), "sample", TokenClient.Secret);
        await Eventually.TrueAsync(() => sample.Output.Contains(Web, StringComparison.Ordinal), "the service is printed", 30);
        cluster.PutService("other", 1);
        await Eventually.TrueAsync(() => sample.Output.Contains("changes test/service/spaces/other", StringComparison.Ordinal), "another one is printed when it comes", 30);
    }

    [Fact]
    public async Task The_file_of_logs_is_refused_to_strangers_and_holds_every_line_in_order()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var host = await RunnerHost.StartAsync(cluster: cluster.Endpoint);
        var uid = StartPod(cluster);
        for (var number = 0; number < 5_000; number++)
        {
            cluster.Host.Logs.Append(uid, "user-container", TimeProvider.System.GetUtcNow(), $"line {number}");
        }

        using var stranger = host.Program();
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync($"/api/console/logs?workload={Web}", Cancel)).StatusCode);
        using var browser = await host.SignedInAsync();
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync("/api/console/logs", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync($"/api/console/logs?workload={Web}&regex=1&filter=(", Cancel)).StatusCode);
        var engine = host.Get<Web.Live.IConsoleEngine>();
        await Eventually.TrueAsync(() => engine.Workloads.Values.Any(workload => workload.Instances.Count > 0), "the pod is known");
        using var answer = await browser.GetAsync($"/api/console/logs?workload={Web}&regex=1&filter=line%20%5Cd*7$", Cancel);
        Assert.StartsWith("attachment", answer.Content.Headers.GetValues("Content-Disposition").Single(), StringComparison.Ordinal);
        var lines = (await answer.Content.ReadAsStringAsync(Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(0, 5_000).Where(number => number % 10 == 7).Select(number => $"web-pod user-container line {number}"), lines.Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
    }

    private static string StartPod(TestCluster cluster)
    {
        cluster.PutService("web", 1);
        cluster.PutPod("web", "web-pod", 0);
        var uid = cluster.Store.Get(new ObjectKey("", "pods", "spaces", "web-pod"))!.Uid;
        cluster.Host.Logs.StartRun(uid, "user-container");
        return uid;
    }

    private static async Task FollowAsync(HubConnection connection, Dictionary<string, LiveWorkload> state)
    {
        await foreach (var message in connection.StreamAsync<WorkloadsMessage>("Workloads", Cancel))
        {
            lock (state)
            {
                foreach (var workload in message.Workloads)
                {
                    state[workload.Reference] = workload;
                }

                foreach (var gone in message.Removed)
                {
                    state.Remove(gone);
                }
            }
        }
    }

    private static Task UntilAsync(Dictionary<string, LiveWorkload> state, Func<bool> condition, string what) => Eventually.TrueAsync(
        () =>
        {
            lock (state)
            {
                return condition();
            }
        },
        what,
        30);

    private static async Task<LogsMessage> FirstAsync(HubConnection connection, LogsRequest request)
    {
        await foreach (var message in connection.StreamAsync<LogsMessage>("Logs", request, Cancel))
        {
            return message;
        }

        throw new InvalidOperationException("The stream ended.");
    }

    private static async Task<string> FirstKindAsync(HubConnection connection)
    {
        await foreach (var message in connection.StreamAsync<WorkloadsMessage>("Workloads", Cancel))
        {
            return message.Kind;
        }

        return "";
    }
}
