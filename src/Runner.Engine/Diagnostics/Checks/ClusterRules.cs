using System.Globalization;
using System.Text.RegularExpressions;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads;

namespace Runner.Engine.Diagnostics.Checks;

/// <summary>Judges what <see cref="ClusterChecks"/> gathered. Pure.</summary>
internal static partial class ClusterRules
{
    /// <summary>The oldest minor version of Kubernetes 1 that the chart is made for.</summary>
    private const int OldestMinor = 33;

    public static Verdict Connection(ClusterStatus status)
    {
        if (status.Health != ClusterHealth.Connected)
        {
            return Verdict.Bad(CheckCause.ClusterUnreachable, []).Saying(status.Problem);
        }

        var minor = VersionPattern().Match(status.Version) is { Success: true } match ? int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) : OldestMinor;
        return minor < OldestMinor ? Verdict.Warning(CheckCause.ClusterOld, [status.Version], status.Version, $"v1.{OldestMinor}") : Verdict.Good(status.Version);
    }

    public static Verdict Permissions(IReadOnlyList<PermissionAnswer> answers)
    {
        var missing = answers.Where(answer => !answer.Allowed).Select(answer => $"✗ {answer.Permission}").ToList();
        var granted = answers.Where(answer => answer.Allowed).Select(answer => $"✓ {answer.Permission}");
        return missing.Count == 0
            ? Verdict.Good([.. granted])
            : Verdict.Bad(CheckCause.PermissionsMissing, [.. missing, .. granted], missing.Count.ToString(CultureInfo.InvariantCulture), answers.Count.ToString(CultureInfo.InvariantCulture));
    }

    /// <param name="required">Whether hardly anything works without it.</param>
    public static Verdict Kind(string resource, CacheStatus? cache, bool required)
    {
        if (cache is not { Health: CacheHealth.Unavailable })
        {
            return cache is { Health: CacheHealth.Synced } ? Verdict.Good($"{resource}: {cache.Count}") : Verdict.Bad(CheckCause.Unfinished, []).Saying(cache?.Problem ?? LocalText.None);
        }

        var cause = cache.IsUnknownKind ? CheckCause.KindMissing : CheckCause.KindForbidden;
        return new(required || cause == CheckCause.KindForbidden ? CheckState.Bad : CheckState.Warning, cause, [resource], [cache.Problem]);
    }

    /// <summary>Nodes that offer a device which no label names: hubs and schedulers ask by the label.</summary>
    public static Verdict Labels(CapacitySnapshot snapshot)
    {
        var found = snapshot.Nodes.Where(node => (node.Accelerator is null || node.Accelerator.Type.Length == 0) && Devices(node).Any())
            .Select(node => (node.Name, Evidence: $"{node.Name}: {string.Join(", ", Devices(node).Select(device => $"{device.Value.Total.ToString("0.##", CultureInfo.InvariantCulture)} × {device.Key}"))}")).ToList();
        return Judge(snapshot, found, CheckCause.Unlabelled);
    }

    /// <summary>Nodes whose label names a device of which they offer none: driver or device plugin is missing.</summary>
    public static Verdict Drivers(CapacitySnapshot snapshot)
    {
        var found = snapshot.Nodes.Where(node => node.Accelerator is not null && !Devices(node).Any())
            .Select(node => (node.Name, Evidence: $"{node.Name}: {node.Accelerator!.TypeLabel}={node.Accelerator.Type}, {node.Accelerator.Resource}: 0")).ToList();
        return Judge(snapshot, found, CheckCause.NoDevices);
    }

    public static Verdict Waiting(IEnumerable<Workload> workloads)
    {
        var waiting = workloads.Where(workload => workload.WaitingForRoom && workload.Requests.Keys.Any(DeviceName)).Select(workload => $"{workload.Key.Name}: {workload.Message}").ToList();
        return waiting.Count == 0 ? Verdict.Good() : Verdict.Warning(CheckCause.TasksWait, waiting, waiting.Count.ToString(CultureInfo.InvariantCulture));
    }

    public static Verdict ImagePulls(IEnumerable<Workload> workloads)
    {
        var failing = workloads.SelectMany(workload => workload.Instances.Where(instance => Unpulled(instance.Reason) || instance.Containers.Any(container => Unpulled(container.Reason)))
            .Select(instance => $"{workload.Key.Name}: {workload.Image} {(instance.Message.Length > 0 ? instance.Message : workload.Message)}".TrimEnd()).Take(1)).ToList();
        return failing.Count == 0 ? Verdict.Good() : Verdict.Bad(CheckCause.ImagesFail, failing, failing.Count.ToString(CultureInfo.InvariantCulture));
    }

    /// <param name="registry">Authority of the configured registry; null for none.</param>
    public static Verdict PullSecret(string name, bool exists, string type, string? registry, bool holdsRegistry) => (exists, type) switch
    {
        (false, _) => Verdict.Bad(CheckCause.SecretMissing, [], name),
        (_, not "kubernetes.io/dockerconfigjson") => Verdict.Bad(CheckCause.SecretType, [type], name, type),
        _ when registry is not null && !holdsRegistry => Verdict.Bad(CheckCause.SecretWithoutRegistry, [registry], name, registry),
        _ => Verdict.Good(name),
    };

    public static Verdict StorageClass(string configured, IReadOnlyList<(string Name, bool IsDefault)> classes)
    {
        var evidence = classes.Select(one => one.IsDefault ? $"{one.Name} (default)" : one.Name).ToList();
        if (configured.Length > 0)
        {
            return classes.Any(one => one.Name == configured) ? Verdict.Good([.. evidence]) : Verdict.Bad(CheckCause.ClassMissing, evidence, configured);
        }

        return classes.Any(one => one.IsDefault) ? Verdict.Good([.. evidence]) : Verdict.Warning(CheckCause.NoDefaultClass, evidence);
    }

    private static Verdict Judge(CapacitySnapshot snapshot, List<(string Name, string Evidence)> found, CheckCause cause) => snapshot.Source switch
    {
        CapacitySource.ClusterWide when found.Count == 0 => Verdict.Good(),
        CapacitySource.ClusterWide => Verdict.Warning(cause, [.. found.Select(node => node.Evidence)], string.Join(", ", found.Select(node => node.Name).Take(5))),
        _ => Verdict.Bad(CheckCause.Unfinished, []).Saying(snapshot.Problem),
    };

    private static IEnumerable<KeyValuePair<string, ResourceFigures>> Devices(NodeCapacity node) => node.Resources.Where(pair => pair.Value.Total > 0 && DeviceName(pair.Key));

    private static bool DeviceName(string resource) => DevicePattern().IsMatch(resource);

    private static bool Unpulled(string reason) => reason is "ErrImagePull" or "ImagePullBackOff" or "InvalidImageName" or "ErrImageNeverPull";

    [GeneratedRegex(@"^v?(\d+)\.(\d+)")]
    private static partial Regex VersionPattern();

    // nvidia.com/gpu, nvidia.com/mig-1g.10gb, volcano.sh/vgpu-number, huawei.com/Ascend910, hygon.com/dcu, enflame.com/gcu, chipltech.com/dlc-lyp
    [GeneratedRegex(@"/.*(gpu|npu|ascend|dcu|gcu|tpu|dlc|xpu|mig-)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex DevicePattern();
}
