using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Rules of a pod's volumes.</summary>
internal static class VolumeValidation
{
    public static IEnumerable<StatusCause> Validate(IEnumerable<JsonObject> volumes, string path)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, volume) in volumes.Index())
        {
            var field = $"{path}[{index}]";
            var name = volume.Text("name");
            var faults = name.Length == 0 ? [Fault.Required($"{field}.name")] : Fault.InvalidEach($"{field}.name", name, Names.DnsLabel(name));
            foreach (var cause in faults.Concat(Source(volume, field)))
            {
                yield return cause;
            }

            if (name.Length > 0 && !seen.Add(name))
            {
                yield return Fault.Duplicate($"{field}.name", name);
            }
        }
    }

    private static IEnumerable<StatusCause> Source(JsonObject volume, string field)
    {
        var sources = volume.Where(entry => entry.Key != "name" && entry.Value is not null).Select(entry => entry.Key).ToList();
        foreach (var extra in sources.Skip(1))
        {
            yield return Fault.Forbidden($"{field}.{extra}", "may not specify more than 1 volume type");
        }

        (string Source, string Name)[] required =
            [("persistentVolumeClaim", "claimName"), ("secret", "secretName"), ("configMap", "name"), ("hostPath", "path")];
        foreach (var (source, name) in required)
        {
            if (volume.Object(source) is { } json && json.Text(name).Length == 0)
            {
                yield return Fault.Required($"{field}.{source}.{name}");
            }
        }

        if (volume.Object("nfs") is { } nfs)
        {
            foreach (var name in ((string[])["server", "path"]).Where(name => nfs.Text(name).Length == 0))
            {
                yield return Fault.Required($"{field}.nfs.{name}");
            }
        }
    }
}
