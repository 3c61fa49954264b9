namespace Runner.Engine.Workloads;

/// <summary>One Kubernetes event about a workload or one of its objects.</summary>
/// <param name="Type"><c>Normal</c> or <c>Warning</c>.</param>
/// <param name="Object">Kind and name of the object, as in <c>Pod/web-00001-abc</c>.</param>
public sealed record WorkloadEvent(string Uid, string Type, string Reason, string Message, string Object, int Count, DateTimeOffset FirstSeen, DateTimeOffset LastSeen, string Source);
