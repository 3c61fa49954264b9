using System.Globalization;
using System.Text.RegularExpressions;
using Runner.Engine.Configuration;

namespace Runner.Engine.Capacity;

/// <summary>Which accelerator a node has.</summary>
/// <param name="Vendor">Such as <c>NVIDIA</c>; empty when unknown.</param>
/// <param name="Model">Such as <c>A100-SXM4-80GB</c>, without the vendor; empty when the node does not name it.</param>
/// <param name="Resource">Resource that counts it: <c>nvidia.com/gpu</c>.</param>
/// <param name="TypeLabel">Label that names the model.</param>
/// <param name="Type">The value of that label, unchanged; empty when the node does not have it.</param>
/// <param name="Memory">Memory of one, such as <c>80 GiB</c>; empty when the node does not tell.</param>
public sealed record Accelerator(string Vendor, string Model, string Resource, string TypeLabel, string Type, string Memory);

/// <summary>Recognises accelerators by the labels of nodes. Pure.</summary>
internal static partial class AcceleratorLabels
{
    private const string Nvidia = "nvidia.com/gpu";
    private const string Ascend = "huawei.com/Ascend910";

    /// <summary>In the order in which they are tried.</summary>
    private static readonly Rule[] Known =
    [
        new("aliyun.accelerator/nvidia_name", Nvidia, ["aliyun.accelerator/nvidia_mem"]),
        new("machine.cluster.vke.volcengine.com/gpu-name", Nvidia, ["machine.cluster.vke.volcengine.com/gpu-mem"]),
        new("eks.tke.cloud.tencent.com/gpu-type", Nvidia, ["eks.tke.cloud.tencent.com/gpu-mem"]),
        new("nvidia.com/nvidia_name", Nvidia, ["nvidia.com/nvidia_mem", "nvidia.com/gpu.memory"]),
        new("nvidia.com/gpu.product", Nvidia, ["nvidia.com/gpu.mem", "nvidia.com/gpu.memory"]),
        new("kubemore_xpu_type", Ascend, ["kubemore_xpu_mem"]),
        new("huawei.accelerator", Ascend, ["huawei.accelerator.mem"]),
        new("accelerator/huawei-npu", Ascend, ["accelerator/huawei-npu.mem"]),
        new("hygon.com/dcu.name", "hygon.com/dcu", ["hygon.com/dcu.mem", "hygon.com/dcu.memory"]),
        new("enflame.com/gcu", "enflame.com/gcu", ["enflame.com/gcu.mem", "enflame.com/gcu.memory"]) { TypeLabel = "enflame.com/gcu.model" },
        new("enflame.com/gcu.count", "enflame.com/gcu.count", ["enflame.com/gcu.mem", "enflame.com/gcu.memory"]) { TypeLabel = "enflame.com/gcu.model" },
        new("amd.com/gpu", "amd.com/gpu", ["amd.com/gpu.vram"]) { TypeLabel = "amd.com/gpu.product-name" },
        new("chipltech.com/tpu.product", "chipltech.com/dlc-lyp", ["chipltech.com/tpu.mem"]),
    ];

    /// <summary>The accelerator that the labels tell of, or null.</summary>
    /// <param name="configured">Tried before the known labels, in order.</param>
    public static Accelerator? Find(IDictionary<string, string>? labels, IReadOnlyList<AcceleratorLabel> configured)
    {
        if (labels is null || labels.Count == 0)
        {
            return null;
        }

        var own = configured.Select(label => new Rule(label.TypeLabel, label.CapacityLabel, label.MemoryLabel.Length > 0 ? [label.MemoryLabel] : []));
        if (own.Concat(Known).FirstOrDefault(rule => labels.ContainsKey(rule.PresentLabel)) is not { } rule)
        {
            return null;
        }

        var type = labels.TryGetValue(rule.TypeLabel, out var named) ? named ?? "" : "";
        var (vendor, model) = Split(type, rule.Resource);
        var memory = rule.MemoryLabels.Select(label => labels.TryGetValue(label, out var size) ? ReadMemory(size ?? "") : null).FirstOrDefault(size => size is not null);
        return new(vendor, model, rule.Resource, rule.TypeLabel, type, memory is { } bytes ? FormatMemory(bytes) : "");
    }

    /// <summary><c>NVIDIA-A100-SXM4-80GB</c> is vendor and model; without a dash the vendor is the resource's domain before its first dot.</summary>
    public static (string Vendor, string Model) Split(string type, string resource)
    {
        var dash = type.IndexOf('-', StringComparison.Ordinal);
        if (dash >= 0)
        {
            return (type[..dash], type[(dash + 1)..]);
        }

        var dot = resource.IndexOf('.', StringComparison.Ordinal);
        return (dot >= 0 ? resource[..dot] : resource, type);
    }

    /// <summary>Bytes of a label such as <c>81920</c> (MiB, as the vendors' own labels mean it), <c>80GB</c>, <c>192G</c> or <c>64Gi</c>; null when it is none.</summary>
    public static decimal? ReadMemory(string text)
    {
        var match = MemoryPattern().Match(text.Trim());
        if (!match.Success || !decimal.TryParse(match.Groups["number"].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        var unit = match.Groups["unit"].Value.ToUpperInvariant();
        if (unit.Length == 0)
        {
            return number * 1024 * 1024;
        }

        var power = "KMGT".IndexOf(unit[0], StringComparison.Ordinal) + 1;
        decimal step = unit.Length > 1 && unit[1] == 'I' ? 1024 : 1000;
        for (; power > 0; power--)
        {
            number *= step;
        }

        return number;
    }

    private static string FormatMemory(decimal bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var unit = 0;
        for (; bytes >= 1024 && unit < units.Length - 1; unit++)
        {
            bytes /= 1024;
        }

        return $"{bytes.ToString(bytes < 10 && unit > 0 ? "0.0" : "0", CultureInfo.InvariantCulture)} {units[unit]}";
    }

    [GeneratedRegex(@"^(?<number>[0-9]{1,12}(\.[0-9]{1,6})?) ?(?<unit>[KMGT]i?B?|)\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex MemoryPattern();

    /// <param name="PresentLabel">A node with this label has the accelerator.</param>
    private sealed record Rule(string PresentLabel, string Resource, string[] MemoryLabels)
    {
        public string TypeLabel { get; init; } = PresentLabel;
    }
}
