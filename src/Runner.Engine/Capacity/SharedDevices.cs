using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Runner.Engine.Capacity;

/// <summary>One physical accelerator that is shared out in parts (vGPU).</summary>
/// <param name="Id">UUID of the device.</param>
/// <param name="Slots">Into how many parts it can be divided.</param>
/// <param name="MemoryMiB">All of its memory.</param>
/// <param name="CorePercent">Computing power that can be given out; 100 is the whole device.</param>
/// <param name="Type">As the device plugin names it.</param>
public sealed record SharedDevice(string Id, int Index, long Slots, long MemoryMiB, long CorePercent, string Type, bool Healthy);

/// <summary>The part of a shared device that a pod holds.</summary>
/// <param name="DeviceId">UUID of the device.</param>
/// <param name="MemoryMiB">Its share of the memory.</param>
/// <param name="CorePercent">Its share of the computing power; 0 for no bound.</param>
public sealed record DeviceShare(string DeviceId, string Type, long MemoryMiB, long CorePercent);

/// <summary>Reads the annotations in which HAMi and Volcano register shared devices and note who holds them. Pure; what cannot be read is left out.</summary>
internal static class SharedDevices
{
    /// <summary>
    /// Reads a node's annotation: HAMi's <c>uuid,slots,MiB,cores,type,numa,healthy:…</c> or its JSON array, or Volcano's <c>uuid,slots,MiB,type,healthy,mode:…</c>.
    /// </summary>
    public static IReadOnlyList<SharedDevice> ReadNode(string annotation)
    {
        var text = annotation.Trim();
        return text.StartsWith('[') ? ReadJson(text) : [.. text.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(ReadDevice).OfType<SharedDevice>()];
    }

    /// <summary>Reads a pod's annotation, the same for both: devices of a container end with a colon, containers with a semicolon: <c>uuid,type,MiB,cores:;</c>.</summary>
    public static IReadOnlyList<DeviceShare> ReadPod(string annotation) =>
        [.. annotation.Split([';', ':'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ReadShare).OfType<DeviceShare>()];

    private static SharedDevice? ReadDevice(string text, int index)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length < 5 || !TryNumber(parts[1], out var slots) || !TryNumber(parts[2], out var memory))
        {
            return null;
        }

        // Only HAMi tells the cores.
        if (TryNumber(parts[3], out var cores) && parts.Length >= 7)
        {
            var own = parts.Length >= 9 && TryNumber(parts[7], out var told) ? (int)told : index;
            return new(parts[0], own, slots, memory, cores, parts[4], IsTrue(parts[6]));
        }

        return new(parts[0], index, slots, memory, 100, parts[3], IsTrue(parts[4]));
    }

    private static List<SharedDevice> ReadJson(string text)
    {
        try
        {
            var devices = JsonSerializer.Deserialize(text, SharedDeviceJson.Default.RegisteredDeviceArray) ?? [];
            return [.. devices.Select((device, index) =>
                new SharedDevice(device.Id ?? "", device.Index ?? index, device.Count, device.Memory, device.Cores, device.Type ?? "", device.Healthy)).Where(device => device.Id.Length > 0)];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static DeviceShare? ReadShare(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length < 4 || parts[0].Length == 0 || !TryNumber(parts[2], out var memory) || !TryNumber(parts[3], out var cores))
        {
            return null;
        }

        // A MIG part of a shared device: GPU-…[0-1].
        var part = parts[0].IndexOf('[', StringComparison.Ordinal);
        return new(part > 0 ? parts[0][..part] : parts[0], parts[1], memory, cores);
    }

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static bool IsTrue(string text) => text.Equals("true", StringComparison.OrdinalIgnoreCase);
}

internal sealed record RegisteredDevice
{
    [JsonPropertyName("id")]
    public string? Id { get; init; }

    [JsonPropertyName("index")]
    public int? Index { get; init; }

    [JsonPropertyName("count")]
    public long Count { get; init; }

    [JsonPropertyName("devmem")]
    public long Memory { get; init; }

    [JsonPropertyName("devcore")]
    public long Cores { get; init; }

    [JsonPropertyName("type")]
    public string? Type { get; init; }

    [JsonPropertyName("health")]
    public bool Healthy { get; init; }
}

[JsonSerializable(typeof(RegisteredDevice[]))]
internal sealed partial class SharedDeviceJson : JsonSerializerContext;
