using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Controllers;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Http;
using Runner.EmbeddedCluster.Logs;
using Runner.EmbeddedCluster.Storage;
using Runner.EmbeddedCluster.Storage.Lifecycle;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>A cluster's storage and controllers on a clock of their own: minutes pass in milliseconds, and every run takes the same course.</summary>
internal sealed class Simulation : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 19, 0, 0, TimeSpan.Zero));
    private readonly ControllerHost _host;
    private readonly DateTimeOffset _start;
    private readonly ChannelReader<StoreEvent> _changes;
    private readonly GarbageCollector _garbage;

    public Simulation(bool seed = false, double timeScale = 1)
    {
        Store = new ObjectStore(_time);
        Store.Defaults = new Admitter(Store, _time).Default;
        (_, _changes) = Store.Subscribe();
        _garbage = new GarbageCollector(Store, timeScale, _time);
        _host = new ControllerHost(Store, Logs, new EmbeddedClusterOptions { Seed = seed, TimeScale = timeScale }, _time, NullLoggerFactory.Instance);
        _host.Seed();
        _start = _time.GetUtcNow();
    }

    public ObjectStore Store { get; }

    public PodLogStore Logs { get; } = new();

    /// <summary>Every change since the start, with the time it was made.</summary>
    public List<(TimeSpan At, StoreEvent Change)> History { get; } = [];

    public TimeSpan Elapsed => _time.GetUtcNow() - _start;

    /// <summary>Lets time pass.</summary>
    public void Run(TimeSpan time)
    {
        var end = _time.GetUtcNow() + time;
        while (true)
        {
            var next = _host.RunDue();
            if (Record())
            {
                continue;
            }

            _garbage.LookAgain();
            if (Record())
            {
                continue;
            }

            if (_garbage.NextLook is { } look && !(next < _time.GetUtcNow() + look))
            {
                next = _time.GetUtcNow() + look;
            }

            if (next is null || next > end)
            {
                if (_time.GetUtcNow() == end)
                {
                    return;
                }

                _time.SetUtcNow(end);
                continue;
            }

            _time.SetUtcNow(next.Value);
        }
    }

    public void RunSeconds(double seconds) => Run(TimeSpan.FromSeconds(seconds));

    /// <summary>A request arrives for a Knative Service.</summary>
    public bool Wake(string @namespace, string service) => new Runner.EmbeddedCluster.Controllers.Knative.Activator(Store, _time).Wake(@namespace, service);

    public StoredObject Create(ObjectKind kind, string json)
    {
        var parsed = JsonNode.Parse(json)!.AsObject();
        parsed["apiVersion"] = kind.ApiVersion;
        parsed["kind"] = kind.Kind;
        return Store.Create(kind.Key(parsed.Namespace(), parsed.Name()), parsed);
    }

    public JsonObject? Get(ObjectKind kind, string name, string @namespace = "spaces") => Store.Get(kind.Key(@namespace, name))?.Json;

    public IReadOnlyList<JsonObject> List(ObjectKind kind) => [.. Store.List(kind.Group, kind.Plural).Select(o => o.Json)];

    public void Edit(ObjectKind kind, string name, Action<JsonObject> edit, string @namespace = "spaces")
    {
        var edited = Store.Get(kind.Key(@namespace, name))!.Edit();
        edit(edited);
        Store.Update(kind.Key(@namespace, name), edited);
    }

    /// <summary>Adds a node of 8 cores, 64 GiB and some GPUs.</summary>
    public void Node(string name, int gpus = 0, string? product = null, int cpu = 64, string memory = "512Gi") =>
        Create(ObjectKind.Node, new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["labels"] = product is null ? new JsonObject() : new JsonObject { ["nvidia.com/gpu.product"] = product },
            },
            ["status"] = new JsonObject
            {
                ["capacity"] = new JsonObject { ["cpu"] = cpu, ["memory"] = memory, ["ephemeral-storage"] = "1000Gi", ["pods"] = "110", ["nvidia.com/gpu"] = gpus.ToString(System.Globalization.CultureInfo.InvariantCulture) },
            },
        }.ToJsonString());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    // Says whether anything happened.
    private bool Record()
    {
        var any = false;
        while (_changes.TryRead(out var change))
        {
            any = true;
            History.Add((_time.GetUtcNow() - _start, change));
            _garbage.Handle(change);
        }

        return any;
    }
}
