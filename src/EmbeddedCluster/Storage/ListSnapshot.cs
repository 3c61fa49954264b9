using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Storage;

/// <summary>The objects of one resource at one resource version, ordered by namespace and name. It never changes.</summary>
internal readonly record struct ListSnapshot(ImmutableSortedSet<StoredObject> Objects, long ResourceVersion)
{
    private static readonly JsonObject Nothing = [];

    /// <summary>How many objects <see cref="Range"/> would give, without looking at each.</summary>
    public int Count(string? @namespace, string start) => IndexOf(@namespace is null ? null : @namespace + "0") - IndexOf(start);

    // Where a path is or would be; the end for none. '0' comes right after '/', so a namespace ends where its name with a '0' would begin.
    private int IndexOf(string? path)
    {
        var index = path is null ? Objects.Count : Objects.IndexOf(new StoredObject(new ObjectKey("", "", "", path), Nothing, 0));
        return index < 0 ? ~index : index;
    }

    /// <summary>Objects of a namespace, or all; from <paramref name="start"/> on when given.</summary>
    /// <param name="start">First possible <see cref="StoredObject.Path"/>.</param>
    public IEnumerable<StoredObject> Range(string? @namespace, string? start = null)
    {
        var prefix = @namespace is null ? "" : @namespace + "/";
        var first = start ?? prefix;
        for (var i = first.Length == 0 ? 0 : IndexOf(first); i < Objects.Count; i++)
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
