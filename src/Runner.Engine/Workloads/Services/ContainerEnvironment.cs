using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;

namespace Runner.Engine.Workloads.Services;

/// <summary>The variables of a service's container. Pure.</summary>
internal static class ContainerEnvironment
{
    private const string NimRegistry = "nvcr.io/nim/";

    /// <summary>True for images of NVIDIA's inference services, which need a key and a place for what they load.</summary>
    public static bool IsNim(string image) => image.Contains(NimRegistry, StringComparison.Ordinal);

    /// <summary>Variables by name. Later ones replace earlier ones: the request may choose another index, but never an accelerator it did not ask for.</summary>
    public static List<V1EnvVar> Of(IReadOnlyDictionary<string, string>? requested, string image, ServiceOptions options, ResourceRules resources)
    {
        var values = new SortedDictionary<string, V1EnvVar>(StringComparer.Ordinal);
        if (options.PyPiIndexUrl.Length > 0)
        {
            Set(values, "PIP_INDEX_URL", options.PyPiIndexUrl);
        }

        foreach (var (name, value) in requested ?? new Dictionary<string, string>())
        {
            Set(values, name, value ?? "");
        }

        return Complete(values, image, options, resources);
    }

    /// <summary>The variables a container has already, made right for another image or other accelerators.</summary>
    public static List<V1EnvVar> Of(IEnumerable<V1EnvVar>? existing, string image, ServiceOptions options, ResourceRules resources)
    {
        var values = new SortedDictionary<string, V1EnvVar>(StringComparer.Ordinal);
        foreach (var variable in existing ?? [])
        {
            if (!ResourceRules.Hides(variable.Name, variable.Value))
            {
                values[variable.Name] = variable;
            }
        }

        return Complete(values, image, options, resources);
    }

    private static List<V1EnvVar> Complete(SortedDictionary<string, V1EnvVar> values, string image, ServiceOptions options, ResourceRules resources)
    {
        foreach (var (name, value) in resources.HiddenAccelerators)
        {
            Set(values, name, value);
        }

        if (IsNim(image))
        {
            // By reference, so that the key itself is in no manifest.
            values["NGC_API_KEY"] = new() { Name = "NGC_API_KEY", ValueFrom = new() { SecretKeyRef = new() { Name = options.NimKeySecret, Key = "NGC_API_KEY" } } };
            Set(values, "NIM_CACHE_PATH", "/workspace");
        }

        return [.. values.Values];
    }

    private static void Set(SortedDictionary<string, V1EnvVar> values, string name, string value) => values[name] = new V1EnvVar { Name = name, Value = value };
}
