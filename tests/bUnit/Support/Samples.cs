using System.Collections.Immutable;
using Runner.Engine;
using Runner.Engine.Workloads;

namespace Runner.Tests.bUnit.Support;

/// <summary>Workloads as the projection makes them.</summary>
public static class Samples
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static WorkloadKey Key(string name) => new("embedded", WorkloadKind.Service, "spaces", name);

    public static Workload Workload(string name, DeployStatus status = DeployStatus.Running, string reason = "", string message = "", bool waitingForRoom = false, int pods = 1) => new()
    {
        Key = Key(name),
        Uid = $"uid-{name}",
        ClusterId = "c-1",
        CreatedAt = Now.AddMinutes(-5),
        Status = status,
        Reason = reason,
        Message = message,
        WaitingForRoom = waitingForRoom,
        DeployId = 4711,
        TaskId = 9001,
        DeployType = 1,
        UserId = "7b1f0f5e-6a0e-4c8b-9d53-1f6f0e3f9a11",
        UserName = "wanghh",
        Image = "opencsghq/vllm:v0.24.0",
        ActualReplicas = status == DeployStatus.Running ? pods : 0,
        DesiredReplicas = pods,
        Requests = ImmutableSortedDictionary<string, string>.Empty.Add("cpu", "8").Add("memory", "46Gi").Add("nvidia.com/gpu", "1"),
        Instances = Enumerable.Range(0, pods).Select(index => Instance($"{name}-00001-deployment-{index}", status == DeployStatus.Running)).ToEquatableList(),
        Revisions = new[] { new WorkloadRevision($"{name}-00001", "3f5c1f0e9b2a77d1", 100, status == DeployStatus.Running, Now.AddMinutes(-5), "", "", "opencsghq/vllm:v0.24.0") }.ToEquatableList(),
    };

    /// <summary>An evaluation.</summary>
    /// <param name="phase">One of <see cref="WorkflowPhases"/>.</param>
    public static Workload Job(string name, string phase) => Workload(name, DeployStatus.Stopped, pods: 0) with
    {
        Key = Key(name) with { Kind = WorkloadKind.Workflow },
        UserName = "",
        Job = new WorkflowRecord { TaskId = name, TaskName = "Compare answers", TaskType = WorkflowTaskTypes.Evaluation, Username = "wanghh", Status = phase },
    };

    private static WorkloadInstance Instance(string pod, bool ready) => new()
    {
        PodName = pod,
        Status = ready ? "Running" : "Pending",
        Node = "gpu-a100-1",
        Ready = ready,
        CreatedAt = Now.AddMinutes(-5),
        Containers = new[]
        {
            new WorkloadContainer("user-container", false, ready ? "running" : "waiting", ready ? "" : "ContainerCreating", "", ready, 0, null, "", ready ? Now.AddMinutes(-4) : null, "opencsghq/vllm:v0.24.0"),
        }.ToEquatableList(),
    };
}
