using System.Globalization;
using System.Text.Json.Serialization;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub.Payloads;

/// <summary>Events of image builds: <c>runner.builder.change</c> alone, with Argo's phases.</summary>
/// <remarks>
/// The hub takes the end of a build only from builds that it knows to run, and it forgets that a build runs when it hears so before it has noted
/// its own request. So each end is told together with that it ran before, which the hub ignores where it knows.
/// </remarks>
internal sealed class BuilderPayloads : IHubPayloads
{
    public const string Change = "runner.builder.change";

    private const string Removed = "The build was removed before its end was seen";

    private const string Missed = "The build was removed from the cluster while no runner watched it: whether it had ended by then, and how, is not known";

    public static BuilderPayloads Instance { get; } = new();

    public IReadOnlyList<HubEvent> Created(Workload workload, DateTimeOffset now) => Events(workload, now);

    /// <summary>The end of a build is the last word on it, whatever an old object says.</summary>
    public IReadOnlyList<HubEvent> Changed(ToldState told, Workload workload, DateTimeOffset now) => told.Status == workload.Status || HasEnded(told) ? [] : Events(workload, now);

    public IReadOnlyList<HubEvent> Again(ToldState told, Workload workload, DateTimeOffset now) => HasEnded(told) ? [] : Events(workload, now);

    /// <summary>A build that is gone without having ended would keep the hub waiting; one that had ended was told so.</summary>
    public IReadOnlyList<HubEvent> Stopped(ToldState told, DateTimeOffset now, bool missed)
    {
        if (HasEnded(told))
        {
            return [];
        }

        var deploy = told.Detail.Split('\n');
        return
        [
            .. new[] { (WorkflowPhases.Running, ""), (WorkflowPhases.Failed, missed ? Missed : Removed) }.Select(phase =>
                Event(told.Key, told.ClusterId, now, new(deploy[0], told.TaskId, phase.Item1, phase.Item2, deploy.ElementAtOrDefault(1) ?? ""))),
        ];
    }

    /// <summary>The name is the task's, which another object carries on: the hub takes a failure for the last word on a task, and the success that follows would be lost to it.</summary>
    public IReadOnlyList<HubEvent> Replaced(ToldState told, Workload other, DateTimeOffset now, bool missed) => Created(other, now);

    /// <summary>The deploy and the image.</summary>
    public string DetailOf(Workload workload) => $"{DeployIdOf(workload)}\n{workload.Image}";

    private static bool HasEnded(ToldState told) => told.Status is DeployStatus.BuildSuccess or DeployStatus.BuildFailed;

    private static List<HubEvent> Events(Workload workload, DateTimeOffset now)
    {
        var phase = workload.Job?.Status ?? WorkflowPhases.Pending;
        var events = new List<HubEvent>();
        if (WorkflowPhases.IsFinished(phase))
        {
            events.Add(Event(workload, WorkflowPhases.Running, "", now));
        }

        events.Add(Event(workload, phase, workload.Message, now));
        return events;
    }

    private static HubEvent Event(Workload workload, string phase, string message, DateTimeOffset now) =>
        Event(workload.Key, workload.ClusterId, now, new(DeployIdOf(workload), workload.TaskId, phase, message, workload.Image));

    private static HubEvent Event(WorkloadKey key, string clusterId, DateTimeOffset now, BuilderEventData data) =>
        HubPayloads.Object(Change, key, clusterId, now, data, BuilderPayloadJson.Default.BuilderEventData);

    private static string DeployIdOf(Workload workload) => workload.DeployId.ToString(CultureInfo.InvariantCulture);
}

/// <param name="DeployId">A number as text, unlike everywhere else.</param>
/// <param name="Status">Argo's phase.</param>
/// <param name="ImagePath">Image below the registry's base. So spelt.</param>
internal sealed record BuilderEventData(
    [property: JsonPropertyName("deploy_id")] string DeployId,
    [property: JsonPropertyName("task_id")] long TaskId,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("imaget_path")] string ImagePath);

[JsonSerializable(typeof(BuilderEventData))]
internal sealed partial class BuilderPayloadJson : JsonSerializerContext;
