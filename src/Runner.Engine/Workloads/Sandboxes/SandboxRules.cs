using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Sandboxes;

/// <summary>What a request for a sandbox must fulfil before anything is made of it. No sentence repeats a value of the environment.</summary>
internal static class SandboxRules
{
    /// <summary>Ten years: longer lives are mistakes of the unit.</summary>
    private const long LongestLife = 10L * 365 * 24 * 3600;

    private static readonly string[] Protocols = ["", "http", "https", "tcp"];

    /// <summary>Every rule that is broken, a sentence each.</summary>
    public static List<string> Check(SandboxRequest request, string storageClass)
    {
        var problems = new List<string>();
        void Require(bool rule, string problem)
        {
            if (!rule)
            {
                problems.Add(problem);
            }
        }

        Require(Naming.IsServiceName(request.SandboxName), "sandbox_name must be at most 63 of a-z, 0-9 and -, begin with a letter and not end with -");
        Require(ServiceRequestRules.IsImage(request.Image), $"image must be the name of an image such as registry.example.com/team/image:tag, but is '{ResourceRules.Shown(request.Image)}'");
        Require(request.Timeout is >= 0 and <= LongestLife, $"timeout must be a number of seconds from 0 (no end) to {LongestLife}, but is {request.Timeout}");
        Require(request.Port is >= 0 and <= 65_535, $"port must be a number from 1 to 65535, or 0 for none, but is {request.Port}");
        Require(request.EnvVars?.Keys.All(ServiceRequestRules.IsVariableName) != false, "env_vars: a variable's name must be printable ASCII without =, and not be empty");
        foreach (var (key, value) in request.Labels ?? [])
        {
            Require(Naming.IsQualifiedName(key), $"labels: '{ResourceRules.Shown(key)}' is no label: letters, digits, -, _ and ., with or without a DNS name and / before it");
            Require((value ?? "") == Naming.SafeLabelValue(value ?? ""), $"labels: the value of '{ResourceRules.Shown(key)}' must be at most 63 letters, digits, -, _ and .");
        }

        CheckVolumes(request, storageClass, Require);
        CheckProbe(request, Require);
        return problems;
    }

    private static void CheckVolumes(SandboxRequest request, string storageClass, Action<bool, string> require)
    {
        if (request.Volumes is not { Count: > 0 } volumes)
        {
            return;
        }

        // Without a user all such sandboxes would share one volume.
        require(request.UserId.Length > 0, "user_id is required with volumes: they are folders of the user's volume");
        require(storageClass.Length > 0, "volumes need a storage class, and the cluster has none configured");
        require(volumes.TrueForAll(volume => volume is not null), "volumes must not hold null");
        foreach (var volume in volumes.OfType<SandboxVolume>())
        {
            require(
                volume.Path.StartsWith('/') && volume.Path.Length > 1 && !volume.Path.Contains(':', StringComparison.Ordinal) && !Climbs(volume.Path),
                $"sandbox_mount_path must be an absolute path without : and .., but is '{ResourceRules.Shown(volume.Path)}'");
            require(
                !volume.Subpath.StartsWith('/') && !Climbs(volume.Subpath),
                $"sandbox_mount_subpath must be a path within the volume, but is '{ResourceRules.Shown(volume.Subpath)}'");
        }

        require(volumes.OfType<SandboxVolume>().GroupBy(volume => volume.Path).All(group => group.Count() == 1), "volumes: each sandbox_mount_path may be used once");
    }

    private static void CheckProbe(SandboxRequest request, Action<bool, string> require)
    {
        if (request.ReadinessProbe is not { } probe)
        {
            return;
        }

        require(Protocols.Contains(probe.Protocol), $"readiness_probe.protocol must be http, https or tcp, but is '{ResourceRules.Shown(probe.Protocol)}'");
        require(probe.Port is >= 0 and <= 65_535 && (probe.Port > 0 || request.Port > 0), "readiness_probe.port must be a number from 1 to 65535 where the sandbox has no port of its own");
        require(probe.Path.Length == 0 || probe.Path.StartsWith('/'), $"readiness_probe.path must begin with /, but is '{ResourceRules.Shown(probe.Path)}'");
        require(probe.InitialDelaySeconds is >= 0 and <= 86_400, "readiness_probe.initial_delay_seconds must be from 0 to 86400");
    }

    private static bool Climbs(string path) => path.Split('/').Contains("..");
}
