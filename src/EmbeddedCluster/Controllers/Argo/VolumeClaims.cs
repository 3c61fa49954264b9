using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Claims made from a workflow's <c>volumeClaimTemplates</c>, which live as long as it runs.</summary>
internal static class VolumeClaims
{
    public static void Create(WorkflowState state)
    {
        var templates = state.Spec.Items("volumeClaimTemplates").ToList();
        if (templates.Count == 0 || state.Status.ContainsKey("persistentVolumeClaims"))
        {
            return;
        }

        var volumes = new JsonArray();
        foreach (var template in templates)
        {
            var volume = template.Name();
            var name = $"{state.Name}-{volume}";
            var claim = (JsonObject)template.DeepClone();
            var metadata = claim.Ensure("metadata");
            metadata["name"] = name;
            metadata["namespace"] = state.Workflow.Key.Namespace;
            metadata["ownerReferences"] = new JsonArray(Cluster.ControllerReference(state.Workflow, ObjectKind.Workflow));
            try
            {
                state.Cluster.Create(ObjectKind.PersistentVolumeClaim, claim);
            }
            catch (ApiException exists) when (exists.Code == 409)
            {
                // Made by an earlier pass whose result could not be stored.
            }

            volumes.Add(new JsonObject { ["name"] = volume, ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = name } });
        }

        state.Status["persistentVolumeClaims"] = volumes;
    }

    /// <summary>At the end: after success, or always where <c>volumeClaimGC</c> says so.</summary>
    public static void Delete(WorkflowState state)
    {
        if (state.Status.Text("phase") != NodePhase.Succeeded && state.Spec.Text("volumeClaimGC", "strategy") != "OnWorkflowCompletion")
        {
            return;
        }

        foreach (var claim in state.Status.Items("persistentVolumeClaims"))
        {
            state.Cluster.Delete(ObjectKind.PersistentVolumeClaim.Key(state.Workflow.Key.Namespace, claim.Text("persistentVolumeClaim", "claimName") ?? ""));
        }

        state.Status.Remove("persistentVolumeClaims");
    }
}
