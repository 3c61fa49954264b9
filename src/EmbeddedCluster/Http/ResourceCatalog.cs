using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>
/// The resources the API serves: those of a Kubernetes 1.36 with Knative, Argo Workflows and LeaderWorkerSet (resources.json), and those that
/// CustomResourceDefinitions add. Safe to use from many threads.
/// </summary>
internal sealed class ResourceCatalog
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly ImmutableArray<ResourceType> BuiltIn = Load();

    private ImmutableArray<ResourceType> _types = BuiltIn;

    /// <summary>Everything there is from the start.</summary>
    public static ImmutableArray<ResourceType> Standard => BuiltIn;

    public ImmutableArray<ResourceType> All => _types;

    /// <summary>The resource of a path; null when it is not served.</summary>
    public ResourceType? Find(string group, string version, string plural)
    {
        foreach (var type in _types)
        {
            if (type.Plural == plural && type.Group == group && type.Version == version)
            {
                return type;
            }
        }

        return null;
    }

    /// <summary>The resource of stored objects in its preferred version; null when it is not served.</summary>
    public ResourceType? Find(string group, string plural)
    {
        foreach (var type in _types)
        {
            if (type.Plural == plural && type.Group == group)
            {
                return type;
            }
        }

        return null;
    }

    /// <summary>The resource of a kind as bodies and owner references name it; null when it is not served.</summary>
    public ResourceType? FindKind(string apiVersion, string kind)
    {
        foreach (var type in _types)
        {
            if (type.Kind == kind && type.ApiVersion == apiVersion && type.Verbs.Contains("get"))
            {
                return type;
            }
        }

        return null;
    }

    /// <summary>Serves what a CustomResourceDefinition defines, in place of what it defined before.</summary>
    /// <param name="definition">The CustomResourceDefinition.</param>
    public void Define(JsonObject definition) => Serve([.. CustomResourceDefinitions.Types(definition)]);

    /// <summary>Serves resources in place of those of the same groups and names.</summary>
    public void Serve(ImmutableArray<ResourceType> types)
    {
        ImmutableInterlocked.Update(ref _types, static (all, added) =>
            [.. all.Where(t => !added.Any(a => a.Is(t.Group, t.Plural))), .. added], types);
    }

    /// <summary>Stops serving a resource.</summary>
    public void Remove(string group, string plural) =>
        ImmutableInterlocked.Update(ref _types, static (all, gone) => all.RemoveAll(t => t.Is(gone.group, gone.plural)), (group, plural));

    private static ImmutableArray<ResourceType> Load()
    {
        using var stream = typeof(ResourceCatalog).Assembly.GetManifestResourceStream("resources.json")
            ?? throw new InvalidOperationException("The assembly lacks its list of resources (Http/resources.json).");
        return JsonSerializer.Deserialize<ImmutableArray<ResourceType>>(stream, Json);
    }
}
