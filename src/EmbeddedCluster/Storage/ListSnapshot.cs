using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Storage;

/// <summary>The objects of one resource at one resource version, ordered by namespace and name. It never changes.</summary>
internal readonly record struct ListSnapshot(ImmutableSortedSet<StoredObject> Objects, long ResourceVersion)
{
    private static readonly JsonObject Nothing = [];

    /// <summary>Objects of a namespace, or all; from <paramref name="start"/> on when given.</summary>
    /// <param name="start">First possible <see cref="StoredObject.Path"/>.</param>
    public IEnumerable<StoredObject> Range(string? @namespace, string? start = null)
    {
        var prefix = @namespace is null ? "" : @namespace + "/";
        var first = start ?? prefix;
        var index = first.Length == 0 ? 0 : Objects.IndexOf(new StoredObject(new ObjectKey("", "", "", first), Nothing, 0));
        for (var i = index < 0 ? ~index : index; i < Objects.Count; i++)
        {
            var item = Objects[i];
            if (!item.Path.StartsWith(prefix, StringComparison.Ordinal))
            {
                yield break;
            }

            yield return item;
        }
    }
}
