using System.Text.Json.Nodes;
using System.Threading.Channels;
using Runner.EmbeddedCluster.Http;

namespace Runner.EmbeddedCluster.Storage.Lifecycle;

/// <summary>
/// What every cluster does for its objects whatever controllers it has: collects garbage, fills and empties namespaces, guards claims in use, serves what
/// is defined. One loop, in the order of the changes; a fault is logged and the loop goes on.
/// </summary>
internal sealed partial class Housekeeping(ObjectStore store, double timeScale, TimeProvider time, ILogger<Housekeeping> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromHours(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly GarbageCollector _garbage = new(store, timeScale, time);
    private readonly NamespaceLifecycle _namespaces = new(store, timeScale, time);
    private readonly ClaimProtection _claims = new(store);
    private Task _loop = Task.CompletedTask;

    public void Start()
    {
        var (snapshot, changes) = store.Subscribe();
        Guard("take over what is stored", () =>
        {
            _garbage.Begin(snapshot);
            foreach (var stored in snapshot)
            {
                Handle(new StoreEvent(StoreEventType.Added, stored, null));
            }
        });
        _loop = Task.Run(() => RunAsync(changes, _stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _loop;
        }
        catch (OperationCanceledException)
        {
            // The loop was told to stop.
        }

        _stop.Dispose();
    }

    private async Task RunAsync(ChannelReader<StoreEvent> changes, CancellationToken cancellationToken)
    {
        var reading = changes.WaitToReadAsync(cancellationToken).AsTask();
        while (true)
        {
            while (changes.TryRead(out var change))
            {
                Handle(change);
            }

            Guard("empty namespaces", _namespaces.SweepDue);
            Guard("look at owners again", _garbage.LookAgain);
            if (reading.IsCompleted)
            {
                reading = changes.WaitToReadAsync(cancellationToken).AsTask();
            }

            if (changes.TryPeek(out _))
            {
                continue;
            }

            using var waited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(reading, Task.Delay(Soonest(_namespaces.NextSweep, _garbage.NextLook), time, waited.Token));
            cancellationToken.ThrowIfCancellationRequested();
            await waited.CancelAsync();
        }
    }

    private static TimeSpan Soonest(params ReadOnlySpan<TimeSpan?> pauses)
    {
        var soonest = Idle;
        foreach (var pause in pauses)
        {
            soonest = pause < soonest ? pause.Value : soonest;
        }

        return soonest;
    }

    private void Handle(StoreEvent change)
    {
        Guard("collect garbage", () => _garbage.Handle(change));
        Guard("keep namespaces", () => _namespaces.Handle(change));
        Guard("guard claims", () => _claims.Handle(change));
        Guard("serve definitions", () => Definitions(change));
        Guard("serve metrics", () => Metrics(change));
    }

    private void Definitions(StoreEvent change)
    {
        if (change.Object.Key is not { Group: "apiextensions.k8s.io", Plural: "customresourcedefinitions" })
        {
            return;
        }

        var definition = change.Object.Json;
        var (group, plural) = ((string?)definition["spec"]?["group"] ?? "", (string?)definition["spec"]?["names"]?["plural"] ?? "");
        if (change.Type == StoreEventType.Deleted)
        {
            foreach (var item in store.List(group, plural))
            {
                store.Delete(item.Key, "Background");
            }

            store.Catalog.Remove(group, plural);
            store.EndWatches(group, plural);
            return;
        }

        if (!ResourceCatalog.Standard.Any(t => t.Is(group, plural)))
        {
            store.Catalog.Define(definition);
        }

        if (definition["status"]?["conditions"] is not JsonArray)
        {
            var established = change.Object.Edit();
            CustomResourceDefinitions.Establish(established, ObjectLife.Timestamp(time.GetUtcNow()));
            store.Update(change.Object.Key, established, "status");
        }
    }

    private void Metrics(StoreEvent change)
    {
        if (change.Object.Key is not { Group: "apiregistration.k8s.io", Plural: "apiservices", Name: MetricsGroup.Service })
        {
            return;
        }

        if (change.Type != StoreEventType.Deleted)
        {
            store.Catalog.Serve(MetricsGroup.Types);
            return;
        }

        foreach (var type in MetricsGroup.Types)
        {
            store.Catalog.Remove(type.Group, type.Plural);
        }
    }

    private void Guard(string what, Action action)
    {
        try
        {
            action();
        }
        catch (ApiException overtaken) when (overtaken.Code is 404 or 409)
        {
            // Someone else changed the object first; their change comes through this loop too and is looked at then.
        }
        catch (Exception fault)
        {
            LogFault(what, fault);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The embedded cluster failed to {What}; it goes on with the next change")]
    private partial void LogFault(string what, Exception fault);
}
