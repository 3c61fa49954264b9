using System.Text.Json.Serialization;

namespace Runner.Engine.Workloads.Containers;

// Setters, not init: generated readers pass init-only properties through a constructor, where a field that was not sent loses its default.

/// <summary>What an instance asks for. Quantities are Kubernetes quantities as texts; empty means none.</summary>
public sealed record HardwareRequest
{
    [JsonPropertyName("gpu")]
    public ProcessorRequest? Gpu { get; set; }

    [JsonPropertyName("npu")]
    public ProcessorRequest? Npu { get; set; }

    [JsonPropertyName("gcu")]
    public ProcessorRequest? Gcu { get; set; }

    [JsonPropertyName("mlu")]
    public ProcessorRequest? Mlu { get; set; }

    [JsonPropertyName("dcu")]
    public ProcessorRequest? Dcu { get; set; }

    [JsonPropertyName("gpgpu")]
    public ProcessorRequest? Gpgpu { get; set; }

    [JsonPropertyName("tpu")]
    public ProcessorRequest? Tpu { get; set; }

    [JsonPropertyName("cpu")]
    public ProcessorRequest? Cpu { get; set; }

    [JsonPropertyName("memory")]
    public string Memory { get; set; } = "";

    [JsonPropertyName("ephemeral_storage")]
    public string EphemeralStorage { get; set; } = "";

    /// <summary>Hosts an instance spans; more than 1 is multi-host.</summary>
    [JsonPropertyName("replicas")]
    public int Replicas { get; set; }
}

/// <summary>One kind of processor.</summary>
public sealed record ProcessorRequest
{
    [JsonPropertyName("type")]
    public string Type { get; set; } = "";

    [JsonPropertyName("num")]
    public string Num { get; set; } = "";

    /// <summary>Kubernetes resource such as <c>nvidia.com/gpu</c>; not used for the CPU.</summary>
    [JsonPropertyName("resource_name")]
    public string ResourceName { get; set; } = "";

    /// <summary>Labels a node must have.</summary>
    [JsonPropertyName("labels")]
    public Dictionary<string, string>? Labels { get; set; }

    [JsonPropertyName("resource_mem_name")]
    public string ResourceMemName { get; set; } = "";

    [JsonPropertyName("mem_size")]
    public string MemSize { get; set; } = "";
}
