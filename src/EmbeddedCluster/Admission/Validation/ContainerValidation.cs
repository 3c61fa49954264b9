using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Rules of containers.</summary>
internal static class ContainerValidation
{
    /// <param name="volumes">Names of the pod's volumes.</param>
    /// <param name="taken">Names that other containers of the pod have.</param>
    public static IEnumerable<StatusCause> Validate(IEnumerable<JsonObject> containers, HashSet<string> volumes, IEnumerable<string> taken, string path)
    {
        var names = taken.ToHashSet(StringComparer.Ordinal);
        foreach (var (index, container) in containers.Index())
        {
            var field = $"{path}[{index}]";
            IEnumerable<StatusCause> causes =
            [
                .. Name(container, names, field),
                .. Image(container, field),
                .. Ports(container, field),
                .. Environment(container, field),
                .. Mounts(container, volumes, field),
                .. Numbers.OneOf(container, "imagePullPolicy", field, "Always", "IfNotPresent", "Never"),
                .. ResourceValidation.Validate(container.Object("resources"), $"{field}.resources"),
                .. ((string[])["livenessProbe", "readinessProbe", "startupProbe"]).SelectMany(probe => Probe(container.Object(probe), $"{field}.{probe}")),
                .. Numbers.OneOf(container, "terminationMessagePolicy", field, "FallbackToLogsOnError", "File"),
            ];
            foreach (var cause in causes)
            {
                yield return cause;
            }
        }
    }

    private static IEnumerable<StatusCause> Name(JsonObject container, HashSet<string> names, string field)
    {
        var name = container.Text("name");
        if (name.Length == 0)
        {
            return [Fault.Required($"{field}.name")];
        }

        var faults = Fault.InvalidEach($"{field}.name", name, Names.DnsLabel(name));
        return names.Add(name) ? faults : faults.Append(Fault.Duplicate($"{field}.name", name));
    }

    private static IEnumerable<StatusCause> Image(JsonObject container, string field)
    {
        var image = container.Text("image");
        if (image.Length == 0)
        {
            yield return Fault.Required($"{field}.image");
        }
        else if (image.Trim() != image)
        {
            yield return Fault.Invalid($"{field}.image", image, "must not have leading or trailing whitespace");
        }
    }

    private static IEnumerable<StatusCause> Ports(JsonObject container, string field)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, port) in container.Objects("ports").Index())
        {
            var at = $"{field}.ports[{index}]";
            if (port.Text("name") is { Length: > 0 } name && !names.Add(name))
            {
                yield return Fault.Duplicate($"{at}.name", name);
            }

            IEnumerable<StatusCause> number = port.Number("containerPort") is null or 0
                ? [Fault.Required($"{at}.containerPort")]
                : Numbers.Port(port.Number("containerPort")!.Value, $"{at}.containerPort");
            IEnumerable<StatusCause> host = port.Number("hostPort") is null or 0 ? [] : Numbers.Port(port.Number("hostPort")!.Value, $"{at}.hostPort");
            foreach (var cause in number.Concat(host).Concat(Numbers.OneOf(port, "protocol", at, "SCTP", "TCP", "UDP")))
            {
                yield return cause;
            }
        }
    }

    private static IEnumerable<StatusCause> Environment(JsonObject container, string field)
    {
        foreach (var (index, variable) in container.Objects("env").Index())
        {
            var at = $"{field}.env[{index}]";
            var name = variable.Text("name");
            foreach (var cause in name.Length == 0 ? [Fault.Required($"{at}.name")] : Fault.InvalidEach($"{at}.name", name, Names.EnvironmentName(name)))
            {
                yield return cause;
            }

            if (variable.Object("valueFrom") is not { } source)
            {
                continue;
            }

            if (source.Count == 0)
            {
                yield return Fault.Invalid($"{at}.valueFrom", "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
            }
            else if (variable.Text("value").Length > 0)
            {
                yield return Fault.Invalid($"{at}.valueFrom", "", "may not be specified when `value` is not empty");
            }
            else if (source.Count > 1)
            {
                yield return Fault.Invalid($"{at}.valueFrom", "", "may not have more than one field specified at a time");
            }
        }
    }

    private static IEnumerable<StatusCause> Mounts(JsonObject container, HashSet<string> volumes, string field)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, mount) in container.Objects("volumeMounts").Index())
        {
            var at = $"{field}.volumeMounts[{index}]";
            var (name, path) = (mount.Text("name"), mount.Text("mountPath"));
            if (name.Length == 0)
            {
                yield return Fault.Required($"{at}.name");
            }
            else if (!volumes.Contains(name))
            {
                yield return Fault.NotFound($"{at}.name", name);
            }

            if (path.Length == 0)
            {
                yield return Fault.Required($"{at}.mountPath");
            }
            else if (!paths.Add(path))
            {
                yield return Fault.Invalid($"{at}.mountPath", path, "must be unique");
            }
        }
    }

    private static IEnumerable<StatusCause> Probe(JsonObject? probe, string field)
    {
        if (probe is null)
        {
            yield break;
        }

        var handlers = ((string[])["exec", "httpGet", "tcpSocket", "grpc"]).Where(probe.ContainsKey).ToList();
        if (handlers.Count == 0)
        {
            yield return Fault.Required(field, "must specify a handler type");
        }

        foreach (var extra in handlers.Skip(1))
        {
            yield return Fault.Forbidden($"{field}.{extra}", "may not specify more than 1 handler type");
        }

        foreach (var cause in ((string[])["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"])
            .SelectMany(name => Numbers.NotNegative(probe, name, field)))
        {
            yield return cause;
        }
    }
}
