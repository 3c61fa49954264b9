using System.Collections.Immutable;
using System.Globalization;
using k8s.Models;
using Runner.Engine.Clusters.Reading;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads;

/// <summary>What the annotations of any object that carries a workload tell of the hub's request. Pure.</summary>
internal static class HubFacts
{
    /// <summary>A workload with everything that the object's metadata tell; its state is still to be told.</summary>
    public static Workload Of(WorkloadKey key, string clusterId, V1ObjectMeta metadata)
    {
        var annotations = metadata.Annotations ?? ImmutableDictionary<string, string>.Empty;
        return new()
        {
            Key = key,
            Uid = metadata.Uid ?? "",
            ClusterId = clusterId,
            CreatedAt = InstanceProjection.Time(metadata.CreationTimestamp) ?? DateTimeOffset.UnixEpoch,
            Status = DeployStatus.Pending,
            DeployId = Number(annotations, HubNames.DeployIdAnnotation),
            TaskId = Number(annotations, HubNames.TaskIdAnnotation),
            DeployType = (int)Math.Clamp(Number(annotations, HubNames.DeployTypeAnnotation), int.MinValue, int.MaxValue),
            UserId = Text(annotations, HubNames.UserIdAnnotation),
            UserName = Text(annotations, HubNames.UserNameAnnotation),
            Sku = Text(annotations, HubNames.SkuAnnotation),
            OrderDetailId = Number(annotations, HubNames.OrderDetailIdAnnotation),
            IsAnnounced = Text(annotations, HubNames.AnnouncedAnnotation).Length > 0,
            AnsweredAt = Text(annotations, HubNames.AnsweredAnnotation),
        };
    }

    /// <summary>What a container asks for; empty where there is none.</summary>
    public static ImmutableSortedDictionary<string, string> RequestsOf(V1Container? container) => SharedResources.TextsOf(container?.Resources);

    /// <summary>Whether an object carries a space, of which there is one instance at most; not where it does not say what it carries.</summary>
    public static bool IsSpace(V1ObjectMeta metadata) => Text(metadata.Annotations, HubNames.DeployTypeAnnotation) == "0";

    /// <summary>A label or annotation; empty when it is not there.</summary>
    public static string Text(IDictionary<string, string>? values, string key) => values is not null && values.TryGetValue(key, out var value) ? value ?? "" : "";

    private static long Number(IDictionary<string, string> values, string key) =>
        long.TryParse(Text(values, key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
