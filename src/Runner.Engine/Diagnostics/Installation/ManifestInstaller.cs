using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Diagnostics.Installation;

/// <summary>How objects that are there already are met.</summary>
public enum InstallMode
{
    /// <summary>They are left as they are.</summary>
    Create,

    /// <summary>What the manifest says is applied to them; what others set stays.</summary>
    Update,

    /// <summary>They become what the manifest says, and nothing else.</summary>
    Replace,
}

/// <summary>What happens to an object, or would.</summary>
public enum InstallOutcome
{
    Running,
    Created,
    Changed,
    Unchanged,

    /// <summary>Known only once the definition or namespace that comes with the bundle is there.</summary>
    Later,
    Refused,
}

/// <summary>One object of an installation as it stands.</summary>
/// <param name="Reason">Why it was refused or left; empty for none.</param>
public sealed record InstallStep(BundleObject Object, InstallOutcome Outcome, LocalText Reason);

/// <summary>Installs bundles of manifests into one cluster, or has the API server say what would happen.</summary>
internal sealed class ManifestInstaller(ClusterConnection cluster, TimeProvider time)
{
    private const string Manager = "csghub-runner";
    private static readonly TimeSpan Establish = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(300);

    private readonly Dictionary<string, IReadOnlyDictionary<string, ServedKind>> _served = [];

    /// <summary>Goes through the objects in order; tells of each before and after. What is refused does not keep the rest from being tried.</summary>
    /// <param name="dryRun">Nothing is stored.</param>
    public async IAsyncEnumerable<InstallStep> RunAsync(IReadOnlyList<BundleObject> objects, InstallMode mode, bool dryRun, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var one in objects)
        {
            yield return new(one, InstallOutcome.Running, LocalText.None);
            yield return await TryAsync(one, objects, mode, dryRun, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<InstallStep> TryAsync(BundleObject one, IReadOnlyList<BundleObject> all, InstallMode mode, bool dryRun, CancellationToken cancellationToken)
    {
        try
        {
            if (await PathAsync(one, cancellationToken).ConfigureAwait(false) is not { } path)
            {
                return dryRun && all.Any(other => Defines(other, one))
                    ? new(one, InstallOutcome.Later, LocalText.None)
                    : new(one, InstallOutcome.Refused, new($"The cluster does not know {one.Kind} of {one.ApiVersion}.", $"集群不认识 {one.ApiVersion} 的 {one.Kind}。"));
            }

            var outcome = await WriteAsync(one, path, mode, dryRun, cancellationToken).ConfigureAwait(false);
            if (!dryRun && one.Kind == "CustomResourceDefinition" && !await IsEstablishedAsync(path, one.Name, cancellationToken).ConfigureAwait(false))
            {
                return new(one, InstallOutcome.Refused, new($"It was stored, but not established within {Establish.TotalSeconds} s.", $"已存储，但在 {Establish.TotalSeconds} 秒内没有建立（Established）。"));
            }

            _served.Clear();
            return new(one, outcome, LocalText.None);
        }
        catch (ApiStatusException refusal) when (dryRun && refusal.Code == 404 && all.Any(other => other.Kind == "Namespace" && other.Name == one.Namespace))
        {
            return new(one, InstallOutcome.Later, LocalText.None);
        }
        catch (ApiStatusException refusal)
        {
            return new(one, InstallOutcome.Refused, LocalText.Verbatim(refusal.Message));
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, cancellationToken))
        {
            return new(one, InstallOutcome.Refused, ClusterProblem.Describe(exception, cluster.Name));
        }
    }

    private async Task<InstallOutcome> WriteAsync(BundleObject one, string path, InstallMode mode, bool dryRun, CancellationToken cancellationToken)
    {
        var query = dryRun ? "?dryRun=All&fieldManager=" + Manager : "?fieldManager=" + Manager;
        var named = $"{path}/{Uri.EscapeDataString(one.Name)}";
        var before = await FindAsync(named, cancellationToken).ConfigureAwait(false);
        if (before is null)
        {
            using var made = await SendAsync(HttpMethod.Post, path + query, "application/json", one.Json, cancellationToken).ConfigureAwait(false);
            return InstallOutcome.Created;
        }

        switch (mode)
        {
            case InstallMode.Create:
                return InstallOutcome.Unchanged;
            case InstallMode.Update:
                using (var after = await SendAsync(HttpMethod.Patch, $"{named}{query}&force=true", "application/apply-patch+yaml", one.Json, cancellationToken).ConfigureAwait(false))
                {
                    return IsSame(before, after) ? InstallOutcome.Unchanged : InstallOutcome.Changed;
                }

            default:
                var wanted = (JsonObject)one.Json.DeepClone();
                wanted["metadata"]!["resourceVersion"] = before["metadata"]?["resourceVersion"]?.DeepClone();
                using (var after = await SendAsync(HttpMethod.Put, named + query, "application/json", wanted, cancellationToken).ConfigureAwait(false))
                {
                    return IsSame(before, after) ? InstallOutcome.Unchanged : InstallOutcome.Changed;
                }
        }
    }

    private static bool IsSame(JsonObject before, JsonDocument after) => JsonNode.DeepEquals(Compared(before), Compared(JsonObject.Create(after.RootElement)!));

    /// <summary>Without what the API server counts up with every write.</summary>
    private static JsonObject Compared(JsonObject one)
    {
        var copy = (JsonObject)one.DeepClone();
        copy.Remove("status");
        if (copy["metadata"] is JsonObject metadata)
        {
            foreach (var name in (ReadOnlySpan<string>)["managedFields", "resourceVersion", "generation"])
            {
                metadata.Remove(name);
            }
        }

        return copy;
    }

    private async Task<JsonObject?> FindAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await RawApi.GetAsync(cluster.Client, path, cancellationToken).ConfigureAwait(false);
            return await JsonNode.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), cancellationToken: cancellationToken).ConfigureAwait(false) as JsonObject;
        }
        catch (ApiStatusException missing) when (missing.Code == 404)
        {
            return null;
        }
    }

    private Task<JsonDocument> SendAsync(HttpMethod method, string path, string type, JsonObject body, CancellationToken cancellationToken) =>
        RawApi.SendAsync(cluster.Client, method, path, type, JsonSerializer.SerializeToUtf8Bytes(body), cancellationToken);

    /// <summary>Waits until objects of a new kind can be made.</summary>
    private async Task<bool> IsEstablishedAsync(string path, string name, CancellationToken cancellationToken)
    {
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < Establish; await Task.Delay(Look, time, cancellationToken).ConfigureAwait(false))
        {
            var definition = await FindAsync($"{path}/{name}", cancellationToken).ConfigureAwait(false);
            if ((definition?["status"]?["conditions"] as JsonArray)?.Any(condition => condition?["type"]?.ToString() == "Established" && condition["status"]?.ToString() == "True") == true)
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>Path of the collection; null where the cluster does not know the kind.</returns>
    private async Task<string?> PathAsync(BundleObject one, CancellationToken cancellationToken)
    {
        var root = one.ApiVersion.Contains('/', StringComparison.Ordinal) ? $"apis/{one.ApiVersion}" : $"api/{one.ApiVersion}";
        if (!_served.TryGetValue(root, out var kinds))
        {
            var resources = (await FindAsync(root, cancellationToken).ConfigureAwait(false))?["resources"] as JsonArray ?? [];
            _served[root] = kinds = resources.OfType<JsonObject>().Where(resource => resource["name"]?.ToString().Contains('/', StringComparison.Ordinal) == false)
                .DistinctBy(resource => resource["kind"]?.ToString()).ToDictionary(resource => resource["kind"]?.ToString() ?? "", resource => new ServedKind(resource["name"]!.ToString(), (bool?)resource["namespaced"] == true));
        }

        return !kinds.TryGetValue(one.Kind, out var kind) ? null
            : kind.Namespaced ? $"{root}/namespaces/{Uri.EscapeDataString(one.Namespace.Length > 0 ? one.Namespace : "default")}/{kind.Plural}" : $"{root}/{kind.Plural}";
    }

    private static bool Defines(BundleObject definition, BundleObject one) =>
        definition.Kind == "CustomResourceDefinition" && definition.Json["spec"]?["names"]?["kind"]?.ToString() == one.Kind
        && one.ApiVersion.StartsWith($"{definition.Json["spec"]?["group"]}/", StringComparison.Ordinal);

    private sealed record ServedKind(string Plural, bool Namespaced);
}

/// <summary>Installs bundles into any of the clusters.</summary>
public sealed class BundleInstallation(ClusterDirectory clusters, TimeProvider time)
{
    /// <summary>Names of the clusters, the default one first.</summary>
    public IReadOnlyList<string> Clusters => [.. clusters.Connections.Select(connection => connection.Name)];

    /// <summary>Goes through the objects in order; tells of each before and after.</summary>
    /// <param name="cluster">Name of the connection.</param>
    /// <param name="dryRun">The API server checks everything and stores nothing.</param>
    /// <exception cref="UnknownClusterException">No connection has that name.</exception>
    public IAsyncEnumerable<InstallStep> RunAsync(string cluster, IReadOnlyList<BundleObject> objects, InstallMode mode, bool dryRun, CancellationToken cancellationToken) =>
        new ManifestInstaller(clusters.Find(cluster) ?? throw new UnknownClusterException($"There is no cluster connection named '{cluster}'."), time).RunAsync(objects, mode, dryRun, cancellationToken);
}
