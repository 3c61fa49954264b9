using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>What every controller works with: reads from the cache, writes to storage, events, and the clock.</summary>
internal sealed class Cluster(ObjectStore store, ObjectCache cache, SimulationClock clock)
{
    public ObjectCache Cache { get; } = cache;

    public SimulationClock Clock { get; } = clock;

    public EventRecorder Events { get; } = new(store, clock);

    /// <summary>Stores a new object under its own name.</summary>
    /// <exception cref="ApiException">409 when it exists.</exception>
    public StoredObject Create(ObjectKind resource, JsonObject json)
    {
        json["apiVersion"] = resource.ApiVersion;
        json["kind"] = resource.Kind;
        return store.Create(resource.Key(json.Namespace(), json.Name()), Plain(json));
    }

    /// <summary>Stores a changed specification or metadata; <paramref name="edited"/> comes from <see cref="StoredObject.Edit"/> of the state it is based on.</summary>
    /// <exception cref="ApiException">409 when the object has changed since, 404 when it is gone.</exception>
    public StoredObject Update(StoredObject before, JsonObject edited) => store.Update(before.Key, Plain(edited));

    /// <summary>Stores a new status; does nothing where it says what the object says already.</summary>
    /// <exception cref="ApiException">409 when the object has changed since, 404 when it is gone.</exception>
    public StoredObject UpdateStatus(StoredObject before, JsonObject status)
    {
        if (JsonNode.DeepEquals(before.Json["status"], status))
        {
            return before;
        }

        var edited = before.Edit();
        edited["status"] = status;
        return store.Update(before.Key, Plain(edited), "status");
    }

    /// <summary>Deletes an object; one that is gone is no error.</summary>
    public void Delete(ObjectKey key, int? gracePeriodSeconds = null) => Delete(key, "Background", gracePeriodSeconds);

    /// <summary>Deletes an object after what belongs to it.</summary>
    public void DeleteForeground(ObjectKey key) => Delete(key, "Foreground", null);

    /// <summary>Deletes a pod whose containers have stopped. What else holds it, such as its dependents in a foreground deletion, goes on holding it.</summary>
    public void ConfirmStopped(ObjectKey pod) => Delete(pod, null, 0);

    private void Delete(ObjectKey key, string? propagation, int? gracePeriodSeconds)
    {
        try
        {
            store.Delete(key, propagation, gracePeriodSeconds);
        }
        catch (ApiException gone) when (gone.Code == 404)
        {
            // What was to be deleted is gone.
        }
    }

    /// <summary>An owner reference that marks <paramref name="owner"/> as controller.</summary>
    public static JsonObject ControllerReference(StoredObject owner, ObjectKind resource) => new()
    {
        ["apiVersion"] = resource.ApiVersion,
        ["blockOwnerDeletion"] = true,
        ["controller"] = true,
        ["kind"] = resource.Kind,
        ["name"] = owner.Key.Name,
        ["uid"] = owner.Json.Uid(),
    };

    // As if it had come over the wire: a number set here as long could otherwise not be read as int by others.
    private static JsonObject Plain(JsonObject json) => JsonNode.Parse(JsonSerializer.SerializeToUtf8Bytes(json))!.AsObject();
}
