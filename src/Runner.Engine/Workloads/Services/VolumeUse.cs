using k8s.Models;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Replacing;

namespace Runner.Engine.Workloads.Services;

/// <summary>Who mounts a user's volume. Pure but for the caches, which it reads.</summary>
internal static class VolumeUse
{
    /// <summary>Whether anything but one service has the volume.</summary>
    /// <param name="exceptService">The service that is about to go.</param>
    /// <returns>Null while not everything that may have it is known.</returns>
    public static bool? IsUsed(ClusterState state, string volume, string exceptService)
    {
        var (services, sets, sandboxes) = (state.Services.Services, state.Services.Sets, state.Sandboxes.Sandboxes);
        if (services.All().Any(service => service.Metadata.Name != exceptService && ServiceManifest.Uses(service, volume))
            || sets.All().Any(set => LeaderWorkerSetNames.ServiceOf(set) != exceptService && MultiHostManifest.Uses(set, volume))
            || sandboxes.All().Any(sandbox => Mounts(sandbox.Spec?.PodTemplate?.Spec?.Volumes, volume)))
        {
            return true;
        }

        return services.Health == CacheHealth.Synced && IsSettled(sets) && IsSettled(sandboxes) ? false : null;
    }

    /// <summary>A kind that the cluster does not have, or does not show, has nothing of the runner's.</summary>
    private static bool IsSettled(IResourceCache cache) => cache.Health is CacheHealth.Synced or CacheHealth.Unavailable;

    /// <summary>Whether what is to come in place of something that made room for it has the volume.</summary>
    public static bool IsAwaited(IEnumerable<NotedReplacement> coming, string volume) => coming.Any(note =>
        note.Sandbox is not null ? Mounts(note.ReadSandbox().Spec?.PodTemplate?.Spec?.Volumes, volume)
        : note.Set is not null ? MultiHostManifest.Uses(note.ReadSet().Set, volume)
        : note.ReadService() is { } service && ServiceManifest.Uses(service, volume));

    private static bool Mounts(IEnumerable<V1Volume>? volumes, string claim) =>
        volumes?.Any(volume => volume.PersistentVolumeClaim?.ClaimName == claim) == true;
}
