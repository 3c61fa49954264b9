using System.Text.Json.Serialization;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Workflows;

namespace Runner.Web.RunnerApi;

/// <summary>The state of many workloads of one cluster at once, by which the hub makes up for events it missed. Answered from memory.</summary>
internal sealed class BatchCalls(WorkloadFeed feed, ClusterDirectory clusters, WorkflowOperations workflows, ComingWorkloads coming)
{
    private static readonly WorkloadKind[] Jobs = [WorkloadKind.Workflow, WorkloadKind.Dataflow, WorkloadKind.ImageBuild];

    public async Task StatusAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.BatchRequest);
        var cluster = clusters.Resolve(request.ClusterId);

        // One moment for all: no item is newer than another.
        var current = feed.Current;
        var byName = current.Values.Where(workload => workload.Key.Cluster == cluster.Name).ToLookup(workload => workload.Key.Name, StringComparer.Ordinal);
        await Answer.OkAsync(
            context,
            new BatchAnswer([.. (request.Items ?? []).Select(item => Of(cluster, item ?? new(), byName))]),
            Answer.Types.BatchAnswer);
    }

    private BatchItemAnswer Of(ClusterConnection cluster, BatchItem item, ILookup<string, Workload> byName) => item.Type switch
    {
        "ksvc" => Service(cluster, item, byName),
        "sandbox" => Sandbox(cluster, item, byName),
        "workflow" => Workflow(cluster, item, byName),
        _ => new(item.Type, item.Name) { Error = $"unsupported type: {item.Type}" },
    };

    private BatchItemAnswer Service(ClusterConnection cluster, BatchItem item, ILookup<string, Workload> byName) =>
        FindStanding(cluster, item, byName, WorkloadKind.Service) is not { } workload
            ? new(item.Type, item.Name) { Code = (int)DeployStatus.Stopped, Error = Missing(cluster, "service", WorkloadKind.Service) }
            : new(item.Type, item.Name)
            {
                Code = (int)workload.Status,
                Instances = Instances(workload),
                ActualReplica = workload.ActualReplicas,
                DesiredReplica = workload.DesiredReplicas,
            };

    private BatchItemAnswer Sandbox(ClusterConnection cluster, BatchItem item, ILookup<string, Workload> byName) =>
        FindStanding(cluster, item, byName, WorkloadKind.Sandbox) is not { } workload
            ? new(item.Type, item.Name) { Error = Missing(cluster, "sandbox", WorkloadKind.Sandbox) }
            : new(item.Type, item.Name) { Code = (int)workload.Status, Instances = Instances(workload), Status = (int)workload.Status };

    // The record of a job knows its end a moment before the feed does, and long after the cluster has removed it: the same question has the same answer whichever call asks it.
    private BatchItemAnswer Workflow(ClusterConnection cluster, BatchItem item, ILookup<string, Workload> byName) =>
        (Find(item, byName, Jobs) is { } workload ? workflows.RecordOf(workload.Key) ?? workload.Job : workflows.RecordOf(cluster, item.Name, Jobs)) is not { } record
            ? new(item.Type, item.Name) { Error = Missing(cluster, "workflow", WorkloadKind.Workflow) }
            : new(item.Type, item.Name) { Phase = record.Status };

    // As the calls about one of them answer.
    private Workload? FindStanding(ClusterConnection cluster, BatchItem item, ILookup<string, Workload> byName, WorkloadKind kind) =>
        coming.Instead(cluster, kind, item.Name, Find(item, byName, kind));

    private static Workload? Find(BatchItem item, ILookup<string, Workload> byName, params WorkloadKind[] kinds) =>
        byName[item.Name].FirstOrDefault(workload => kinds.Contains(workload.Key.Kind));

    private static string Missing(ClusterConnection cluster, string what, WorkloadKind kind) =>
        cluster.State.IsSynced(kind) ? $"{what} not found in cluster" : $"whether there is such a {what} is not known: cluster '{cluster.Name}' has not listed them";

    private static InstanceAnswer[]? Instances(Workload workload) =>
        ServiceQueries.Current(workload).Select(instance => new InstanceAnswer(instance.PodName, instance.Status)).ToArray() is { Length: > 0 } instances ? instances : null;
}

internal sealed record BatchRequest
{
    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";

    [JsonPropertyName("items")]
    public List<BatchItem>? Items { get; set; }
}

/// <summary>One workload the hub asks for.</summary>
internal sealed record BatchItem
{
    /// <summary><c>ksvc</c>, <c>sandbox</c> or <c>workflow</c>.</summary>
    [JsonPropertyName("type")]
    public string Type { get; set; } = "";

    /// <summary>Name of the service, the sandbox or the Argo Workflow (its task id).</summary>
    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    [JsonPropertyName("id")]
    public long Id { get; set; }
}

internal sealed record BatchAnswer([property: JsonPropertyName("items")] BatchItemAnswer[] Items);

/// <summary>The state of one workload. As in Go, what is zero or empty is left out.</summary>
internal sealed record BatchItemAnswer(
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("name")] string Name)
{
    [JsonPropertyName("code")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Code { get; init; }

    [JsonPropertyName("instances")]
    public InstanceAnswer[]? Instances { get; init; }

    [JsonPropertyName("actual_replica")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int ActualReplica { get; init; }

    [JsonPropertyName("desired_replica")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int DesiredReplica { get; init; }

    [JsonPropertyName("status")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Status { get; init; }

    /// <summary>Phase of an Argo Workflow.</summary>
    [JsonPropertyName("phase")]
    public string? Phase { get; init; }

    /// <summary>Why nothing is told of it.</summary>
    [JsonPropertyName("error")]
    public string? Error { get; init; }
}
