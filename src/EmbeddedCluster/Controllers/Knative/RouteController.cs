using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>Assigns a Route's traffic to ready revisions, waits for the simulated ingress, and labels revisions as active or in reserve.</summary>
internal sealed class RouteController(Cluster cluster) : Controller
{
    private const string Component = "route-controller";
    private static readonly TimeSpan IngressTime = TimeSpan.FromSeconds(1);

    // Per route: the traffic its ingress was last told, and since when.
    private readonly Notes<(string Traffic, DateTimeOffset Since)> _ingresses = new();

    public override string Name => "knative-route";

    public override TimeSpan Reaction => TimeSpan.FromMilliseconds(60);

    public override IEnumerable<ObjectKey> Affected(StoreEvent change)
    {
        var (key, json) = (change.Object.Key, change.Object.Json);
        return ObjectKind.Route.Owns(key) ? [key]
            : ObjectKind.Configuration.Owns(key) ? RoutesOf(key.Namespace, key.Name)
            : ObjectKind.Revision.Owns(key) ? RoutesOf(key.Namespace, json.Label(KnativeKeys.ConfigurationLabel) ?? "")
            : [];
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } route)
        {
            _ingresses.Forget(key);
            return null;
        }

        route = SetFinalizer(route);
        if (route.Json.IsDeleting())
        {
            return null;
        }

        var status = route.Json.EditStatus();
        var conditions = new ConditionSet(status, cluster.Clock, "Ready", "AllTrafficAssigned", "CertificateProvisioned", "IngressReady");
        var isNew = route.Json.Condition("Ready") is null;
        conditions.Initialize();
        if (isNew)
        {
            conditions.MarkUnknown("IngressReady", "IngressNotConfigured", "Ingress has not yet been reconciled.");
        }

        status["observedGeneration"] = route.Json.Generation();
        status["url"] = $"http://{key.Name}.{key.Namespace}.{KnativeKeys.Domain}";
        var again = Assign(route, status, conditions);
        route = cluster.UpdateStatus(route, status);
        if (conditions.Status("Ready") == "True")
        {
            Label(route);
        }

        return again;
    }

    private TimeSpan? Assign(StoredObject route, JsonObject status, ConditionSet conditions)
    {
        var traffic = Traffic.Resolve(
            route.Json,
            name => cluster.Cache.Get(ObjectKind.Configuration, route.Key.Namespace, name)?.Json,
            name => cluster.Cache.Get(ObjectKind.Revision, route.Key.Namespace, name)?.Json);
        if (traffic.Problem is { } problem)
        {
            // What is routed already goes on being served.
            if (problem.Fatal)
            {
                conditions.MarkFalse("AllTrafficAssigned", "RevisionMissing", problem.Message);
            }
            else
            {
                conditions.MarkUnknown("AllTrafficAssigned", "RevisionMissing", problem.Message);
            }

            return null;
        }

        if (status["address"] is null)
        {
            cluster.Events.Normal(route, Component, "Created", $"Created placeholder service \"{route.Key.Name}\"");
            cluster.Events.Normal(route, Component, "Created", $"Created Ingress \"{route.Key.Name}\"");
        }

        status["address"] = new JsonObject { ["url"] = $"http://{route.Key.Name}.{route.Key.Namespace}.svc.cluster.local" };
        status["traffic"] = new JsonArray([.. traffic.Targets]);
        conditions.MarkTrue("AllTrafficAssigned");
        conditions.MarkTrue("CertificateProvisioned", "TLSNotEnabled", "external-domain-tls is not enabled");
        return AwaitIngress(route, status["traffic"]!.ToJsonString(), conditions);
    }

    private TimeSpan? AwaitIngress(StoredObject route, string traffic, ConditionSet conditions)
    {
        if (!_ingresses.TryGet(route, out var ingress) || ingress.Traffic != traffic)
        {
            ingress = _ingresses.Set(route, (traffic, cluster.Clock.Now));
        }

        if (cluster.Clock.Passed(ingress.Since, IngressTime))
        {
            conditions.MarkTrue("IngressReady");
            return null;
        }

        conditions.MarkUnknown("IngressReady", "IngressNotConfigured", "Ingress has not yet been reconciled.");
        return cluster.Clock.Until(cluster.Clock.After(ingress.Since, IngressTime));
    }

    // There from the first look until the route is deleted.
    private StoredObject SetFinalizer(StoredObject route)
    {
        var finalizers = route.Json.Array("metadata", "finalizers");
        var has = finalizers?.Any(f => f.Text() == KnativeKeys.RouteFinalizer) == true;
        if (has != route.Json.IsDeleting())
        {
            return route;
        }

        var edited = route.Edit();
        var wanted = (finalizers ?? []).Where(f => f.Text() != KnativeKeys.RouteFinalizer).Select(f => f.Copy());
        edited["metadata"]!["finalizers"] = new JsonArray([.. has ? wanted : wanted.Append(KnativeKeys.RouteFinalizer)]);
        cluster.Events.Normal(route, Component, "FinalizerUpdate", $"Updated \"{route.Key.Name}\" finalizers");
        return cluster.Update(route, edited);
    }

    // Revisions that a route has left go into reserve, except the newest: traffic may be on its way to it.
    private void Label(StoredObject route)
    {
        var routed = route.Json.Items("status", "traffic").Select(t => t.Text("revisionName")).ToHashSet();
        var configurations = route.Json.Items("spec", "traffic").Select(t => t.Text("configurationName")).OfType<string>()
            .Append(route.Key.Name).Distinct();
        foreach (var configuration in configurations.Select(n => cluster.Cache.Get(ObjectKind.Configuration, route.Key.Namespace, n)).OfType<StoredObject>())
        {
            var newest = configuration.Json.Text("status", "latestCreatedRevisionName");
            foreach (var revision in cluster.Cache.OwnedBy(configuration.Json.Uid(), ObjectKind.Revision).Where(r => !r.Json.IsDeleting()))
            {
                var active = routed.Contains(revision.Key.Name) || revision.Key.Name == newest;
                SetRoutingState(revision, active ? "active" : "reserve", route.Key.Name);
            }
        }
    }

    private void SetRoutingState(StoredObject revision, string state, string route)
    {
        if (revision.Json.Label(KnativeKeys.RoutingStateLabel) == state)
        {
            return;
        }

        var edited = revision.Edit();
        edited.Ensure("metadata", "labels")[KnativeKeys.RoutingStateLabel] = state;
        var annotations = edited.Ensure("metadata", "annotations");
        annotations[KnativeKeys.RoutingStateModified] = cluster.Clock.Timestamp;
        if (state == "active")
        {
            annotations[KnativeKeys.Routes] = route;
        }
        else
        {
            annotations.Remove(KnativeKeys.Routes);
        }

        cluster.Update(revision, edited);
    }

    // A Service's configuration and route bear the same name; a route of its own may point anywhere.
    private IEnumerable<ObjectKey> RoutesOf(string @namespace, string configuration) =>
        cluster.Cache.Get(ObjectKind.Route, @namespace, configuration) is { } route
            ? [route.Key]
            : cluster.Cache.List(ObjectKind.Route, @namespace)
                .Where(r => r.Json.Items("spec", "traffic").Any(t => t.Text("configurationName") == configuration))
                .Select(r => r.Key);
}
