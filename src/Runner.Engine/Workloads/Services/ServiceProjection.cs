using k8s.Models;

namespace Runner.Engine.Workloads.Services;

/// <summary>Turns a Knative Service and its objects into a <see cref="Workload"/>. Pure: the same objects give the same answer.</summary>
internal static class ServiceProjection
{
    /// <param name="cluster">Name of the connection.</param>
    /// <param name="clusterId">Id of the cluster as the hub knows it.</param>
    /// <param name="revisions">All revisions labelled with the service's name.</param>
    /// <param name="pods">All pods labelled <c>serving.knative.dev/service</c> with the service's name, terminating ones included.</param>
    public static Workload Project(
        string cluster, string clusterId, KnativeService service, IReadOnlyCollection<KnativeRevision> revisions, IReadOnlyCollection<V1Pod> pods) =>
        throw new NotImplementedException();
}
