using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>The nodes of a workflow's status: one for each pod, step group, DAG and retry.</summary>
internal sealed partial class NodeTree(string workflow, JsonObject nodes, SimulationClock clock)
{
    public IEnumerable<JsonObject> All => nodes.Select(n => n.Value).OfType<JsonObject>();

    public int Count => nodes.Count;

    public JsonObject? Find(string name) => nodes[ArgoKeys.IdOf(workflow, name)] as JsonObject;

    public JsonObject? ById(string id) => nodes[id] as JsonObject;

    /// <summary>Starts a node.</summary>
    /// <param name="boundary">The node of the steps or DAG template it is a part of; null for the entrypoint.</param>
    public JsonObject Add(string name, string type, string? template, JsonObject? boundary, string phase, string? message = null)
    {
        var id = ArgoKeys.IdOf(workflow, name);
        var node = new JsonObject { ["id"] = id, ["name"] = name, ["displayName"] = DisplayName(name, boundary), ["type"] = type };
        if (template is not null)
        {
            node["templateName"] = template;
        }

        node["templateScope"] = $"local/{workflow}";
        if (boundary is not null)
        {
            node["boundaryID"] = boundary.Text("id");
        }

        node["startedAt"] = clock.Timestamp;
        node["finishedAt"] = null;
        nodes[id] = node;
        return Mark(node, phase, message);
    }

    /// <summary>Sets phase and message; a node that is fulfilled thereby has finished.</summary>
    public JsonObject Mark(JsonObject node, string phase, string? message = null)
    {
        node["phase"] = phase;
        if (string.IsNullOrEmpty(message))
        {
            node.Remove("message");
        }
        else
        {
            node["message"] = message;
        }

        if (NodePhase.IsFulfilled(phase) && node["finishedAt"] is null)
        {
            node["finishedAt"] = clock.Timestamp;
        }

        return node;
    }

    /// <summary>Draws an edge; one that exists stays.</summary>
    public static void Connect(JsonObject parent, JsonObject child)
    {
        if (parent["children"] is not JsonArray children)
        {
            parent["children"] = children = [];
        }

        var id = child.Text("id");
        if (!children.Any(c => c.Text() == id))
        {
            children.Add(id);
        }
    }

    public IEnumerable<JsonObject> ChildrenOf(JsonObject node) => node.Array("children")?.Select(c => ById(c.Text() ?? "")).OfType<JsonObject>() ?? [];

    private static string DisplayName(string name, JsonObject? boundary)
    {
        var rest = boundary.Text("name") is { } prefix && name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
        return Separator().Replace(rest, "", 1);
    }

    // What stands between the name of a steps or DAG node and that of its part: "[0]." or ".".
    [GeneratedRegex(@"^(\[\d+\])?\.", RegexOptions.ExplicitCapture)]
    private static partial Regex Separator();
}
