using System.Buffers.Text;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>
/// Reads the record of a release that Helm 3 and 4 keep in a Secret <c>sh.helm.release.v1.&lt;release&gt;.v&lt;n&gt;</c> under the key <c>release</c>: base64 of gzip of JSON
/// (the Secret's own base64 is taken off by the client), as <c>pkg/storage/driver/util.go</c> of Helm writes it.
/// </summary>
internal static class HelmReleaseReader
{
    /// <summary>A Secret holds a megabyte; charts of nothing but text shrink to a twentieth.</summary>
    private const int MostBytes = 64 * 1024 * 1024;

    /// <summary>Reads a record; null where it is none.</summary>
    public static DeployedRelease? Read(byte[] record)
    {
        try
        {
            var json = Unpack(record);
            return JsonNode.Parse(json) is JsonObject release ? Make(release) : null;
        }
        catch (Exception exception) when (exception is FormatException or InvalidDataException or JsonException or InvalidOperationException or DecoderFallbackException)
        {
            return null;
        }
    }

    private static byte[] Unpack(byte[] record)
    {
        var packed = new byte[Base64.GetMaxDecodedFromUtf8Length(record.Length)];
        if (Base64.DecodeFromUtf8(record, packed, out _, out var length) != System.Buffers.OperationStatus.Done)
        {
            throw new FormatException("The record is not base64.");
        }

        // Records of the first Helm 3 are not packed.
        if (length < 3 || packed is not [0x1f, 0x8b, 0x08, ..])
        {
            return packed[..length];
        }

        using var unpacked = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(packed, 0, length), CompressionMode.Decompress);
        var buffer = new byte[64 * 1024];
        for (int read; (read = gzip.Read(buffer)) > 0;)
        {
            unpacked.Write(buffer, 0, read);
            if (unpacked.Length > MostBytes)
            {
                throw new InvalidDataException("The record is larger than any release.");
            }
        }

        return unpacked.ToArray();
    }

    private static DeployedRelease? Make(JsonObject release)
    {
        if (release["name"]?.GetValue<string>() is not { Length: > 0 } name || release["chart"] is not JsonObject chart)
        {
            return null;
        }

        var metadata = chart["metadata"] as JsonObject;

        // Of the charts that came with a chart the record keeps the names and versions alone, and of those only the ones that are switched on.
        var (part, partVersion, switches) = metadata?["name"]?.GetValue<string>() == DeployedRelease.RunnerChart ? ("", "", []) : PartOf(metadata);
        var (values, defaults) = (release["config"] as JsonObject ?? [], chart["values"] as JsonObject ?? []);
        var inWhole = part.Length > 0 ? ValuesPart.Find(part, values, defaults, switches) : null;
        var deployed = release["info"]?["last_deployed"]?.GetValue<string>();
        return new(
            new(name, release["namespace"]?.GetValue<string>() ?? ""),
            release["version"]?.GetValue<int>() ?? 0,
            release["info"]?["status"]?.GetValue<string>() ?? "",
            DateTimeOffset.TryParse(deployed, System.Globalization.CultureInfo.InvariantCulture, out var at) ? at : null,
            metadata?["name"]?.GetValue<string>() ?? "",
            metadata?["version"]?.GetValue<string>() ?? "",
            inWhole?.Seen ?? (JsonObject)values.DeepClone(),
            part.Length > 0 ? ValuesPart.Of(defaults, part) : (JsonObject)defaults.DeepClone(),
            part.Length == 0 && chart["schema"]?.GetValue<string>() is { Length: > 0 } schema ? Encoding.UTF8.GetString(Convert.FromBase64String(schema)) : "")
        {
            Whole = inWhole,
            PartVersion = partVersion,
            Rendered = RenderedSettings.Read(release["manifest"]?.GetValue<string>() ?? ""),
        };
    }

    private static (string Part, string Version, IReadOnlyList<string> Switches) PartOf(JsonObject? metadata)
    {
        var runner = (metadata?["dependencies"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(dependency => dependency["name"]?.GetValue<string>() == DeployedRelease.RunnerChart);
        return runner is null ? ("", "", [])
            : (runner["alias"]?.GetValue<string>() is { Length: > 0 } alias ? alias : DeployedRelease.RunnerChart, runner["version"]?.GetValue<string>() ?? "",
                (runner["condition"]?.GetValue<string>() ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
    }
}
