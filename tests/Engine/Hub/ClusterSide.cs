using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Hub;

/// <summary>Everything that tells a hub of clusters, running, as one process of the program has it.</summary>
internal sealed class ClusterSide : IAsyncDisposable
{
    public const string ConfigMapName = "runner-config";

    private readonly Database _database;
    private readonly HubClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loops;

    /// <param name="time">Of the hub's side; the clusters live in real time.</param>
    public ClusterSide(TemporaryFolder folder, RunnerOptions options, TimeProvider time, params ClusterEndpoint[] endpoints)
    {
        _database = Database.Open(folder.Path);
        Settings = new LiveSettings(options, endpoints[0].Name);
        Overrides = new ClusterOverrideStore(_database, Settings);
        Overrides.Load();

        // Virtual time flies while a call is under way, and must not end it.
        _client = new HubClient(new HubSettings { Endpoint = options.Hub.WebhookEndpoint, Token = HubSide.Token, Timeout = TimeSpan.FromDays(1) }, time);
        var store = new OutboxStore(_database, time);
        Outbox = new Outbox(store, _client, time, NullLogger<Outbox>.Instance);
        var reporter = new HubReporter(Outbox, store, time, NullLogger<HubReporter>.Instance);
        Clusters = new(endpoints, options, new WorkloadFeed(), [reporter], RunningEngine.Quick, TimeProvider.System, NullLoggerFactory.Instance);
        Capacity = new(Clusters, options, RunningEngine.Quick, TimeProvider.System, NullLoggerFactory.Instance);
        var reports = new ClusterReports(Capacity, Settings, options, time);
        Telling = new(
            Clusters, Capacity, reports, Settings, options, Outbox, store, reporter, new HeartbeatTimes(_database), _client, HubLeadership.Alone, time, NullLoggerFactory.Instance);
        var configuration = new LiveConfiguration(Clusters, options, Settings, _database, RunningEngine.Quick, TimeProvider.System, NullLoggerFactory.Instance);
        configuration.Load();
        _loops = Task.WhenAll(
            Telling.RunAsync(_stop.Token), Outbox.RunAsync(_stop.Token), reporter.RunAsync(_stop.Token), Capacity.RunAsync(_stop.Token), configuration.RunAsync(_stop.Token), Clusters.RunAsync(_stop.Token));
    }

    public LiveSettings Settings { get; }

    public ClusterOverrideStore Overrides { get; }

    public ClusterDirectory Clusters { get; }

    public CapacityFeed Capacity { get; }

    public Outbox Outbox { get; }

    public ClusterTelling Telling { get; }

    /// <summary>Whether what the ConfigMap says is on disk.</summary>
    public bool RemembersConfigMap => _database.Read(db => db.GetCollection("config_maps").Count()) > 0;

    public static RunnerOptions OptionsFor(RecordingHub? hub, bool configMap = false) => new()
    {
        Hub = new()
        {
            WebhookEndpoint = hub?.Address,
            ConfigMapName = configMap ? ConfigMapName : "",
            ConfigMapInterval = TimeSpan.FromMilliseconds(100),
            HeartbeatInterval = TimeSpan.FromSeconds(120),
        },
    };

    /// <summary>The data of the events of a type, in order of arrival.</summary>
    public static List<JsonElement> DataOf(RecordingHub hub, string type) => [.. hub.Clusters.Where(e => e.Type == type).Select(e => e.Root.GetProperty("data"))];

    /// <summary>Creates or replaces the ConfigMap with the live settings.</summary>
    public static void PutConfigMap(TestCluster cluster, params (string Key, string Value)[] data)
    {
        var key = MapKey;
        var values = new JsonObject(data.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        if (cluster.Store.Get(key) is { } known)
        {
            var changed = known.Edit();
            changed["data"] = values;
            cluster.Store.Update(key, changed);
            return;
        }

        cluster.Store.Create(key, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = ConfigMapName, ["namespace"] = "csghub" }, ["data"] = values });
    }

    public static ObjectKey MapKey => new("", "configmaps", "csghub", ConfigMapName);

    public static void PutNamespace(TestCluster cluster, string name) => cluster.Store.Create(
        new ObjectKey("", "namespaces", "", name), new JsonObject { ["metadata"] = new JsonObject { ["name"] = name }, ["status"] = new JsonObject { ["phase"] = "Active" } });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loops.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
        _stop.Dispose();
        _client.Dispose();
        await _database.DisposeAsync();
    }
}
