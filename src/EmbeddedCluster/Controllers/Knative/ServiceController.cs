using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>A Knative Service becomes a Configuration and a Route of its name, and sums up their states.</summary>
internal sealed class ServiceController(Cluster cluster) : Controller
{
    private const string Component = "service-controller";

    public override string Name => "knative-service";

    public override TimeSpan Reaction => TimeSpan.FromMilliseconds(20);

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.KnativeService.Owns(change.Object.Key) ? [change.Object.Key]
        : ObjectKind.Configuration.Owns(change.Object.Key) || ObjectKind.Route.Owns(change.Object.Key) ? ControllerOf(change.Object, ObjectKind.KnativeService)
        : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } service || service.Json.IsDeleting())
        {
            return null;
        }

        var status = service.Json.EditStatus();
        var conditions = new ConditionSet(status, cluster.Clock, "Ready", "ConfigurationsReady", "RoutesReady");
        conditions.Initialize();
        var configuration = Ensure(service, ObjectKind.Configuration, ConfigurationOf(service));
        var owned = configuration.Json.ControllerReference().Text("uid") == service.Json.Uid();
        if (!owned)
        {
            conditions.MarkFalse("ConfigurationsReady", "NotOwned", $"There is an existing Configuration \"{key.Name}\" that we do not own.");
        }
        else if (!Observed(configuration))
        {
            conditions.MarkUnknown("ConfigurationsReady", "OutOfDate", "The Configuration is still working to reflect the latest desired specification.");
        }
        else
        {
            Take(status, configuration.Json, "latestCreatedRevisionName", "latestReadyRevisionName");
            conditions.Propagate("ConfigurationsReady", configuration.Json.Condition("Ready"));
        }

        if (owned)
        {
            PropagateRoute(service, configuration, status, conditions);
        }

        status["observedGeneration"] = service.Json.Generation();
        cluster.UpdateStatus(service, status);
        return owned ? null : TimeSpan.FromSeconds(1);
    }

    private void PropagateRoute(StoredObject service, StoredObject configuration, JsonObject status, ConditionSet conditions)
    {
        var route = Ensure(service, ObjectKind.Route, RouteOf(service));
        if (route.Json.ControllerReference().Text("uid") != service.Json.Uid())
        {
            conditions.MarkFalse("RoutesReady", "NotOwned", $"There is an existing Route \"{service.Key.Name}\" that we do not own.");
            return;
        }

        if (!Observed(route))
        {
            conditions.MarkUnknown("RoutesReady", "OutOfDate", "The Route is still working to reflect the latest desired specification.");
            return;
        }

        Take(status, route.Json, "address", "traffic", "url");
        conditions.Propagate("RoutesReady", route.Json.Condition("Ready"));
        if (conditions.Status("RoutesReady") == "True" && !Migrated(route.Json, configuration.Json))
        {
            conditions.MarkUnknown("RoutesReady", "TrafficNotMigrated", "Traffic is not yet migrated to the latest revision.");
        }
    }

    // Whether every target that follows the latest revision has arrived at it.
    private static bool Migrated(JsonObject route, JsonObject configuration)
    {
        var latest = configuration.Text("status", "latestReadyRevisionName");
        var wanted = route.Items("spec", "traffic").Select(t => (t.Text("configurationName") is null ? t.Text("revisionName") : latest, t.Number("percent") ?? 0, t.Text("tag")));
        var got = route.Items("status", "traffic").Select(t => (t.Text("revisionName"), t.Number("percent") ?? 0, t.Text("tag")));
        return wanted.SequenceEqual(got);
    }

    private static bool Observed(StoredObject stored) => stored.Json.Number("status", "observedGeneration") == stored.Json.Generation();

    private static void Take(JsonObject status, JsonObject from, params ReadOnlySpan<string> fields)
    {
        foreach (var field in fields)
        {
            if (from.At("status", field) is { } value)
            {
                status[field] = value.DeepClone();
            }
            else
            {
                status.Remove(field);
            }
        }
    }

    private StoredObject Ensure(StoredObject service, ObjectKind kind, JsonObject wanted)
    {
        if (cluster.Cache.Get(kind, service.Key.Namespace, service.Key.Name) is not { } existing)
        {
            wanted["metadata"]!["ownerReferences"] = new JsonArray(Cluster.ControllerReference(service, ObjectKind.KnativeService));
            var created = cluster.Create(kind, wanted);
            cluster.Events.Normal(service, Component, "Created", $"Created {kind.Kind} \"{service.Key.Name}\"");
            return created;
        }

        if (existing.Json.ControllerReference().Text("uid") != service.Json.Uid() || existing.Json.IsDeleting())
        {
            return existing;
        }

        var edited = existing.Edit();
        edited["spec"] = wanted["spec"].Copy();
        foreach (var part in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            var map = edited.Ensure("metadata", part);
            foreach (var (name, value) in wanted.Map("metadata", part))
            {
                map[name] = value;
            }
        }

        return JsonNode.DeepEquals(edited, existing.Json) ? existing : cluster.Update(existing, edited);
    }

    private static JsonObject ConfigurationOf(StoredObject service)
    {
        var metadata = Metadata(service);
        metadata.Ensure("labels")[KnativeKeys.ServiceUidLabel] = service.Json.Uid();
        return new JsonObject { ["metadata"] = metadata, ["spec"] = new JsonObject { ["template"] = service.Json.At("spec", "template").Copy() } };
    }

    private static JsonObject RouteOf(StoredObject service)
    {
        var traffic = new JsonArray();
        foreach (var target in service.Json.Items("spec", "traffic").DefaultIfEmpty(new JsonObject { ["latestRevision"] = true, ["percent"] = 100 }))
        {
            var copy = (JsonObject)target.DeepClone();
            if (copy.Text("revisionName") is null)
            {
                copy["configurationName"] = service.Key.Name;
                copy["latestRevision"] = true;
            }
            else
            {
                copy["latestRevision"] ??= false;
            }

            traffic.Add(copy);
        }

        return new JsonObject { ["metadata"] = Metadata(service), ["spec"] = new JsonObject { ["traffic"] = traffic } };
    }

    private static JsonObject Metadata(StoredObject service)
    {
        var annotations = (JsonObject?)service.Json.Object("metadata", "annotations").Copy() ?? [];
        annotations.Remove("kubectl.kubernetes.io/last-applied-configuration");
        var labels = (JsonObject?)service.Json.Object("metadata", "labels").Copy() ?? [];
        labels[KnativeKeys.ServiceLabel] = service.Key.Name;
        return new JsonObject { ["name"] = service.Key.Name, ["namespace"] = service.Key.Namespace, ["annotations"] = annotations, ["labels"] = labels };
    }
}
