using System.Globalization;
using System.Text.RegularExpressions;
using k8s.Models;

namespace Runner.Engine.Capacity.Fit;

/// <summary>What somebody would like to run, in the words of a person: all parts may be empty.</summary>
public sealed partial record FitRequest
{
    /// <summary>Most replicas that are looked for.</summary>
    public const int MaxReplicas = 10_000;

    /// <summary>Part of an accelerator's model (<c>A100</c>), or a resource (<c>nvidia.com/mig-1g.10gb</c>).</summary>
    public string Device { get; init; } = "";

    /// <summary>How many of them each replica wants.</summary>
    public int Count { get; init; }

    /// <summary>Cores, as a quantity: <c>64</c>, <c>500m</c>.</summary>
    public string Cpu { get; init; } = "";

    /// <summary>As a quantity: <c>256Gi</c>.</summary>
    public string Memory { get; init; } = "";

    /// <summary>Labels that the node must have, as <c>key=value</c>, separated by commas.</summary>
    public string Labels { get; init; } = "";

    /// <summary>Taints that are borne, as <c>key</c>, <c>key=value</c> or <c>key=value:Effect</c>, separated by commas; <c>*</c> for all.</summary>
    public string Tolerations { get; init; } = "";

    /// <summary>How many such pods; 1 to <see cref="MaxReplicas"/>.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>True when nothing is asked for.</summary>
    public bool IsEmpty => Count == 0 && Cpu.Length == 0 && Memory.Length == 0 && Labels.Length == 0 && Tolerations.Length == 0;

    /// <summary>Parts that are no amount, label or taint, unchanged; empty when all can be understood.</summary>
    public IReadOnlyList<string> Problems =>
    [
        .. new[] { Cpu, Memory }.Where(amount => amount.Length > 0 && !Quantity().IsMatch(amount)),
        .. Parts(Labels).Where(label => !Label().IsMatch(label)),
        .. Parts(Tolerations).Where(taint => !Taint().IsMatch(taint)),
    ];

    /// <summary>
    /// Reads what is typed in one line: <c>4 × A100, 64 CPU, 256Gi, topology.kubernetes.io/zone=zone-a, tolerate npu, 2 replicas</c>. The order does not matter.
    /// </summary>
    /// <param name="unread">Parts that say nothing, unchanged.</param>
    public static FitRequest Parse(string text, out IReadOnlyList<string> unread)
    {
        var request = new FitRequest();
        var strange = new List<string>();
        foreach (var part in text.Split([',', ';', '，', '；', '、', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Read(request, part) is { } read)
            {
                request = read;
            }
            else
            {
                strange.Add(part);
            }
        }

        unread = strange;
        return request;
    }

    /// <summary>The request in one line, as <see cref="Parse"/> reads it.</summary>
    public override string ToString() => string.Join(", ", new[]
    {
        Count > 0 ? string.Create(CultureInfo.InvariantCulture, $"{Count} × {Device}") : "",
        Cpu.Length > 0 ? $"{Cpu} CPU" : "",
        Memory,
        string.Join(", ", Parts(Labels)),
        string.Join(", ", Parts(Tolerations).Select(taint => $"tolerate {taint}")),
        Replicas > 1 ? string.Create(CultureInfo.InvariantCulture, $"{Replicas} replicas") : "",
    }.Where(part => part.Length > 0));

    /// <summary>The pod that is asked for. A model becomes the wish for nodes that have it and the resource that counts it there.</summary>
    /// <param name="nodes">Where the models and their resources are read.</param>
    /// <returns>Null when no node has the model.</returns>
    public V1Pod? ToPod(IReadOnlyCollection<NodeCapacity> nodes)
    {
        var amounts = new Dictionary<string, ResourceQuantity>();
        if (Cpu.Length > 0)
        {
            amounts["cpu"] = new(Cpu);
        }

        if (Memory.Length > 0)
        {
            amounts["memory"] = new(Memory);
        }

        V1Affinity? affinity = null;
        if (Count > 0)
        {
            var accelerators = IsResource ? [] : nodes.Select(node => node.Accelerator).OfType<Accelerator>().Where(Matches).Distinct().ToList();
            if (!IsResource && accelerators.Count == 0)
            {
                return null;
            }

            amounts[IsResource ? Device : accelerators.GroupBy(accelerator => accelerator.Resource).MaxBy(same => same.Count())!.Key] = new(Count.ToString(CultureInfo.InvariantCulture));
            affinity = IsResource ? null : Affinity(accelerators);
        }

        return new()
        {
            Metadata = new() { Name = "asked-for" },
            Spec = new()
            {
                Containers = [new() { Name = "main", Resources = new() { Requests = amounts, Limits = amounts } }],
                NodeSelector = Parts(Labels).Select(label => label.Split('=', 2)).DistinctBy(pair => pair[0]).ToDictionary(pair => pair[0], pair => pair[1]),
                Affinity = affinity,
                Tolerations = [.. Parts(Tolerations).Select(ReadToleration)],
            },
        };
    }

    private bool IsResource => Device.Contains('/', StringComparison.Ordinal);

    private static string[] Parts(string list) => list.Split([',', ';', '，'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static FitRequest? Read(FitRequest request, string part)
    {
        if (Replica().Match(part) is { Success: true } replicas)
        {
            return int.TryParse(replicas.Groups["n"].Value, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= MaxReplicas ? request with { Replicas = number } : null;
        }

        if (Processor().Match(part) is { Success: true } cpu)
        {
            return request with { Cpu = cpu.Groups["n"].Value };
        }

        if (Storage().Match(part) is { Success: true } memory)
        {
            return request with { Memory = memory.Groups["n"].Value + memory.Groups["unit"].Value };
        }

        if (Bearing().Match(part) is { Success: true } taint)
        {
            return request with { Tolerations = Joined(request.Tolerations, taint.Groups["t"].Value) };
        }

        if (Label().IsMatch(part))
        {
            return request with { Labels = Joined(request.Labels, part) };
        }

        return Devices().Match(part) is { Success: true } device && request.Count == 0
            ? request with { Device = device.Groups["d"].Value, Count = device.Groups["n"].Success && int.TryParse(device.Groups["n"].Value, CultureInfo.InvariantCulture, out var count) ? count : 1 }
            : null;
    }

    private static string Joined(string list, string part) => list.Length == 0 ? part : $"{list}, {part}";

    private static V1Toleration ReadToleration(string text)
    {
        if (text == "*")
        {
            return new() { OperatorProperty = "Exists" };
        }

        var colon = text.LastIndexOf(':');
        var (taint, effect) = colon < 0 ? (text, null) : (text[..colon], text[(colon + 1)..]);
        var pair = taint.Split('=', 2);
        return new() { Key = pair[0], OperatorProperty = pair.Length > 1 ? "Equal" : "Exists", Value = pair.Length > 1 ? pair[1] : null, Effect = effect };
    }

    private static V1Affinity Affinity(List<Accelerator> accelerators) => new()
    {
        NodeAffinity = new()
        {
            RequiredDuringSchedulingIgnoredDuringExecution = new()
            {
                NodeSelectorTerms =
                [
                    .. accelerators.GroupBy(accelerator => accelerator.TypeLabel).Select(same => new V1NodeSelectorTerm
                    {
                        MatchExpressions = [new() { Key = same.Key, OperatorProperty = "In", Values = [.. same.Select(accelerator => accelerator.Type).Distinct()] }],
                    }),
                ],
            },
        },
    };

    // "a100 80gb" finds NVIDIA-A100-SXM4-80GB.
    private bool Matches(Accelerator accelerator) =>
        Device.Split([' ', '-', '_'], StringSplitOptions.RemoveEmptyEntries).All(word => accelerator.Type.Contains(word, StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex(@"^[0-9]{1,12}(\.[0-9]{1,6})?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Quantity();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._/-]{0,316}=[A-Za-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Label();

    [GeneratedRegex(@"^(\*|[A-Za-z0-9][A-Za-z0-9._/-]{0,316}(=[A-Za-z0-9._-]{0,63})?(:(NoSchedule|NoExecute|PreferNoSchedule))?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Taint();

    [GeneratedRegex(@"^((?<n>[0-9]{1,5}) ?(replicas?|pods?|copies|副本|个副本)|(replicas?|副本)[ :=]*(?<n>[0-9]{1,5}))\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Replica();

    [GeneratedRegex(@"^((?<n>[0-9]{1,7}(\.[0-9]{1,3})?m?) ?(v?cpus?|cores?|c|核)|cpu[ :=]*(?<n>[0-9]{1,7}(\.[0-9]{1,3})?m?))\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Processor();

    [GeneratedRegex(@"^((memory|mem|ram|内存)[ :=]*)?(?<n>[0-9]{1,9}(\.[0-9]{1,3})?) ?(?<unit>[KMGTP]i?)B?( ?(memory|mem|ram|内存))?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Storage();

    [GeneratedRegex(@"^(tolerates?|tolerations?|容忍)[ :]*(?<t>\S+)\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Bearing();

    [GeneratedRegex(@"^((?<n>[0-9]{1,6}) ?[x×*✕] ?(?<d>[A-Za-z][A-Za-z0-9 ._/-]{0,120})|(?<d>[A-Za-z][A-Za-z0-9._/-]{0,120}) ?[x×*✕] ?(?<n>[0-9]{1,6})|(?<n>[0-9]{1,6}) (?<d>[A-Za-z][A-Za-z0-9 ._/-]{0,120})|(?<d>[A-Za-z][A-Za-z0-9._/-]{1,120}))\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Devices();
}
