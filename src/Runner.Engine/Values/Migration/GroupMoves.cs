namespace Runner.Engine.Values;

/// <summary>Finds maps that go to another place as a whole, so that they keep the way in which they are written.</summary>
internal static class GroupMoves
{
    /// <summary>The maps of a file all of whose keys get the same new place under the names that they have.</summary>
    public static IReadOnlyList<(KeyPath From, KeyPath To)> Find(ValuesDocument document, ChartVersion chart)
    {
        var moves = new List<(KeyPath From, KeyPath To)>();
        Walk(document.Root, KeyPath.Root);
        return moves;

        void Walk(YamlNode? node, KeyPath path)
        {
            foreach (var entry in node?.Entries ?? [])
            {
                var child = path.Child(entry.Key);
                if (entry.Value is { Kind: YamlKind.Map, Entries.Count: > 0 } && ValuesCatalogue.Instance.IsGroup(child))
                {
                    if (Target(entry.Value, child, chart) is { } to && !to.Equals(child) && document.Find(to) is null)
                    {
                        moves.Add((child, to));
                    }
                    else
                    {
                        Walk(entry.Value, child);
                    }
                }
            }
        }
    }

    private static KeyPath? Target(YamlNode map, KeyPath path, ChartVersion chart)
    {
        KeyPath? common = null;
        foreach (var entry in map.Entries)
        {
            var key = path.Child(entry.Key);
            var to = ValuesCatalogue.Instance.Find(key) is { Key: not null } known && known.Key.Path.Equals(key) ? known.Key.Inert ? key : known.Definition.KeyIn(chart)
                : ValuesCatalogue.Instance.IsGroup(key) ? Target(entry.Value, key, chart) : null;
            if (to is null || to.Last.Key != entry.Key || (common is not null && !common.Equals(to.Parent)))
            {
                return null;
            }

            common = to.Parent;
        }

        return common is { IsRoot: false } ? common : null;
    }
}
