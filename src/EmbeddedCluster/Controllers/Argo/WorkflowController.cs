using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Moves Workflows as the workflow controller of Argo does: one pass over the templates for every change of the workflow or one of its pods.</summary>
internal sealed class WorkflowController(Cluster cluster) : Controller
{
    private readonly Notes<DateTimeOffset> _started = new();
    private readonly Notes<DateTimeOffset> _finished = new();

    public override string Name => "workflow-controller";

    public override TimeSpan Reaction => TimeSpan.FromMilliseconds(50);

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.Workflow.Owns(change.Object.Key) ? [change.Object.Key]
        : ObjectKind.Pod.Owns(change.Object.Key) ? ControllerOf(change.Object, ObjectKind.Workflow)
        : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } workflow || workflow.Json.IsDeleting())
        {
            _started.Forget(key);
            _finished.Forget(key);
            return null;
        }

        if (workflow.Json.Label(ArgoKeys.Completed) == "true")
        {
            return WorkflowCleanup.Run(cluster, workflow, Noted(_finished, workflow, "finishedAt"));
        }

        var pass = new WorkflowPass(cluster, workflow, Noted(_started, workflow, "startedAt"));
        pass.Run();
        if (!JsonNode.DeepEquals(pass.Edited, workflow.Json))
        {
            var stored = cluster.Update(workflow, pass.Edited);
            WorkflowEvents.Record(cluster, Name, workflow.Json, stored);
            if (stored.Json.Label(ArgoKeys.Completed) == "true")
            {
                _finished.Set(stored, cluster.Clock.Now);
            }
        }

        WorkflowCleanup.MarkPods(cluster, workflow, pass.Edited);
        return pass.Again;
    }

    // When it started or finished, more exactly than its status says.
    private DateTimeOffset Noted(Notes<DateTimeOffset> notes, StoredObject workflow, string field) =>
        notes.TryGet(workflow, out var noted) ? noted : notes.Set(workflow, SimulationClock.Parse(workflow.Json.Text("status", field)) ?? cluster.Clock.Now);
}
