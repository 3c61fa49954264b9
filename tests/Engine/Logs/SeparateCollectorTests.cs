using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters;
using Runner.Engine.Configuration;
using Runner.Engine.Logs.Collector;
using Runner.Tests.Engine.Support;
using Runner.Web;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Logs;
using Runner.Web.Components.Models.Operations;

namespace Runner.Tests.Engine.Logs;

/// <summary>The collector as a process of its own beside the runner: what it tells whom, and what the runner's page makes of it.</summary>
public sealed class SeparateCollectorTests : IAsyncLifetime
{
    private const string Token = "t-of-the-hub-0123456789";
    private const string Tenant = "tenant-7-web-00001";

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));
    private TestCluster _cluster = null!;
    private RecordingLoki _loki = null!;
    private WebApplication? _collector;
    private int _port;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _loki = await RecordingLoki.StartAsync();
        _cluster = await TestCluster.StartAsync();

        // What a stream's refusal quotes.
        _loki.Mood = _ => new(400, $$"""entry for stream '{pod_name="{{Tenant}}"}' has timestamp too new""");
        _cluster.PutPod("web", Tenant, 0);
        var uid = _cluster.Store.Get(new ObjectKey("", "pods", "spaces", Tenant))!.Uid;
        _cluster.Host.Logs.StartRun(uid, "user-container");
        _cluster.Host.Logs.Append(uid, "user-container", TimeProvider.System.GetUtcNow(), "hello");
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _cluster.DisposeAsync();
        await _loki.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Names_and_what_Loki_said_are_for_the_hubs_token_and_numbers_for_everybody()
    {
        using var client = new HttpClient { BaseAddress = Address };
        await Eventually.TrueAsync(async () => (await AskAsync(client, Token)).Body.Contains(Tenant, StringComparison.Ordinal), "the refusal is told", 30);
        var (status, body) = await AskAsync(client, Token);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains(_cluster.Endpoint.Name, body, StringComparison.Ordinal);

        var (anonymous, numbers) = await AskAsync(client, null);
        var told = JsonSerializer.Deserialize<JsonElement>(numbers);
        Assert.Equal((HttpStatusCode.OK, 1), (anonymous, told.GetProperty("dropped").GetProperty("Refused").GetInt32()));
        Assert.All(told.EnumerateObject(), member => Assert.True(
            member.Value.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False or JsonValueKind.Object || DateTimeOffset.TryParse(member.Value.GetString(), out _), member.ToString()));
        var (wrong, refusal) = await AskAsync(client, "another");
        Assert.Equal(HttpStatusCode.Unauthorized, wrong);
        foreach (var open in new[] { numbers, refusal, await client.GetStringAsync("/metrics", Cancel) })
        {
            Assert.DoesNotContain(Tenant, open, StringComparison.Ordinal);
            Assert.DoesNotContain($"\"{_cluster.Endpoint.Name}\"", open, StringComparison.Ordinal);
            Assert.DoesNotContain(_loki.Address.Authority, open, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_page_shows_the_collectors_figures_says_since_when_it_is_away_and_heals()
    {
        var options = new RunnerOptions { ApiToken = Token, DataDirectory = _folder.File("runner"), LogCollector = new() { LokiUrl = _loki.Address, Url = Address } };
        using var own = new LogCollection(options, null, null, _time, NullLoggerFactory.Instance);
        using var separate = new SeparateCollector(options, _time);
        using var model = new LogCollectionModel(own, separate, _time);
        Assert.Null(model.Collector!.Status);
        Assert.Equal(CollectionState.Idle, model.State);

        await ReadUntilAsync(model, () => model.Collector is { Status.Streams: 1, Status.Dropped.Count: 1 });
        Assert.Equal((_loki.Address.Authority, CollectionState.Idle), (model.Collector.Status!.Loki, model.State));
        Assert.Contains(Tenant, model.Collector.Status.LastError, StringComparison.Ordinal);
        Assert.Equal([new CollectorCluster(_cluster.Endpoint.Name, true, 1)], model.Collector.Clusters);
        Assert.False(model.Stale);

        await StopAsync();
        var before = model.Collector.At;
        await ReadUntilAsync(model, () => model.Stale);
        Assert.Equal((CollectionState.Trouble, 1, before), (model.State, model.Collector.Status.Streams, model.Collector.At));
        Assert.Contains("cannot be reached", model.Collector.Problem, StringComparison.Ordinal);
        var since = model.Collector.Since;
        Assert.True(since > before);
        await ReadUntilAsync(model, () => _time.GetUtcNow() > since + TimeSpan.FromSeconds(20));
        Assert.Equal(since, model.Collector.Since);

        await StartAsync();
        await ReadUntilAsync(model, () => !model.Stale && model.Collector.At > since);
        Assert.Equal((null, CollectionState.Idle), (model.Collector.Since, model.State));
    }

    [Fact]
    public async Task A_token_that_differs_and_an_address_of_something_else_are_told_as_such()
    {
        foreach (var (token, address, expected) in new[] { ("other", Address, "STARHUB_SERVER_API_TOKEN"), (Token, _loki.Address, "RUNNER_LOGCOLLECTOR_URL") })
        {
            using var separate = new SeparateCollector(new() { ApiToken = token, LogCollector = new() { LokiUrl = _loki.Address, Url = address } }, _time);
            separate.Refresh();
            await Eventually.TrueAsync(() => separate.State.Problem.Length > 0, "it is asked", 30);
            Assert.Contains(expected, separate.State.Problem, StringComparison.Ordinal);
            Assert.Null(separate.State.Status);
        }
    }

    private Uri Address => new($"http://127.0.0.1:{_port}");

    private Task ReadUntilAsync(LogCollectionModel model, Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            // Quicker than in life, so that an answer has no time to grow old.
            _time.Advance(TimeSpan.FromSeconds(1));
            model.Read();
            return condition();
        },
        () => $"{model.State}: {model.Collector}",
        30);

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpClient client, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, CollectorStatistics.Path) { Headers = { Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token) } };
        using var response = await client.SendAsync(request, Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    private async Task StartAsync()
    {
        var options = new RunnerOptions
        {
            ApiToken = Token,
            Bind = IPAddress.Loopback,
            DataDirectory = _folder.File("collector"),
            LogCollector = new() { LokiUrl = _loki.Address, Port = _port, BatchDelay = TimeSpan.FromMilliseconds(20) },
        };
        _collector = LogCollectorApp.Build(options, [_cluster.Endpoint]);
        await _collector.StartAsync(Cancel);
        _port = new Uri(_collector.Urls.Single()).Port;
    }

    private async Task StopAsync()
    {
        if (_collector is { } collector)
        {
            _collector = null;
            await collector.StopAsync(CancellationToken.None);
            await collector.DisposeAsync();
        }
    }
}
