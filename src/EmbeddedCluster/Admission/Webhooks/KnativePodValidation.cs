using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Runner.EmbeddedCluster.Admission.Webhooks;

/// <summary>Rules of the pod in a revision.</summary>
internal static partial class KnativePodValidation
{
    private const int MaxTimeoutSeconds = 600;
    private const int MaxConcurrency = 1000;
    private static readonly string[] ReservedVariables = ["PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"];
    private static readonly string[] ReservedPaths = ["/", "/dev", "/dev/log"];
    private static readonly long[] ReservedPorts = [8008, 8012, 8013, 8022, 9090, 9091];
    private static readonly string[] Handlers = ["httpGet", "tcpSocket", "exec", "grpc"];

    public static void Check(JsonObject pod, string path, KnativeFaults faults)
    {
        if (pod.Number("timeoutSeconds") is < 0 or > MaxTimeoutSeconds)
        {
            faults.OutOfBounds(pod.Number("timeoutSeconds")!, 0, MaxTimeoutSeconds, $"{path}.timeoutSeconds");
        }

        if (pod.Number("containerConcurrency") is < 0 or > MaxConcurrency)
        {
            faults.OutOfBounds(pod.Number("containerConcurrency")!, 0, MaxConcurrency, $"{path}.containerConcurrency");
        }

        var containers = pod.Objects("containers").ToList();
        var all = containers.Concat(pod.Objects("initContainers")).ToList();
        Volumes(pod, all, path, faults);
        foreach (var (index, container) in pod.Objects("initContainers").Index())
        {
            InitContainer(pod, container, $"{path}.containers[{index}]", faults);
        }

        Ports(containers, path, faults);
        if (containers.Count == 0)
        {
            faults.Missing($"{path}.containers");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, container) in containers.Index())
        {
            var at = $"{path}.containers[{index}]";
            if (!names.Add(container.Text("name")))
            {
                faults.Add($"duplicate container name \"{container.Text("name")}\"", "", $"{at}.name");
            }

            var sidecar = containers.Count > 1 && container["ports"] is not JsonArray { Count: > 0 };
            Probe(container.Object("livenessProbe"), $"{at}.livenessProbe", faults);
            Probe(container.Object("readinessProbe"), $"{at}.readinessProbe", faults);
            Readiness(container.Object("readinessProbe"), $"{at}.readinessProbe", faults);
            Container(pod, container, sidecar, at, faults);
        }
    }

    private static void Volumes(JsonObject pod, List<JsonObject> containers, string path, KnativeFaults faults)
    {
        var mounted = containers.SelectMany(c => c.Objects("volumeMounts")).Select(m => m.Text("name")).ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, volume) in pod.Objects("volumes").Index())
        {
            var at = $"{path}.volumes[{index}]";
            var name = volume.Text("name");
            if (!seen.Add(name))
            {
                faults.Add($"duplicate volume name \"{name}\"", "", $"{at}.name");
            }

            if (!mounted.Contains(name))
            {
                faults.Add($"volume with name \"{name}\" not mounted", "", $"{at}.name");
            }

            if (name.Length == 0)
            {
                faults.Missing($"{at}.name");
            }
            else if (Names.DnsLabel(name).Any())
            {
                faults.Invalid(name, $"{at}.name");
            }

            string[] sources = ["secret", "configMap", "projected", "emptyDir", "persistentVolumeClaim"];
            var specified = sources.Where(volume.ContainsKey).ToList();
            if (specified.Count != 1)
            {
                faults.Add($"expected exactly one, got {(specified.Count == 0 ? "neither" : "both")}", "", [.. (specified.Count == 0 ? sources : [.. specified]).Select(s => $"{at}.{s}")]);
            }
        }
    }

    private static void Ports(List<JsonObject> containers, string path, KnativeFaults faults)
    {
        var count = containers.Sum(c => c.Objects("ports").Count());
        if (count == 0 && containers.Count > 1)
        {
            faults.Missing($"{path}.containers[*].ports");
        }
        else if (count > 1)
        {
            faults.Add("more than one container port is set", "Only a single port is allowed across all containers", $"{path}.containers[*].ports");
        }
    }

    private static void InitContainer(JsonObject pod, JsonObject container, string at, KnativeFaults faults)
    {
        foreach (var probe in ((string[])["livenessProbe", "readinessProbe", "startupProbe", "lifecycle"]).Where(container.ContainsKey))
        {
            faults.Add("field not allowed in an init container", "", $"{at}.{probe}");
        }

        Container(pod, container, sidecar: true, at, faults);
    }

    private static void Container(JsonObject pod, JsonObject container, bool sidecar, string at, KnativeFaults faults)
    {
        if (container.Text("name") == "queue-proxy")
        {
            faults.Add("\"queue-proxy\" is a reserved container name", "", $"{at}.name");
        }

        if (container["lifecycle"] is not null)
        {
            faults.Disallowed($"{at}.lifecycle");
        }

        foreach (var (index, variable) in container.Objects("env").Index())
        {
            var name = variable.Text("name");
            if (name.Length == 0)
            {
                faults.Missing($"{at}.env[{index}].name");
            }
            else if (ReservedVariables.Contains(name) && !(sidecar && name == "PORT"))
            {
                faults.Add($"\"{name}\" is a reserved environment variable", "", $"{at}.env[{index}].name");
            }
        }

        var image = container.Text("image");
        if (image.Length == 0)
        {
            faults.Missing($"{at}.image");
        }
        else if (!ImageReference().IsMatch(image))
        {
            faults.Add("Failed to parse image reference", $"image: \"{image}\", error: could not parse reference: {image}", $"{at}.image");
        }

        if (container.Objects("ports").FirstOrDefault() is { } port)
        {
            Port(port, $"{at}.ports", faults);
        }

        if (container.Text("terminationMessagePolicy") is { Length: > 0 } policy and not ("File" or "FallbackToLogsOnError"))
        {
            faults.Invalid(policy, $"{at}.terminationMessagePolicy");
        }

        Mounts(pod, container, at, faults);
    }

    private static void Port(JsonObject port, string at, KnativeFaults faults)
    {
        var number = port.Number("containerPort") ?? 0;
        if (ReservedPorts.Contains(number))
        {
            faults.Invalid($"{number} is a reserved port", $"{at}.containerPort", $"{number} is a reserved port, please use a different value");
        }

        if (number is < 0 or > 65535)
        {
            faults.OutOfBounds(number, 0, 65535, $"{at}.containerPort");
        }

        if (port.Text("protocol") is { Length: > 0 } protocol and not "TCP")
        {
            faults.Invalid(protocol, $"{at}.protocol");
        }

        if (port.Text("name") is { Length: > 0 } name and not ("h2c" or "http1"))
        {
            faults.Add($"Port name {name} is not allowed", "Name must be empty, or one of: 'h2c', 'http1'", at);
        }
    }

    private static void Mounts(JsonObject pod, JsonObject container, string at, KnativeFaults faults)
    {
        var volumes = pod.Objects("volumes").GroupBy(v => v.Text("name")).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, mount) in container.Objects("volumeMounts").Index())
        {
            var field = $"{at}.volumeMounts[{index}]";
            var volume = volumes.GetValueOrDefault(mount.Text("name"));
            if (volume is null)
            {
                faults.Add("volumeMount has no matching volume", "", $"{field}.name");
            }

            var path = mount.Text("mountPath");
            var clean = path.Length > 1 ? path.TrimEnd('/') : path;
            if (path.Length == 0)
            {
                faults.Missing($"{field}.mountPath");
            }
            else if (ReservedPaths.Contains(clean.Length == 0 ? "/" : clean))
            {
                faults.Add($"mountPath \"{clean}\" is a reserved path", "", $"{field}.mountPath");
            }
            else if (path[0] != '/')
            {
                faults.Invalid(path, $"{field}.mountPath");
            }
            else if (!paths.Add(clean))
            {
                faults.Invalid($"\"{path}\" must be unique", $"{field}.mountPath");
            }

            if (volume.Object("persistentVolumeClaim").Flag("readOnly") && !mount.Flag("readOnly"))
            {
                faults.Add("volume is readOnly but volume mount is not", "", $"{field}.readOnly");
            }
        }
    }

    private static void Probe(JsonObject? probe, string at, KnativeFaults faults)
    {
        if (probe is null)
        {
            return;
        }

        var handlers = Handlers.Where(probe.ContainsKey).ToList();
        if (handlers.Count != 1)
        {
            faults.Add($"expected exactly one, got {(handlers.Count == 0 ? "neither" : "both")}", "", [.. (handlers.Count == 0 ? Handlers : [.. handlers]).Select(h => $"{at}.{h}")]);
        }
    }

    private static void Readiness(JsonObject? probe, string at, KnativeFaults faults)
    {
        if (probe is null)
        {
            return;
        }

        AtLeast("periodSeconds", 0);
        AtLeast("initialDelaySeconds", 0);
        AtLeast("successThreshold", 1);
        if (probe.Number("periodSeconds") is not (null or 0))
        {
            AtLeast("timeoutSeconds", 1);
            AtLeast("failureThreshold", 1);
            return;
        }

        foreach (var name in ((string[])["failureThreshold", "timeoutSeconds"]).Where(name => probe.Number(name) is not (null or 0)))
        {
            faults.Add($"{name} is disallowed when periodSeconds is zero", "", $"{at}.{name}");
        }

        void AtLeast(string name, int lower)
        {
            if ((probe.Number(name) ?? 0) is var value && value < lower)
            {
                faults.OutOfBounds(value, lower, int.MaxValue, $"{at}.{name}");
            }
        }
    }

    // Registry and repository in lower case, then a tag or a digest.
    [GeneratedRegex(@"^([a-zA-Z0-9][-a-zA-Z0-9.]*(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?(@sha256:[0-9a-f]{64})?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex ImageReference();
}
