using System.Globalization;
using Microsoft.Extensions.Localization;
using Runner.Engine.Workloads;
using Runner.Web.Components.Texts;

namespace Runner.Web.Components.Models.Workloads;

/// <summary>Words and figures of workloads in the reader's language.</summary>
public sealed class WorkloadTexts(IStringLocalizer<Text> text, TimeProvider time)
{
    private static readonly string[] Types = ["Space", "Inference", "Finetune", "Serverless", "Evaluation", "Notebook"];

    public string State(WorkloadState state) => text[$"State.{state.Id}"];

    public string Meaning(WorkloadState state) => text[$"State.{state.Id}.Meaning"];

    /// <summary>What the workload is to its owner: the hub's deploy type of a service, the task type of a workflow, else the kind.</summary>
    public string Type(Workload workload) => workload switch
    {
        { Key.Kind: WorkloadKind.Service, DeployType: var type } when type >= 0 && type < Types.Length => text[$"Type.{Types[type]}"],
        { Key.Kind: WorkloadKind.Service, DeployType: var type } => type.ToString(CultureInfo.InvariantCulture),
        { Key.Kind: WorkloadKind.Workflow, Job.TaskType: { Length: > 0 } task } when text[$"Task.{task}"] is { ResourceNotFound: false } known => known,
        { Key.Kind: WorkloadKind.Workflow, Job.TaskType: { Length: > 0 } task } => task,
        _ => Kind(workload.Key.Kind),
    };

    /// <summary>Name of a kind of workload.</summary>
    public string Kind(WorkloadKind kind) => text[$"Kind.{kind}"];

    /// <summary>Time since a moment in one or two units, as <c>kubectl</c> tells ages: <c>45s</c>, <c>4m12s</c>, <c>26h</c>, <c>12d</c>.</summary>
    public string Age(DateTimeOffset since) => Span(since, null);

    /// <summary>Time between two moments in the same words; until now where there is no end yet.</summary>
    public string Span(DateTimeOffset since, DateTimeOffset? until)
    {
        var units = text["Age.Units"].Value.Split(' ');
        var age = (until ?? time.GetUtcNow()) - since;
        var seconds = Math.Max(0, (long)age.TotalSeconds);
        return seconds switch
        {
            < 120 => $"{seconds}{units[0]}",
            < 600 when seconds % 60 != 0 => $"{seconds / 60}{units[1]}{seconds % 60}{units[0]}",
            < 180 * 60 => $"{seconds / 60}{units[1]}",
            < 48 * 3600 => $"{seconds / 3600}{units[2]}",
            _ => $"{seconds / 86400}{units[3]}",
        };
    }

    /// <summary>What a workload is called to its owner: the user's name, else the beginning of the id.</summary>
    public static string Owner(Workload workload) => workload switch
    {
        { UserName.Length: > 0 } => workload.UserName,
        { Job.Username.Length: > 0 } => workload.Job.Username,
        { UserId.Length: > 8 } => workload.UserId[..8],
        _ => workload.UserId,
    };

    /// <summary>The accelerators one instance asks for, as in <c>2 × nvidia.com/gpu</c>; empty for none.</summary>
    public static string Accelerator(Workload workload) =>
        string.Join(", ", workload.Requests.Where(request => IsAccelerator(request.Key)).Select(request => $"{request.Value} × {request.Key}"));

    /// <summary>Nodes that run instances, without repetition.</summary>
    public static string Nodes(Workload workload) =>
        string.Join(", ", workload.Instances.Select(instance => instance.Node).Where(node => node.Length > 0).Distinct().Order(StringComparer.Ordinal));

    // Extended resources have a domain; cpu, memory, ephemeral-storage and hugepages have none.
    private static bool IsAccelerator(string resource) => resource.Contains('/', StringComparison.Ordinal);
}
