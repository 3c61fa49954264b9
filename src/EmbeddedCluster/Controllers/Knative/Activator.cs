using System.Globalization;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>Where requests to simulated services would arrive. No request is served: one is only noted, which wakes a sleeping service and keeps it awake for its window.</summary>
internal sealed class Activator(ObjectStore store, TimeProvider time)
{
    /// <summary>Notes a request for a Knative Service, at every revision that has traffic.</summary>
    /// <returns>Whether the service exists and has a revision that serves.</returns>
    public bool Wake(string @namespace, string service)
    {
        var revisions = store.Get(ObjectKind.KnativeService.Key(@namespace, service))?.Json.Items("status", "traffic").Select(t => t.Text("revisionName")).OfType<string>() ?? [];
        return revisions.Select(r => Note(ObjectKind.PodAutoscaler.Key(@namespace, r))).ToList().Contains(true);
    }

    private bool Note(ObjectKey autoscaler)
    {
        for (var attempt = 0; attempt < 5 && store.Get(autoscaler) is { } stored; attempt++)
        {
            var edited = stored.Edit();
            edited.Ensure("metadata", "annotations")[KnativeKeys.LastRequest] = time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
            try
            {
                store.Update(autoscaler, edited);
                return true;
            }
            catch (ApiException changed) when (changed.Code is 404 or 409)
            {
                // The autoscaler changed meanwhile or is gone: look again.
            }
        }

        return false;
    }
}
