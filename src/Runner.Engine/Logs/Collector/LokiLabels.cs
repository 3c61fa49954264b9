using System.Text;
using k8s.Models;
using Runner.Engine.Clusters;
using Runner.Engine.Workloads;

namespace Runner.Engine.Logs.Collector;

/// <summary>The labels of streams, by which the hub's pages search. Pure.</summary>
internal static class LokiLabels
{
    /// <summary>Loki's default <c>max_label_names_per_series</c>.</summary>
    public const int Most = 15;

    /// <summary>Loki's default <c>max_label_value_length</c>: bytes of UTF-8, which is how Loki counts.</summary>
    public const int LongestValue = 2048;

    private const string DeployId = "csghub_deploy_id";
    private const string DeployType = "csghub_deploy_type";
    private const string DeployTypeId = "csghub_deploy_type_id";
    private const string TaskId = "csghub_deploy_task_id";

    /// <summary>Labels of what a container says. Where a pod has more labels than fit, those that the hub searches by stay, then the first by name.</summary>
    public static string OfContainer(V1Pod pod, string container, string clusterId, string prefix)
    {
        var labels = new List<KeyValuePair<string, string>>
        {
            new("client_id", $"logcollector-{clusterId}"),
            new("category", "container"),
            new("pod_name", pod.Metadata.Name),
            new("pod_uid", pod.Metadata.Uid),
            new("namespace", pod.Metadata.NamespaceProperty),
            new("service_name", PodOwners.Of(pod)?.Name ?? pod.Metadata.Name),
            new("container_name", container),
        };
        labels.AddRange((pod.Metadata.Labels ?? new Dictionary<string, string>())
            .Where(label => label.Key.StartsWith(prefix, StringComparison.Ordinal))
            .OrderByDescending(label => label.Key is DeployId or TaskId)
            .ThenBy(label => label.Key, StringComparer.Ordinal));
        return Text(labels);
    }

    /// <summary>Labels of a milestone of the runner.</summary>
    public static string OfMilestone(Workload workload, string stage, string step) => Text(
    [
        new("client_id", "runner"),
        new("category", "platform"),
        new("stage", stage),
        new("step", step),
        .. OfDeploy(workload),
        new("csghub_log_label_type", workload.Key.Kind == WorkloadKind.ImageBuild ? "imagebuilder" : "deploy"),
        new("csghub_log_label_cluster_id", workload.ClusterId),
        new("service_name", workload.Key.Name),
        new("namespace", workload.Key.Namespace),
    ]);

    /// <summary>By which the hub knows a workload: numbers, or where it is a job the id of the task, as on its pods.</summary>
    private static KeyValuePair<string, string>[] OfDeploy(Workload workload) => workload switch
    {
        { Key.Kind: WorkloadKind.Workflow or WorkloadKind.Dataflow, Job: { } job } => [new(DeployId, job.TaskId), new(DeployType, job.TaskType), new(DeployTypeId, job.TaskId)],
        { Key.Kind: WorkloadKind.Service } => [.. Numbers(workload), new(DeployType, workload.DeployType.ToString(System.Globalization.CultureInfo.InvariantCulture))],
        _ => Numbers(workload),
    };

    private static KeyValuePair<string, string>[] Numbers(Workload workload) => [new(DeployId, Number(workload.DeployId)), new(TaskId, Number(workload.TaskId))];

    /// <summary>Labels as Loki writes them: <c>{a="b", c="d"}</c>, sorted by name, without empty ones.</summary>
    public static string Text(IEnumerable<KeyValuePair<string, string>> labels)
    {
        var text = new StringBuilder("{");
        foreach (var (name, value) in labels
            .Where(label => !string.IsNullOrEmpty(label.Value))
            .Select(label => KeyValuePair.Create(Name(label.Key), label.Value))
            .DistinctBy(label => label.Key)
            .Take(Most)
            .OrderBy(label => label.Key, StringComparer.Ordinal))
        {
            text.Append(text.Length > 1 ? ", " : "").Append(name).Append('=').Append(Quote(Cut(value)));
        }

        return text.Append('}').ToString();
    }

    /// <summary>A text in quotes as LogQL reads it.</summary>
    public static string Quote(string value)
    {
        var text = new StringBuilder(value.Length + 2).Append('"');
        foreach (var character in value)
        {
            _ = character switch
            {
                '"' or '\\' => text.Append('\\').Append(character),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                < ' ' => text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => text.Append(character),
            };
        }

        return text.Append('"').ToString();
    }

    // As many whole characters as fit.
    private static string Cut(string value)
    {
        if (Encoding.UTF8.GetByteCount(value) <= LongestValue)
        {
            return value;
        }

        var (length, bytes) = (0, 0);
        foreach (var rune in value.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > LongestValue)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return value[..length];
    }

    // [a-zA-Z_][a-zA-Z0-9_]*
    private static string Name(string name)
    {
        var letters = name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_').ToArray();
        return letters.Length > 0 && char.IsAsciiDigit(letters[0]) ? "_" + new string(letters) : new string(letters);
    }

    private static string Number(long number) => number > 0 ? number.ToString(System.Globalization.CultureInfo.InvariantCulture) : "";
}
