using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Http;
using Runner.EmbeddedCluster.Http.Patches;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>The pod of a container or script template: the executor's containers around the template's own.</summary>
internal static class WorkflowPod
{
    private const string ExecutorImage = "quay.io/argoproj/argoexec:v3.6.10";
    private const string ExecutorPath = "/var/run/argo";

    private static readonly ResourceType PodType = new ResourceCatalog().Find("", "pods")!;

    // Fields that a template has as well as the workflow; the template's count.
    private static readonly string[] TemplateOrWorkflow = ["nodeSelector", "affinity", "tolerations", "schedulerName", "serviceAccountName", "securityContext", "priorityClassName"];

    /// <param name="workflow">The workflow as stored.</param>
    /// <param name="spec">Its specification, that of its WorkflowTemplate merged in.</param>
    /// <param name="template">The template with all values filled in.</param>
    /// <param name="claims">Volumes made for the workflow's volume claim templates.</param>
    /// <exception cref="TemplateFault">A podSpecPatch takes the main container away.</exception>
    /// <exception cref="YamlDotNet.Core.YamlException">A podSpecPatch is no YAML.</exception>
    public static JsonObject Build(
        StoredObject workflow, JsonObject spec, JsonObject template, string nodeName, IEnumerable<JsonObject> claims, bool onExit, IReadOnlyDictionary<string, string> globals)
    {
        var name = ArgoKeys.PodOf(workflow.Key.Name, nodeName, template.Text("name") ?? "");
        var pod = new JsonObject { ["metadata"] = Metadata(workflow, spec, template, name, nodeName, onExit), ["spec"] = Spec(workflow, spec, template, nodeName, claims) };
        foreach (var patch in (ReadOnlySpan<string?>)[spec.Text("podSpecPatch"), template.Text("podSpecPatch")])
        {
            if (patch is { Length: > 0 } && YamlText.Read(Substitution.Apply(patch, globals)) is JsonObject change)
            {
                pod = StrategicMergePatch.Apply(PodType, pod, new JsonObject { ["spec"] = change });
            }
        }

        return pod.Items("spec", "containers").Any(c => c.Text("name") == ArgoKeys.MainContainer)
            ? pod
            : throw new TemplateFault("Error applying PodSpecPatch: it leaves no container named main");
    }

    private static JsonObject Metadata(StoredObject workflow, JsonObject spec, JsonObject template, string name, string nodeName, bool onExit)
    {
        var labels = new JsonObject { [ArgoKeys.Workflow] = workflow.Key.Name, [ArgoKeys.Completed] = "false" };
        var annotations = new JsonObject
        {
            ["kubectl.kubernetes.io/default-container"] = ArgoKeys.MainContainer,
            [ArgoKeys.NodeId] = ArgoKeys.IdOf(workflow.Key.Name, nodeName),
            [ArgoKeys.NodeName] = nodeName,
        };
        if (onExit)
        {
            labels[ArgoKeys.OnExit] = "true";
        }

        foreach (var source in (ReadOnlySpan<JsonObject?>)[spec.Object("podMetadata"), template.Object("metadata")])
        {
            foreach (var (label, value) in source.Map("labels"))
            {
                labels[label] = value;
            }

            foreach (var (annotation, value) in source.Map("annotations"))
            {
                annotations[annotation] = value;
            }
        }

        return new JsonObject
        {
            ["name"] = name,
            ["namespace"] = workflow.Key.Namespace,
            ["labels"] = labels,
            ["annotations"] = annotations,
            ["ownerReferences"] = new JsonArray(Cluster.ControllerReference(workflow, ObjectKind.Workflow)),
        };
    }

    private static JsonObject Spec(StoredObject workflow, JsonObject spec, JsonObject template, string nodeName, IEnumerable<JsonObject> claims)
    {
        var nodeId = ArgoKeys.IdOf(workflow.Key.Name, nodeName);
        var result = new JsonObject { ["restartPolicy"] = "Never" };
        foreach (var field in TemplateOrWorkflow)
        {
            Put(result, field, template[field] ?? spec[field]);
        }

        Put(result, "priorityClassName", template["priorityClassName"] ?? spec["podPriorityClassName"]);
        Put(result, "activeDeadlineSeconds", template["activeDeadlineSeconds"]);
        foreach (var field in (ReadOnlySpan<string>)["imagePullSecrets", "hostNetwork", "dnsPolicy", "dnsConfig", "automountServiceAccountToken"])
        {
            Put(result, field, spec[field]);
        }

        Put(result, "hostAliases", template["hostAliases"] ?? spec["hostAliases"]);
        var volumes = new JsonArray(Scratch("var-run-argo"), Scratch("tmp-dir-argo"));
        foreach (var volume in spec.Items("volumes").Concat(claims).Concat(template.Items("volumes")))
        {
            volumes.Add(volume.DeepClone());
        }

        result["volumes"] = volumes;
        result["initContainers"] = new JsonArray([Executor("init"), .. template.Items("initContainers").Select(c => c.DeepClone())]);
        result["containers"] = new JsonArray([Executor("wait"), MainContainer(template), .. template.Items("sidecars").Select(c => c.DeepClone())]);
        foreach (var container in result.Items("initContainers").Concat(result.Items("containers")))
        {
            Equip(container, template, nodeId, workflow.Key.Name);
        }

        return result;
    }

    private static JsonObject MainContainer(JsonObject template)
    {
        var main = (JsonObject)(template["container"] ?? template["script"])!.DeepClone();
        main["name"] = ArgoKeys.MainContainer;
        if (main["source"] is not null)
        {
            main.Remove("source");
            main["args"] = new JsonArray($"{ExecutorPath}/argo/staging/script");
        }

        var command = new JsonArray([$"{ExecutorPath}/argoexec", "emissary", "--loglevel", "info", "--log-format", "text", "--", .. main.Array("command")?.Select(c => c.Copy()) ?? []]);
        main["command"] = command;
        return main;
    }

    private static JsonObject Executor(string name) => new()
    {
        ["name"] = name,
        ["image"] = ExecutorImage,
        ["command"] = name == "init" ? new JsonArray("argoexec", "init", "--loglevel", "info", "--log-format", "text") : new JsonArray("argoexec", "wait", "--loglevel", "info", "--log-format", "text"),
        ["imagePullPolicy"] = "IfNotPresent",
    };

    // The executor's variables and folders, which every container of the pod has.
    private static void Equip(JsonObject container, JsonObject template, string nodeId, string workflow)
    {
        container.Remove("mirrorVolumeMounts");
        JsonArray Variables(params ReadOnlySpan<(string Name, string Value)> variables)
        {
            var result = new JsonArray();
            foreach (var (name, value) in variables)
            {
                result.Add(new JsonObject { ["name"] = name, ["value"] = value });
            }

            return result;
        }

        var environment = Variables(
            ("ARGO_CONTAINER_NAME", container.Text("name") ?? ""), ("ARGO_TEMPLATE", template.ToJsonString()), ("ARGO_NODE_ID", nodeId), ("ARGO_WORKFLOW_NAME", workflow),
            ("ARGO_INCLUDE_SCRIPT_OUTPUT", template["script"] is null ? "false" : "true"));
        container["env"] = new JsonArray([.. container.Items("env").Concat(environment.OfType<JsonObject>()).Select(e => e.DeepClone())]);
        container["volumeMounts"] = new JsonArray(
            [.. container.Items("volumeMounts").Select(m => m.DeepClone()), new JsonObject { ["name"] = "var-run-argo", ["mountPath"] = ExecutorPath }]);
    }

    private static JsonObject Scratch(string name) => new() { ["name"] = name, ["emptyDir"] = new JsonObject() };

    private static void Put(JsonObject target, string field, JsonNode? value)
    {
        if (value is not null)
        {
            target[field] = value.DeepClone();
        }
    }
}
