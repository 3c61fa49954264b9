using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>Writes Event objects; the same event about the same object is counted up. Keeps the last thousands and removes the oldest.</summary>
internal sealed class EventRecorder(ObjectStore store, SimulationClock clock)
{
    private const int Kept = 5000;

    private readonly Dictionary<(string Uid, string Reason, string Message, string FieldPath), ObjectKey> _known = [];
    private readonly Queue<(string Uid, string Reason, string Message, string FieldPath)> _order = new();

    public void Normal(StoredObject about, string component, string reason, string message, string? fieldPath = null, string? host = null) =>
        Record(about, component, "Normal", reason, message, fieldPath, host);

    public void Warning(StoredObject about, string component, string reason, string message, string? fieldPath = null, string? host = null) =>
        Record(about, component, "Warning", reason, message, fieldPath, host);

    private void Record(StoredObject about, string component, string type, string reason, string message, string? fieldPath, string? host)
    {
        var identity = (about.Json.Uid(), reason, message, fieldPath ?? "");
        if (_known.TryGetValue(identity, out var key) && store.Get(key) is { } existing && CountUp(existing))
        {
            return;
        }

        key = new ObjectKey("", "events", about.Key.Namespace.Length == 0 ? "default" : about.Key.Namespace, $"{about.Key.Name}.{Random.Shared.NextInt64():x16}");
        store.Create(key, New(about, key, component, type, reason, message, fieldPath, host));
        if (_known.TryAdd(identity, key))
        {
            _order.Enqueue(identity);
        }
        else
        {
            _known[identity] = key;
        }

        while (_order.Count > Kept && _known.Remove(_order.Dequeue(), out var oldest))
        {
            Remove(oldest);
        }
    }

    private bool CountUp(StoredObject existing)
    {
        var edited = existing.Edit();
        edited["count"] = (int)(existing.Json.Number("count") ?? 1) + 1;
        edited["lastTimestamp"] = clock.Timestamp;
        try
        {
            store.Update(existing.Key, edited);
            return true;
        }
        catch (ApiException changed) when (changed.Code is 404 or 409)
        {
            return false;
        }
    }

    private void Remove(ObjectKey key)
    {
        try
        {
            store.Delete(key);
        }
        catch (ApiException gone) when (gone.Code == 404)
        {
            // Somebody else removed it.
        }
    }

    private JsonObject New(StoredObject about, ObjectKey key, string component, string type, string reason, string message, string? fieldPath, string? host)
    {
        var involved = new JsonObject
        {
            ["kind"] = about.Json.Text("kind"),
            ["namespace"] = about.Key.Namespace,
            ["name"] = about.Key.Name,
            ["uid"] = about.Json.Uid(),
            ["apiVersion"] = about.Json.Text("apiVersion"),
            ["resourceVersion"] = about.Json.Text("metadata", "resourceVersion"),
        };
        var source = new JsonObject { ["component"] = component };
        if (about.Key.Namespace.Length == 0)
        {
            involved.Remove("namespace");
        }

        if (fieldPath is not null)
        {
            involved["fieldPath"] = fieldPath;
        }

        if (host is not null)
        {
            source["host"] = host;
        }

        return new JsonObject
        {
            ["kind"] = "Event",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace },
            ["involvedObject"] = involved,
            ["reason"] = reason,
            ["message"] = message,
            ["source"] = source,
            ["firstTimestamp"] = clock.Timestamp,
            ["lastTimestamp"] = clock.Timestamp,
            ["count"] = 1,
            ["type"] = type,
            ["eventTime"] = null,
            ["reportingComponent"] = component,
            ["reportingInstance"] = host ?? "",
        };
    }
}
