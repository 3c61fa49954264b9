using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Storage.Lifecycle;

/// <summary>Gives every namespace its service account and root certificate, and empties those that are deleted. Called by one loop only.</summary>
internal sealed class NamespaceLifecycle(ObjectStore store, double timeScale, TimeProvider time)
{
    /// <summary>How long a deleted namespace keeps its content, for late writers to settle.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);

    /// <summary>Pause between looks at a namespace that does not get empty.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private const string RootCertificate = "kube-root-ca.crt";

    private readonly Dictionary<string, DateTimeOffset> _due = [];

    /// <summary>Time until a namespace is to be looked at; null when none is.</summary>
    public TimeSpan? NextSweep
    {
        get
        {
            if (_due.Count == 0)
            {
                return null;
            }

            var wait = _due.Values.Min() - time.GetUtcNow();
            return wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait;
        }
    }

    public void Handle(StoreEvent change)
    {
        var key = change.Object.Key;
        if (key is { Group: "", Plural: "namespaces" })
        {
            if (change.Type == StoreEventType.Deleted)
            {
                _due.Remove(key.Name);
            }
            else if (change.Object.IsDeleting)
            {
                _due.TryAdd(key.Name, time.GetUtcNow() + (Settle * timeScale));
            }
            else
            {
                Furnish(key.Name);
            }
        }
        else if (change.Type == StoreEventType.Deleted && key.Namespace.Length > 0)
        {
            if (_due.TryGetValue(key.Namespace, out var due) && due > time.GetUtcNow() && store.Get(Key(key.Namespace)) is { } space && HasConditions(space.Json))
            {
                _due[key.Namespace] = time.GetUtcNow();
            }
            else if (key is { Group: "", Plural: "serviceaccounts", Name: "default" } or { Group: "", Plural: "configmaps", Name: RootCertificate })
            {
                Furnish(key.Namespace);
            }
        }
    }

    public void SweepDue()
    {
        var now = time.GetUtcNow();
        foreach (var name in _due.Where(d => d.Value <= now).Select(d => d.Key).ToList())
        {
            _due[name] = now + (Again * Math.Max(timeScale, 0.1));
            Sweep(name);
        }
    }

    private static ObjectKey Key(string name) => new("", "namespaces", "", name);

    private void Furnish(string name)
    {
        if (store.Get(Key(name)) is not { IsDeleting: false })
        {
            return;
        }

        var account = new ObjectKey("", "serviceaccounts", name, "default");
        if (store.Get(account) is null)
        {
            store.Create(account, new JsonObject { ["metadata"] = new JsonObject() });
        }

        var certificate = new ObjectKey("", "configmaps", name, RootCertificate);
        if (store.Get(certificate) is null)
        {
            store.Create(certificate, new JsonObject
            {
                ["metadata"] = new JsonObject
                {
                    ["annotations"] = new JsonObject
                    {
                        ["kubernetes.io/description"] = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
                    },
                },
                ["data"] = new JsonObject { ["ca.crt"] = "-----BEGIN CERTIFICATE-----\n(removed)\n-----END CERTIFICATE-----\n" },
            });
        }
    }

    private void Sweep(string name)
    {
        if (store.Get(Key(name)) is not { IsDeleting: true })
        {
            _due.Remove(name);
            return;
        }

        foreach (var item in store.InNamespace(name).Where(i => !i.IsDeleting))
        {
            try
            {
                store.Delete(item.Key, "Background");
            }
            catch (ApiException gone) when (gone.Code == 404)
            {
                // It went with another object of the namespace.
            }
        }

        var left = store.InNamespace(name);
        var space = store.Get(Key(name));
        if (space is null)
        {
            return;
        }

        var json = space.Edit();
        if (left.Count == 0)
        {
            (json["spec"] as JsonObject)?.Remove("finalizers");
            store.Update(space.Key, json, "finalize");
            _due.Remove(name);
            return;
        }

        ObjectConditions(json, left, ObjectLife.Timestamp(time.GetUtcNow()));
        store.Update(space.Key, json, "status");
    }

    private static bool HasConditions(JsonObject space) => space["status"]?["conditions"] is JsonArray;

    private static void ObjectConditions(JsonObject space, IReadOnlyList<StoredObject> left, string now)
    {
        var finalizers = left.SelectMany(o => ObjectLife.Finalizers(o.Json)).GroupBy(f => f).Select(g => $"{g.Key} in {g.Count()} resource instances").Order(StringComparer.Ordinal).ToList();
        var remaining = left.GroupBy(o => o.Key.Group.Length == 0 ? o.Key.Plural + "." : $"{o.Key.Plural}.{o.Key.Group}")
            .Select(g => $"{g.Key} has {g.Count()} resource instances").Order(StringComparer.Ordinal);
        var old = space["status"]?["conditions"] as JsonArray ?? [];
        JsonObject Condition(string type, bool status, string reason, string message)
        {
            var before = old.FirstOrDefault(c => (string?)c?["type"] == type);
            var same = (string?)before?["status"] == (status ? "True" : "False");
            return new JsonObject
            {
                ["type"] = type,
                ["status"] = status ? "True" : "False",
                ["lastTransitionTime"] = same ? before!["lastTransitionTime"]?.DeepClone() : now,
                ["reason"] = reason,
                ["message"] = message,
            };
        }

        space["status"]!["conditions"] = new JsonArray(
            Condition("NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered"),
            Condition("NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions", "All legacy kube types successfully parsed"),
            Condition("NamespaceDeletionContentFailure", false, "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
            Condition("NamespaceContentRemaining", true, "SomeResourcesRemain", $"Some resources are remaining: {string.Join(", ", remaining)}"),
            finalizers.Count == 0
                ? Condition("NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", "All content-preserving finalizers finished")
                : Condition("NamespaceFinalizersRemaining", true, "SomeFinalizersRemain", $"Some content in the namespace has finalizers remaining: {string.Join(", ", finalizers)}"));
    }
}
