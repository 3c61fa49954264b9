using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>What the parts of one pass over a workflow share.</summary>
internal sealed class WorkflowState
{
    /// <exception cref="TemplateFault">The WorkflowTemplate it refers to does not exist.</exception>
    public WorkflowState(Cluster cluster, StoredObject workflow, JsonObject edited, DateTimeOffset started)
    {
        (Cluster, Workflow, Started) = (cluster, workflow, started);
        Status = edited.Ensure("status");
        Tree = new NodeTree(workflow.Key.Name, Status.Ensure("nodes"), cluster.Clock);
        Spec = SpecOf(edited);
        Globals = GlobalsOf(edited);
        Pods = cluster.Cache.OwnedBy(workflow.Json.Uid(), ObjectKind.Pod).GroupBy(p => p.Json.Annotation(ArgoKeys.NodeId) ?? "").ToDictionary(g => g.Key, g => g.First());
    }

    public Cluster Cluster { get; }

    /// <summary>As stored before the pass.</summary>
    public StoredObject Workflow { get; }

    public string Name => Workflow.Key.Name;

    public DateTimeOffset Started { get; }

    /// <summary>The status being written.</summary>
    public JsonObject Status { get; }

    public NodeTree Tree { get; }

    /// <summary>The specification, that of its WorkflowTemplate merged in.</summary>
    public JsonObject Spec { get; }

    /// <summary>Values of <c>{{workflow.…}}</c>.</summary>
    public Dictionary<string, string> Globals { get; }

    /// <summary>Pods by the id of their node.</summary>
    public IReadOnlyDictionary<string, StoredObject> Pods { get; }

    /// <summary>Whether the exit handler is being carried out.</summary>
    public bool OnExit { get; set; }

    /// <summary>Simulated time until the next pass without any change; null for none.</summary>
    public TimeSpan? Again { get; private set; }

    /// <summary><c>Stop</c> or <c>Terminate</c> when it is to end; null otherwise.</summary>
    public string? Shutdown => Spec.Text("shutdown") is { Length: > 0 } strategy ? strategy : null;

    public bool PastDeadline => Spec.Number("activeDeadlineSeconds") is { } seconds && Cluster.Clock.Passed(Started, TimeSpan.FromSeconds(seconds));

    /// <summary>Whether nothing of this part (exit handler or not) may run any more.</summary>
    public bool MustStop(bool onExit) => Shutdown is { } strategy ? !(strategy == "Stop" && onExit) : PastDeadline && !onExit;

    public void LookAgain(TimeSpan after) => Again = Again is { } sooner && sooner < after ? sooner : after;

    public int ActivePods(string? boundaryId = null) =>
        Tree.All.Count(n => n.Text("type") == "Pod" && !NodePhase.IsFulfilled(n.Text("phase")) && (boundaryId is null || n.Text("boundaryID") == boundaryId));

    /// <summary>A template of the workflow, or of a WorkflowTemplate by reference.</summary>
    /// <exception cref="TemplateFault">There is none.</exception>
    public JsonObject Template(JsonObject holder)
    {
        if (holder.Object("inline") is { } inline)
        {
            return inline;
        }

        if (holder.Object("templateRef") is { } reference)
        {
            var (source, wanted) = (reference.Text("name") ?? "", reference.Text("template") ?? "");
            return Cluster.Cache.Get(ObjectKind.WorkflowTemplate, Workflow.Key.Namespace, source)?.Json.Items("spec", "templates").FirstOrDefault(t => t.Text("name") == wanted)
                ?? throw new TemplateFault($"template {source}.{wanted} not found");
        }

        var name = holder.Text("template");
        return Spec.Items("templates").FirstOrDefault(t => t.Text("name") == name) ?? throw new TemplateFault($"template name '{name}' undefined");
    }

    private JsonObject SpecOf(JsonObject workflow)
    {
        var own = workflow.Object("spec") ?? [];
        if (own.Text("workflowTemplateRef", "name") is not { } name)
        {
            return own;
        }

        var template = Cluster.Cache.Get(ObjectKind.WorkflowTemplate, Workflow.Key.Namespace, name)
            ?? throw new TemplateFault($"invalid spec: workflowtemplates.argoproj.io \"{name}\" not found");
        var merged = (JsonObject?)template.Json.Object("spec").Copy() ?? [];
        foreach (var (field, value) in own.Where(f => f.Key != "arguments"))
        {
            merged[field] = value.Copy();
        }

        // The workflow's values count before those of the template.
        var given = own.Items("arguments", "parameters").ToList();
        var parameters = new JsonArray([.. given.Select(p => p.DeepClone())]);
        foreach (var parameter in merged.Items("arguments", "parameters").Where(p => given.All(g => g.Text("name") != p.Text("name"))))
        {
            parameters.Add(parameter.DeepClone());
        }

        merged.Ensure("arguments")["parameters"] = parameters;
        return merged;
    }

    private Dictionary<string, string> GlobalsOf(JsonObject workflow)
    {
        var parameters = Spec.Items("arguments", "parameters").ToList();
        var globals = new Dictionary<string, string>
        {
            ["workflow.name"] = Name,
            ["workflow.namespace"] = Workflow.Key.Namespace,
            ["workflow.uid"] = workflow.Uid(),
            ["workflow.mainEntrypoint"] = Spec.Text("entrypoint") ?? "",
            ["workflow.serviceAccountName"] = Spec.Text("serviceAccountName") ?? "",
            ["workflow.creationTimestamp"] = workflow.Text("metadata", "creationTimestamp") ?? "",
            ["workflow.duration"] = Cluster.Clock.Simulated(Cluster.Clock.Now - Started).TotalSeconds.ToString("F6", CultureInfo.InvariantCulture),
            ["workflow.parameters"] = new JsonArray([.. parameters.Select(p => p.DeepClone())]).ToJsonString(),
        };
        if (Spec.Text("priority") is { } priority)
        {
            globals["workflow.priority"] = priority;
        }

        foreach (var part in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            foreach (var (name, value) in workflow.Map("metadata", part))
            {
                globals[$"workflow.{part}.{name}"] = value;
            }
        }

        foreach (var parameter in parameters)
        {
            globals[$"workflow.parameters.{parameter.Text("name")}"] = parameter.Text("value") ?? parameter.Text("default") ?? "";
        }

        foreach (var output in Status.Items("outputs", "parameters"))
        {
            globals[$"workflow.outputs.parameters.{output.Text("name")}"] = output.Text("value") ?? "";
        }

        return globals;
    }
}
