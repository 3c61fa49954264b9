using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Brings the nodes that stand for pods up to what the pods say.</summary>
internal static class PodNodes
{
    /// <summary>Annotation of a pod, or environment variable of its main container (<see cref="FilesVariable"/>): what files hold when it ends, a JSON object of path and text.</summary>
    public const string FilesAnnotation = "embedded.csghub.io/files";

    /// <inheritdoc cref="FilesAnnotation"/>
    public const string FilesVariable = "EMBEDDED_FILES";

    /// <summary>The path under which <see cref="FilesAnnotation"/> gives what the main container printed, for <c>outputs.result</c>.</summary>
    public const string StandardOutput = "stdout";

    private static readonly Dictionary<string, string> UsualFiles = new()
    {
        ["/tmp/output.txt"] = "http://minio.example.com/evaluation/result.json,http://minio.example.com/evaluation/result.xlsx",
        [StandardOutput] = "done",
    };

    public static void TakeIn(WorkflowState state)
    {
        foreach (var node in state.Tree.All.Where(n => n.Text("type") == "Pod" && !NodePhase.IsFulfilled(n.Text("phase"))).ToList())
        {
            if (state.Pods.TryGetValue(node.Text("id")!, out var pod))
            {
                TakeIn(state, node, pod.Json);
            }
            else
            {
                state.Tree.Mark(node, NodePhase.Error, "pod deleted");
            }
        }
    }

    private static void TakeIn(WorkflowState state, JsonObject node, JsonObject pod)
    {
        var (phase, message) = PodAssessment.Of(pod);
        if (pod.Text("spec", "nodeName") is { Length: > 0 } host)
        {
            node["hostNodeName"] = host;
        }

        if (PodAssessment.ExitCode(pod) is { } exitCode)
        {
            node.Ensure("outputs")["exitCode"] = exitCode;
        }

        if (phase == NodePhase.Succeeded)
        {
            TakeOutputs(state, node, pod);
        }

        state.Tree.Mark(node, phase, message);
    }

    private static void TakeOutputs(WorkflowState state, JsonObject node, JsonObject pod)
    {
        var main = pod.Items("spec", "containers").FirstOrDefault(c => c.Text("name") == ArgoKeys.MainContainer);
        var template = JsonNode.Parse(main.Items("env").FirstOrDefault(e => e.Text("name") == "ARGO_TEMPLATE").Text("value") ?? "{}");
        var files = Files(pod.Annotation(FilesAnnotation) ?? main.Items("env").FirstOrDefault(e => e.Text("name") == FilesVariable).Text("value"));
        string? File(string path) => files.Text(path) ?? UsualFiles.GetValueOrDefault(path);

        if (template.Object("script") is not null || files.Text(StandardOutput) is not null)
        {
            node.Ensure("outputs")["result"] = File(StandardOutput);
        }

        var parameters = new JsonArray();
        foreach (var output in template.Items("outputs", "parameters"))
        {
            var parameter = (JsonObject)output.DeepClone();
            parameter["value"] = output.Text("value") ?? File(output.Text("valueFrom", "path") ?? "") ?? output.Text("valueFrom", "default") ?? output.Text("name");
            parameters.Add(parameter);
            WorkflowOutputs.Publish(state, parameter);
        }

        if (parameters.Count > 0)
        {
            node.Ensure("outputs")["parameters"] = parameters;
        }
    }

    private static JsonObject? Files(string? text)
    {
        try
        {
            return text is null ? null : JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            // Whoever wrote it sees that the usual texts are used.
            return null;
        }
    }
}
