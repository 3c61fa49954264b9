using System.Globalization;
using System.Text;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Labels, annotations and names as Argo Workflows gives them.</summary>
internal static class ArgoKeys
{
    /// <summary>Label of a pod: the workflow it belongs to.</summary>
    public const string Workflow = "workflows.argoproj.io/workflow";

    /// <summary>Label of workflows and pods: <c>true</c> once they have ended.</summary>
    public const string Completed = "workflows.argoproj.io/completed";

    /// <summary>Label of a workflow: its phase.</summary>
    public const string Phase = "workflows.argoproj.io/phase";

    /// <summary>Label of pods that belong to the exit handler.</summary>
    public const string OnExit = "workflows.argoproj.io/on-exit";

    /// <summary>Annotation of a pod: the id of its node in the workflow's status.</summary>
    public const string NodeId = "workflows.argoproj.io/node-id";

    /// <summary>Annotation of a pod: the name of its node in the workflow's status.</summary>
    public const string NodeName = "workflows.argoproj.io/node-name";

    /// <summary>Annotation of a workflow: how its pods are named.</summary>
    public const string PodNameFormat = "workflows.argoproj.io/pod-name-format";

    /// <summary>The container that does the work of a template.</summary>
    public const string MainContainer = "main";

    private const int LongestPrefix = 242;

    /// <summary>The key of a node in <c>status.nodes</c>.</summary>
    public static string IdOf(string workflow, string node) => node == workflow ? workflow : $"{workflow}-{Hash(node)}";

    /// <summary>The name of a node's pod.</summary>
    public static string PodOf(string workflow, string node, string template)
    {
        var prefix = $"{workflow}-{template}";
        return node == workflow ? workflow : $"{(prefix.Length > LongestPrefix ? prefix[..LongestPrefix] : prefix)}-{Hash(node)}";
    }

    // FNV-1a with 32 bits, in decimal.
    private static string Hash(string text)
    {
        var hash = 2166136261u;
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            hash = (hash ^ octet) * 16777619u;
        }

        return hash.ToString(CultureInfo.InvariantCulture);
    }
}
