using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.Tests.Engine.Support;

/// <summary>What others do in a cluster, at once.</summary>
internal static class StoreEdits
{
    /// <summary>Has another object take the place of one, as if somebody had deleted it and made it again.</summary>
    /// <returns>The uid of the new one.</returns>
    public static string PutAnother(this ObjectStore store, ObjectKey key)
    {
        var json = store.Get(key)!.Edit();
        store.Delete(key, gracePeriodSeconds: 0);
        var metadata = json["metadata"]!.AsObject();
        foreach (var own in new[] { "uid", "resourceVersion", "creationTimestamp", "generation", "deletionTimestamp" })
        {
            metadata.Remove(own);
        }

        json.Remove("status");
        store.Create(key, json);
        return (string)store.Get(key)!.Json["metadata"]!["uid"]!;
    }

    /// <summary>Edits an object, however often a controller is faster.</summary>
    public static void Change(this ObjectStore store, ObjectKey key, Action<JsonObject> change)
    {
        var edited = store.Get(key)!.Edit();
        change(edited);
        edited["metadata"]!.AsObject().Remove("resourceVersion");
        store.Update(key, edited);
    }
}
