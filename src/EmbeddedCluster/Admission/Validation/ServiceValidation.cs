using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Rules of services.</summary>
internal static class ServiceValidation
{
    public static IEnumerable<StatusCause> Validate(JsonObject? old, JsonObject service)
    {
        var spec = service.Object("spec") ?? [];
        IEnumerable<StatusCause> causes =
        [
            .. Ports(spec),
            .. MetadataValidation.LabelMap(spec["selector"], "spec.selector"),
            .. Numbers.OneOf(spec, "sessionAffinity", "spec", "ClientIP", "None"),
            .. Numbers.OneOf(spec, "type", "spec", "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
            .. ExternalName(spec),
        ];
        return old is null ? causes : Address(old.Object("spec") ?? [], spec).Concat(causes);
    }

    private static IEnumerable<StatusCause> Address(JsonObject old, JsonObject spec)
    {
        var (before, after) = (old.Text("clusterIP"), spec.Text("clusterIP"));
        if (before.Length > 0 && old.Text("type") != "ExternalName" && spec.Text("type") != "ExternalName" && before != after)
        {
            yield return Fault.Invalid("spec.clusterIPs[0]", spec["clusterIPs"]?.DeepClone(), "may not change once set");
        }
    }

    private static IEnumerable<StatusCause> Ports(JsonObject spec)
    {
        var ports = spec.Objects("ports").ToList();
        if (ports.Count == 0 && spec.Text("type") != "ExternalName" && spec.Text("clusterIP") != "None")
        {
            yield return Fault.Required("spec.ports");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var numbers = new HashSet<(string, long)>();
        foreach (var (index, port) in ports.Index())
        {
            var path = $"spec.ports[{index}]";
            var name = port.Text("name");
            var number = port.Number("port") ?? 0;
            if (name.Length == 0 && ports.Count > 1)
            {
                yield return Fault.Required($"{path}.name");
            }

            IEnumerable<StatusCause> naming = name.Length == 0 ? [] : Fault.InvalidEach($"{path}.name", name, Names.DnsLabel(name));
            naming = name.Length == 0 || names.Add(name) ? naming : naming.Append(Fault.Duplicate($"{path}.name", name));
            foreach (var cause in naming.Concat(Numbers.Port(number, $"{path}.port")).Concat(Numbers.OneOf(port, "protocol", path, "SCTP", "TCP", "UDP")))
            {
                yield return cause;
            }

            if (!numbers.Add((port.Text("protocol"), number)))
            {
                yield return Fault.Duplicate(path, new JsonObject { ["port"] = number, ["protocol"] = port.Text("protocol") });
            }
        }
    }

    private static IEnumerable<StatusCause> ExternalName(JsonObject spec)
    {
        if (spec.Text("type") == "ExternalName" && spec.Text("externalName").Length == 0)
        {
            yield return Fault.Required("spec.externalName");
        }
    }
}
