using Microsoft.Extensions.Logging.Abstractions;
using Runner.Engine;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Hub;

/// <summary>The hub's side of the engine, running: database, outbox and reporter, as one process of the program has them.</summary>
internal sealed class HubSide : IAsyncDisposable
{
    public const string Token = "secret-token-0123456789";

    private readonly Database _database;
    private readonly HubClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loops;

    private HubSide(string folder, RecordingHub? hub, TimeProvider time, HubLeadership? leadership)
    {
        _database = Database.Open(folder);

        // Virtual time flies while a call is under way, and must not end it.
        var patience = ReferenceEquals(time, TimeProvider.System) ? TimeSpan.FromSeconds(2) : TimeSpan.FromDays(1);
        _client = new HubClient(new HubSettings { Endpoint = hub?.Address, Token = Token, Timeout = patience }, time);
        Store = new OutboxStore(_database, time);
        Outbox = new Outbox(Store, _client, time, NullLogger<Outbox>.Instance, leadership);
        Reporter = new HubReporter(Outbox, Store, time, NullLogger<HubReporter>.Instance, leadership);
        _loops = Outbox.RunAsync(_stop.Token);
    }

    public OutboxStore Store { get; }

    public Outbox Outbox { get; }

    public HubReporter Reporter { get; }

    public static HubSide Start(TemporaryFolder folder, RecordingHub? hub, TimeProvider? time = null, HubLeadership? leadership = null) =>
        new(folder.Path, hub, time ?? TimeProvider.System, leadership);

    public static Workload Service(
        string name, DeployStatus status, string reason = "", string uid = "uid-1", string endpoint = "", long taskId = 42, string cluster = "test", params string[] pods) => new()
        {
            Key = new WorkloadKey(cluster, WorkloadKind.Service, "spaces", name),
            Uid = uid,
            ClusterId = "cluster-1",
            CreatedAt = DateTimeOffset.UnixEpoch,
            Status = status,
            Reason = reason,
            Message = reason.Length > 0 ? $"because of {reason}" : "",
            Endpoint = endpoint,
            TaskId = taskId,
            Instances = pods.Select(pod => new WorkloadInstance { PodName = pod, Status = "Running", Node = "node-1" }).ToEquatableList(),
        };

    public async Task TellAsync(Workload? before, Workload? after) => await Reporter.ChangedAsync(before, after, TestContext.Current.CancellationToken);

    public Task AgainAsync() => Reporter.TellAgainAsync("test", TestContext.Current.CancellationToken);

    public Task SyncAsync(params Workload[] workloads) => SyncAsync("test", [], workloads);

    public async Task SyncAsync(string cluster, IEnumerable<WorkloadKey> unreadable, params Workload[] workloads) => await Reporter.SyncedAsync(
        new(cluster, new HashSet<WorkloadKind> { WorkloadKind.Service }, workloads, unreadable.ToHashSet()), TestContext.Current.CancellationToken);

    /// <summary>A sync from lists that began at a timestamp.</summary>
    public async Task SyncListedAsync(long listedAt, params Workload[] workloads) => await Reporter.SyncedAsync(
        new("test", new HashSet<WorkloadKind> { WorkloadKind.Service }, workloads, new HashSet<WorkloadKey>()) { ListedAt = listedAt }, TestContext.Current.CancellationToken);

    public Task AllTakenAsync(double seconds = 15) => Eventually.TrueAsync(() => Outbox.Status.Waiting == 0, "every event taken by the hub", seconds);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loops;
        _stop.Dispose();
        _client.Dispose();
        await _database.DisposeAsync();
    }
}
