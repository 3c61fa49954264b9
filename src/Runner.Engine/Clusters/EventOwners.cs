using System.Text.RegularExpressions;
using k8s.Models;
using Runner.Engine.Workloads;

namespace Runner.Engine.Clusters;

/// <summary>Relates Kubernetes events to services. Pure.</summary>
internal static partial class EventOwners
{
    /// <summary>
    /// Name of the service that an object belongs to, told from the object's name, because events outlive their objects: Knative calls revisions
    /// <c>web-00001</c> and what they are made of <c>web-00001-deployment-5d8c7b6f9-x2x4z</c>.
    /// </summary>
    public static string? ServiceOf(string kind, string name)
    {
        if (name.Length == 0)
        {
            return null;
        }

        var match = kind switch
        {
            "Pod" or "Deployment" or "ReplicaSet" => PartOfRevision().Match(name),
            "Revision" or "PodAutoscaler" or "Metric" or "ServerlessService" => Revision().Match(name),
            _ => Match.Empty,
        };
        return match.Success ? match.Groups[1].Value : name;
    }

    public static WorkloadEvent Read(Corev1Event e)
    {
        var last = e.Series?.LastObservedTime ?? e.LastTimestamp ?? e.EventTime ?? e.Metadata.CreationTimestamp ?? DateTime.UnixEpoch;
        var first = e.FirstTimestamp ?? e.EventTime ?? e.Metadata.CreationTimestamp ?? last;
        return new(
            e.Metadata.Uid ?? "",
            e.Type ?? "",
            e.Reason ?? "",
            e.Message ?? "",
            $"{e.InvolvedObject?.Kind}/{e.InvolvedObject?.Name}",
            e.Series?.Count ?? e.Count ?? 1,
            Utc(first),
            Utc(last),
            e.Source?.Component ?? e.ReportingComponent ?? "");
    }

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    [GeneratedRegex(@"^(.+)-\d{5}-deployment(-.*)?$")]
    private static partial Regex PartOfRevision();

    [GeneratedRegex(@"^(.+)-\d{5}$")]
    private static partial Regex Revision();
}
