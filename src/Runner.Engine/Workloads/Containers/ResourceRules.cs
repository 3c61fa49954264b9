using System.Globalization;
using System.Text.RegularExpressions;
using k8s.Models;
using Runner.Engine.Configuration;

namespace Runner.Engine.Workloads.Containers;

/// <summary>What a pod asks for: resources, node labels, and which accelerators it must not see.</summary>
internal sealed partial class ResourceRules
{
    /// <summary>Environment that hides the accelerators of a vendor from a container that did not ask for them.</summary>
    private static readonly (Func<HardwareRequest, ProcessorRequest?>[] Any, string Name, string Value)[] Hidden =
    [
        ([hardware => hardware.Gpu], "NVIDIA_VISIBLE_DEVICES", "none"),
        ([hardware => hardware.Npu], "ASCEND_VISIBLE_DEVICES", "void"),
        ([hardware => hardware.Gcu], "ENFLAME_VISIBLE_DEVICES", "none"),
        ([hardware => hardware.Gcu], "TOPS_VISIBLE_DEVICES", "none"),
        ([hardware => hardware.Dcu, hardware => hardware.Gpu], "ROCR_VISIBLE_DEVICES", "none"),
    ];

    /// <summary>Resource name to quantity; requests and limits alike.</summary>
    public SortedDictionary<string, ResourceQuantity> Quantities { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, string> NodeSelector { get; } = new(StringComparer.Ordinal);

    public List<(string Name, string Value)> HiddenAccelerators { get; } = [];

    /// <summary>True when a kind of accelerator is asked for, whole or in shares.</summary>
    public bool HasAccelerator { get; private set; }

    /// <summary>Accelerators, or shares of some, that one pod asks for.</summary>
    public int Accelerators { get; private set; }

    /// <summary>True when a share of an accelerator is asked for rather than a whole one.</summary>
    public bool HasShare { get; private set; }

    /// <param name="options">Names of the resources that shares are counted by.</param>
    /// <param name="problems">Told what is not valid.</param>
    public static ResourceRules From(HardwareRequest hardware, AcceleratorOptions options, ICollection<string> problems)
    {
        var resources = new ResourceRules();
        resources.Add("cpu", hardware.Cpu?.Num ?? "", "hardware.cpu.num", problems);
        resources.Add("memory", hardware.Memory, "hardware.memory", problems);
        resources.Add("ephemeral-storage", hardware.EphemeralStorage, "hardware.ephemeral_storage", problems);
        foreach (var (field, processor) in ProcessorsOf(hardware))
        {
            if (processor is { Num.Length: > 0, ResourceName.Length: > 0 })
            {
                resources.AddAccelerator(field, processor, options, problems);
            }
        }

        foreach (var processor in ProcessorsOf(hardware).Select(entry => entry.Processor).Append(hardware.Cpu))
        {
            foreach (var (key, value) in processor?.Labels ?? [])
            {
                if (key.Length > 0 && value is { Length: > 0 })
                {
                    resources.NodeSelector[key] = value;
                }
            }
        }

        resources.HiddenAccelerators.AddRange(
            Hidden.Where(entry => !entry.Any.Any(select => IsAskedFor(select(hardware)))).Select(entry => (entry.Name, entry.Value)));
        return resources;
    }

    /// <summary>True for a variable that hides accelerators.</summary>
    public static bool Hides(string name, string? value) => Hidden.Any(entry => entry.Name == name && entry.Value == value);

    /// <summary>Whether a text is a quantity of at most 2^63 - 1, the largest that an API server keeps.</summary>
    public static bool IsQuantity(string text)
    {
        if (!QuantityPattern().IsMatch(text))
        {
            return false;
        }

        try
        {
            return new ResourceQuantity(text).ToDecimal() <= long.MaxValue;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    private static (string Field, ProcessorRequest? Processor)[] ProcessorsOf(HardwareRequest hardware) =>
    [
        ("gpu", hardware.Gpu), ("npu", hardware.Npu), ("gcu", hardware.Gcu), ("mlu", hardware.Mlu), ("dcu", hardware.Dcu),
        ("gpgpu", hardware.Gpgpu), ("tpu", hardware.Tpu),
    ];

    private static bool IsAskedFor(ProcessorRequest? processor) =>
        processor is { Num.Length: > 0, ResourceName.Length: > 0 } && !processor.Num.All(digit => digit == '0');

    private void Add(string resource, string text, string field, ICollection<string> problems)
    {
        if (text.Length == 0)
        {
            return;
        }

        if (IsQuantity(text))
        {
            Quantities[resource] = new ResourceQuantity(text);
        }
        else
        {
            problems.Add($"{field} must be a Kubernetes quantity such as 8, 500m or 16Gi, but is '{Shown(text)}'");
        }
    }

    private void AddAccelerator(string field, ProcessorRequest processor, AcceleratorOptions options, ICollection<string> problems)
    {
        if (!Naming.IsQualifiedName(processor.ResourceName))
        {
            problems.Add($"hardware.{field}.resource_name must be the name of a Kubernetes resource such as nvidia.com/gpu, but is '{Shown(processor.ResourceName)}'");
        }
        else if (processor.Num.Length > 9 || !processor.Num.All(char.IsAsciiDigit))
        {
            problems.Add($"hardware.{field}.num must be a whole number, but is '{Shown(processor.Num)}'");
        }
        else if (IsAskedFor(processor))
        {
            HasAccelerator = true;
            Accelerators += int.Parse(processor.Num, CultureInfo.InvariantCulture);
            Quantities[processor.ResourceName] = new ResourceQuantity(processor.Num);
            AddShare(field, processor, options, problems);
        }
    }

    /// <summary>The memory of a share: the hub sends megabytes, the resource counts the configured multiple of them.</summary>
    private void AddShare(string field, ProcessorRequest processor, AcceleratorOptions options, ICollection<string> problems)
    {
        var isShare = processor.ResourceMemName.Length > 0 || processor.ResourceName == options.VgpuResource;
        HasShare |= isShare;
        if (!isShare || processor.MemSize.Length == 0)
        {
            return;
        }

        var resource = processor.ResourceMemName.Length > 0 ? processor.ResourceMemName : options.VgpuMemoryResource;
        if (!Naming.IsQualifiedName(resource))
        {
            problems.Add($"hardware.{field}.resource_mem_name must be the name of a Kubernetes resource such as nvidia.com/vgpumem, but is '{Shown(resource)}'");
        }
        else if (processor.MemSize.Length > 9 || !processor.MemSize.All(char.IsAsciiDigit))
        {
            problems.Add($"hardware.{field}.mem_size must be a whole number of megabytes, but is '{Shown(processor.MemSize)}'");
        }
        else
        {
            // Rounded up: a share is never smaller than what was asked for.
            var units = (long.Parse(processor.MemSize, CultureInfo.InvariantCulture) + options.VgpuMemoryScalingFactor - 1) / options.VgpuMemoryScalingFactor;
            Quantities[resource] = new ResourceQuantity(units.ToString(CultureInfo.InvariantCulture));
        }
    }

    internal static string Shown(string text) => text.Length <= 64 ? text : text[..64] + "…";

    // A quantity of a request is never negative; beyond 18 digits nothing is meant seriously.
    [GeneratedRegex("^[0-9]{1,18}(\\.[0-9]{0,9})?([KMGTPE]i|[numkMGTPE]|[eE][0-9]{1,2})?\\z|^\\.[0-9]{1,9}([KMGTPE]i|[numkMGTPE]|[eE][0-9]{1,2})?\\z")]
    private static partial Regex QuantityPattern();
}
