using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Storage.Lifecycle;

/// <summary>Holds a deleted volume claim while a pod uses it. Called by one loop only.</summary>
internal sealed class ClaimProtection(ObjectStore store)
{
    private const string Finalizer = "kubernetes.io/pvc-protection";

    public void Handle(StoreEvent change)
    {
        var key = change.Object.Key;
        switch (key)
        {
            case { Group: "", Plural: "persistentvolumeclaims" } when change.Type != StoreEventType.Deleted:
                Look(key);
                break;
            case { Group: "", Plural: "pods" } when change.Type == StoreEventType.Deleted || IsOver(change.Object.Json):
                foreach (var claim in Claims(change.Object.Json))
                {
                    Look(new ObjectKey("", "persistentvolumeclaims", key.Namespace, claim));
                }

                break;
        }
    }

    private void Look(ObjectKey key)
    {
        if (store.Get(key) is not { IsDeleting: true } claim || !ObjectLife.Finalizers(claim.Json).Contains(Finalizer)
            || store.List("", "pods", key.Namespace).Any(p => !IsOver(p.Json) && Claims(p.Json).Contains(key.Name)))
        {
            return;
        }

        var json = claim.Edit();
        ObjectLife.SetFinalizers(json, [.. ObjectLife.Finalizers(json).Where(f => f != Finalizer)]);
        store.Update(key, json, "finalizers");
    }

    private static bool IsOver(JsonObject pod) => (string?)pod["status"]?["phase"] is "Succeeded" or "Failed";

    private static IEnumerable<string> Claims(JsonObject pod) =>
        (pod["spec"]?["volumes"] as JsonArray ?? []).Select(v => (string?)v?["persistentVolumeClaim"]?["claimName"]).OfType<string>();
}
