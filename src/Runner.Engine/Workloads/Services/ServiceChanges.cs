using System.Globalization;
using k8s.Models;
using Runner.Engine.Workloads.MultiHost;

namespace Runner.Engine.Workloads.Services;

/// <summary>Restarts and scale, written into the objects that carry services. Pure but for the object given, which is changed in place.</summary>
internal static class ServiceChanges
{
    /// <summary>The annotation of a pod template by which <c>kubectl rollout restart</c> makes it another one.</summary>
    public const string RestartedAt = "kubectl.kubernetes.io/restartedAt";

    public const string MinScale = "autoscaling.knative.dev/min-scale";
    public const string MaxScale = "autoscaling.knative.dev/max-scale";

    /// <summary>Another template makes another revision, to which requests move once it is ready.</summary>
    /// <param name="revisions">All of the service's; none where no version of it was removed.</param>
    /// <exception cref="RequestRefusedException">The service has nothing to start.</exception>
    public static bool Restart(KnativeService service, IReadOnlyList<KnativeRevision> revisions, DateTimeOffset at)
    {
        var template = service.Spec?.Template
            ?? throw new RequestRefusedException($"Service '{service.Metadata.Name}' cannot be restarted: the service in the cluster has no template.");
        var heir = VersionRules.HeirOf(service, revisions);
        VersionRules.Inherit(service, heir);
        Annotate(template.Metadata ??= new(), RestartedAt, Text(at));
        ServiceUpdate.FollowLatest(service, heir);
        return true;
    }

    /// <summary>Every group is rolled over, as the set's own strategy has it.</summary>
    /// <exception cref="RequestRefusedException">The set has nothing to start.</exception>
    public static bool Restart(LeaderWorkerSet set, DateTimeOffset at)
    {
        var template = set.Spec?.Template
            ?? throw new RequestRefusedException($"Service '{LeaderWorkerSetNames.ServiceOf(set)}' cannot be restarted: the set in the cluster has no template.");
        foreach (var pod in new[] { template.Leader, template.Worker }.OfType<V1PodTemplateSpec>())
        {
            Annotate(pod.Metadata ??= new(), RestartedAt, Text(at));
        }

        return true;
    }

    /// <param name="revisions">All of the service's; none where no version of it was removed.</param>
    /// <returns>False when the service may have just so many already.</returns>
    /// <exception cref="RequestRefusedException">The service cannot have so many.</exception>
    public static bool Scale(KnativeService service, IReadOnlyList<KnativeRevision> revisions, ReplicaRange range)
    {
        var name = service.Metadata.Name;
        Check(name, range);
        if (HubFacts.IsSpace(service.Metadata) && (range.Min > 1 || range.Max > 1))
        {
            throw new RequestRefusedException($"Service '{name}' cannot be scaled: a space has one instance at most.");
        }

        var metadata = (service.Spec?.Template ?? throw new RequestRefusedException($"Service '{name}' cannot be scaled: the service in the cluster has no template.")).Metadata ??= new();
        var (min, max) = (Text(range.Min), Text(range.Max));

        // Where the newest version was removed, the template says nothing of those that serve.
        var heir = VersionRules.HeirOf(service, revisions);
        if (!VersionRules.Inherit(service, heir) && HubFacts.Text(metadata.Annotations, MinScale) == min && HubFacts.Text(metadata.Annotations, MaxScale) == max)
        {
            return false;
        }

        Annotate(metadata, MinScale, min);
        Annotate(metadata, MaxScale, max);
        ServiceUpdate.FollowLatest(service, heir);
        Differs(service.Metadata);
        return true;
    }

    /// <inheritdoc cref="Scale(KnativeService, IReadOnlyList{KnativeRevision}, ReplicaRange)"/>
    public static bool Scale(LeaderWorkerSet set, ReplicaRange range)
    {
        var name = LeaderWorkerSetNames.ServiceOf(set);
        Check(name, range);
        if (range.Min != range.Max || range.Min < 1)
        {
            throw new RequestRefusedException($"Service '{name}' cannot be scaled: it spans several hosts and does not scale by itself; give one number of instances, at least 1.");
        }

        var spec = set.Spec ?? throw new RequestRefusedException($"Service '{name}' cannot be scaled: the set in the cluster has no specification.");
        if (spec.Replicas == range.Min)
        {
            return false;
        }

        spec.Replicas = range.Min;
        Differs(set.Metadata);
        return true;
    }

    private static void Check(string service, ReplicaRange range)
    {
        if (range.Min < 0 || range.Max < 1 || range.Min > range.Max || range.Max > ReplicaRange.Most)
        {
            throw new RequestRefusedException(
                $"Service '{service}' cannot be scaled from {range.Min} to {range.Max} instances: at least 0, at most 1 to {ReplicaRange.Most}, and the least not above the most.");
        }
    }

    /// <summary>What is there is no longer what the request to run asked for: the same request again would have something to do.</summary>
    private static void Differs(V1ObjectMeta metadata) => metadata.Annotations?.Remove(ServiceManifest.HashAnnotation);

    private static void Annotate(V1ObjectMeta metadata, string key, string value) => (metadata.Annotations ??= new Dictionary<string, string>())[key] = value;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
