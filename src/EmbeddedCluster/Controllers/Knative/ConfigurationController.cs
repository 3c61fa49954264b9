using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>Every generation of a Configuration becomes a Revision; the newest that is ready is the latest ready one.</summary>
internal sealed class ConfigurationController(Cluster cluster) : Controller
{
    private const string Component = "configuration-controller";

    public override string Name => "knative-configuration";

    public override TimeSpan Reaction => TimeSpan.FromMilliseconds(30);

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.Configuration.Owns(change.Object.Key) ? [change.Object.Key]
        : ObjectKind.Revision.Owns(change.Object.Key) ? ControllerOf(change.Object, ObjectKind.Configuration)
        : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } configuration || configuration.Json.IsDeleting())
        {
            return null;
        }

        var name = configuration.Json.Text("spec", "template", "metadata", "name") ?? $"{key.Name}-{configuration.Json.Generation():d5}";
        var revision = cluster.Cache.Get(ObjectKind.Revision, key.Namespace, name);
        if (revision is not null && revision.Json.ControllerReference().Text("uid") != configuration.Json.Uid())
        {
            // The namesake of a deleted service that is still on its way out.
            return TimeSpan.FromSeconds(1);
        }

        if (revision is null)
        {
            revision = cluster.Create(ObjectKind.Revision, RevisionOf(configuration, name));
            cluster.Events.Normal(configuration, Component, "Created", $"Created Revision \"{name}\"");
        }

        var status = configuration.Json.EditStatus();
        var conditions = new ConditionSet(status, cluster.Clock, "Ready");
        conditions.Initialize();
        if (status.Text("latestCreatedRevisionName") != name)
        {
            status["latestCreatedRevisionName"] = name;
            conditions.MarkUnknown("Ready");
        }

        if (revision.Json.HasCondition("Ready", "False"))
        {
            cluster.Events.Warning(configuration, Component, "LatestCreatedFailed", $"Latest created revision \"{name}\" has failed");
            conditions.MarkFalse("Ready", "RevisionFailed", $"Revision \"{name}\" failed with message: {revision.Json.Condition("Ready").Text("message")}.");
        }

        FindLatestReady(configuration, status, conditions);
        status["observedGeneration"] = configuration.Json.Generation();
        cluster.UpdateStatus(configuration, status);
        return null;
    }

    private void FindLatestReady(StoredObject configuration, JsonObject status, ConditionSet conditions)
    {
        var before = status.Text("latestReadyRevisionName");
        var oldest = before is null ? 0 : Generation(cluster.Cache.Get(ObjectKind.Revision, configuration.Key.Namespace, before)?.Json);
        var ready = cluster.Cache.OwnedBy(configuration.Json.Uid(), ObjectKind.Revision)
            .Where(r => r.Json.HasCondition("Ready") && Generation(r.Json) >= oldest)
            .MaxBy(r => Generation(r.Json));
        if (ready is null)
        {
            return;
        }

        if (before is null)
        {
            cluster.Events.Normal(configuration, Component, "ConfigurationReady", "Configuration becomes ready");
        }

        if (before != ready.Key.Name)
        {
            cluster.Events.Normal(configuration, Component, "LatestReadyUpdate", $"LatestReadyRevisionName updated to \"{ready.Key.Name}\"");
        }

        status["latestReadyRevisionName"] = ready.Key.Name;
        if (ready.Key.Name == status.Text("latestCreatedRevisionName"))
        {
            conditions.MarkTrue("Ready");
        }
    }

    private static long Generation(JsonNode? revision) =>
        long.TryParse(revision.Label(KnativeKeys.ConfigurationGenerationLabel), CultureInfo.InvariantCulture, out var generation) ? generation : 0;

    private JsonObject RevisionOf(StoredObject configuration, string name)
    {
        var template = configuration.Json.Object("spec", "template");
        var labels = (JsonObject?)template.Object("metadata", "labels").Copy() ?? [];
        labels[KnativeKeys.ConfigurationLabel] = configuration.Key.Name;
        labels[KnativeKeys.ConfigurationGenerationLabel] = configuration.Json.Generation().ToString(CultureInfo.InvariantCulture);
        labels[KnativeKeys.ConfigurationUidLabel] = configuration.Json.Uid();
        labels[KnativeKeys.RoutingStateLabel] = "active";
        labels[KnativeKeys.ServiceLabel] = configuration.Json.Label(KnativeKeys.ServiceLabel) ?? "";
        labels[KnativeKeys.ServiceUidLabel] = configuration.Json.Label(KnativeKeys.ServiceUidLabel) ?? "";
        var annotations = (JsonObject?)template.Object("metadata", "annotations").Copy() ?? [];
        if (configuration.Json.Annotation(KnativeKeys.Creator) is { } creator)
        {
            annotations[KnativeKeys.Creator] = creator;
        }

        annotations[KnativeKeys.Routes] = configuration.Key.Name;
        annotations[KnativeKeys.RoutingStateModified] = cluster.Clock.Timestamp;
        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = configuration.Key.Namespace,
                ["labels"] = labels,
                ["annotations"] = annotations,
                ["ownerReferences"] = new JsonArray(Cluster.ControllerReference(configuration, ObjectKind.Configuration)),
            },
            ["spec"] = template.Object("spec").Copy() ?? new JsonObject(),
        };
    }
}
