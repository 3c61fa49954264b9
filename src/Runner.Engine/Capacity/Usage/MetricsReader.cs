using System.Text.Json.Serialization;
using k8s.Models;

namespace Runner.Engine.Capacity.Usage;

/// <summary>Reads <c>PodMetricsList</c> and <c>NodeMetricsList</c> of <c>metrics.k8s.io/v1beta1</c>. Pure; what is no quantity is left out.</summary>
internal static class MetricsReader
{
    public static Dictionary<string, Used> Read(UsageSubject subject, MetricsList list)
    {
        var values = new Dictionary<string, Used>(StringComparer.Ordinal);
        foreach (var item in list.Items ?? [])
        {
            var name = item.Metadata?.Name ?? "";
            if (subject == UsageSubject.Nodes)
            {
                Add(values, name, item.Usage);
                continue;
            }

            foreach (var container in item.Containers ?? [])
            {
                Add(values, UsageList.KeyOf(name, container.Name ?? ""), container.Usage);
            }
        }

        return values;
    }

    private static void Add(Dictionary<string, Used> values, string name, Dictionary<string, string>? usage)
    {
        if (usage is not null && Amount(usage, "cpu") is { } cores && Amount(usage, "memory") is { } bytes)
        {
            values[name] = new(cores, bytes);
        }
    }

    private static decimal? Amount(Dictionary<string, string> usage, string resource)
    {
        try
        {
            return usage.TryGetValue(resource, out var text) ? new ResourceQuantity(text).ToDecimal() : null;
        }
        catch (Exception rubbish) when (rubbish is FormatException or OverflowException or ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>Of both lists what is read.</summary>
internal sealed record MetricsList(IReadOnlyList<MetricsItem>? Items);

internal sealed record MetricsItem(MetricsMetadata? Metadata, Dictionary<string, string>? Usage, IReadOnlyList<MetricsContainer>? Containers);

internal sealed record MetricsMetadata(string? Name);

internal sealed record MetricsContainer(string? Name, Dictionary<string, string>? Usage);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(MetricsList))]
internal sealed partial class MetricsJson : JsonSerializerContext;
