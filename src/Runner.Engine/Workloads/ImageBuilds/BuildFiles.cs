using System.Collections.Immutable;
using k8s.Models;

namespace Runner.Engine.Workloads.ImageBuilds;

/// <summary>The scripts and Dockerfiles that builds use: resources of this program, carried to the pods by ConfigMaps. Pure.</summary>
internal static class BuildFiles
{
    /// <summary>ConfigMap with the scripts that make a build context and start what was built.</summary>
    public const string ScriptsConfigMap = "csghub-imagebuilder-scripts";

    /// <summary>ConfigMap with the Dockerfiles and the configuration of nginx.</summary>
    public const string DockerfilesConfigMap = "csghub-imagebuilder-dockerfiles";

    /// <summary>Where both are mounted, as one folder.</summary>
    public const string Folder = "/builder/config";

    /// <summary>The script that makes the build context.</summary>
    public const string PrepareScript = "prepare.sh";

    /// <summary>Label of these ConfigMaps, by which they are watched.</summary>
    public const string ComponentLabel = "app.kubernetes.io/component";

    public const string Component = "csghub-imagebuilder";

    private const string ManagedByLabel = "app.kubernetes.io/managed-by";
    private const string Prefix = "ImageBuilds/";

    /// <summary>Contents by file name.</summary>
    public static ImmutableSortedDictionary<string, string> All { get; } = Load();

    /// <summary>The ConfigMaps as they should be.</summary>
    public static IReadOnlyList<V1ConfigMap> ConfigMaps(string @namespace) =>
    [
        ConfigMap(ScriptsConfigMap, @namespace, name => name.EndsWith(".sh", StringComparison.Ordinal)),
        ConfigMap(DockerfilesConfigMap, @namespace, name => !name.EndsWith(".sh", StringComparison.Ordinal)),
    ];

    /// <summary>Whether a ConfigMap holds what it should, label and all.</summary>
    public static bool IsCurrent(V1ConfigMap? found, V1ConfigMap wanted) =>
        found is { Metadata.DeletionTimestamp: null, Data: { } data }
        && data.Count == wanted.Data.Count
        && wanted.Data.All(file => data.TryGetValue(file.Key, out var content) && content == file.Value)
        && wanted.Metadata.Labels.All(label => found.GetLabel(label.Key) == label.Value);

    private static V1ConfigMap ConfigMap(string name, string @namespace, Func<string, bool> includes) => new()
    {
        ApiVersion = "v1",
        Kind = "ConfigMap",
        Metadata = new()
        {
            Name = name,
            NamespaceProperty = @namespace,
            Labels = new Dictionary<string, string> { [ManagedByLabel] = "csghub-runner", [ComponentLabel] = Component },
        },
        Data = All.Where(file => includes(file.Key)).ToDictionary(file => file.Key, file => file.Value),
    };

    private static ImmutableSortedDictionary<string, string> Load()
    {
        var assembly = typeof(BuildFiles).Assembly;
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToImmutableSortedDictionary(
            name => name[Prefix.Length..],
            name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return reader.ReadToEnd();
            },
            StringComparer.Ordinal);
    }
}
