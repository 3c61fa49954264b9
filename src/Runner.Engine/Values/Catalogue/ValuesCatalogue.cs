namespace Runner.Engine.Values;

/// <summary>What a key of a values file is to a chart.</summary>
/// <param name="Definition">The value; null where the key is not known.</param>
/// <param name="Key">The key of it that was written, with its charts; null for a mistake.</param>
public sealed record KnownKey(ValueDefinition Definition, ValueKey? Key);

/// <summary>Every value of the runner's charts, read once from the data beside this file. Thread-safe.</summary>
public sealed class ValuesCatalogue
{
    private readonly Dictionary<KeyPath, KnownKey> _keys = [];
    private readonly Dictionary<KeyPath, int> _ranks = [];
    private readonly HashSet<string> _subcharts;

    private ValuesCatalogue(IReadOnlyList<ValueDefinition> values)
    {
        Values = values;
        _subcharts = [.. values.Where(value => value.Subchart.Length > 0).Select(value => value.Subchart), "ingress-nginx", "common"];
        foreach (var value in values)
        {
            foreach (var key in value.Keys)
            {
                _keys.Add(key.Path, new(value, key));
                Rank(key.Path);
            }
        }

        foreach (var value in values)
        {
            foreach (var mistake in value.Mistakes)
            {
                _keys.Add(mistake, new(value, null));
            }
        }

        Sections = [.. values.Select(value => value.Section).Distinct()];
    }

    /// <summary>The catalogue.</summary>
    public static ValuesCatalogue Instance { get; } = new(CatalogueFile.Read());

    /// <summary>All values, in the order of the chart's own file.</summary>
    public IReadOnlyList<ValueDefinition> Values { get; }

    /// <summary>The sections of the values, in their order.</summary>
    public IReadOnlyList<string> Sections { get; }

    /// <summary>The values that a chart reads.</summary>
    public IEnumerable<ValueDefinition> In(ChartVersion chart) => Values.Where(value => value.KeyIn(chart) is not null);

    /// <summary>What a key is: the one that is known, or that of which it is a part (<c>resources.limits.cpu</c> is of <c>resources</c>); null where it is not known.</summary>
    public KnownKey? Find(KeyPath path)
    {
        for (var at = path; !at.IsRoot; at = at.Parent)
        {
            if (_keys.TryGetValue(at, out var known))
            {
                return at.Equals(path) || known.Definition.Kinds[0].Value is ValueKind.List or ValueKind.Map or ValueKind.Object or ValueKind.Objects ? known : null;
            }
        }

        return null;
    }

    /// <summary>True where known keys are below the path: it is a group and no value.</summary>
    public bool IsGroup(KeyPath path) => !_keys.ContainsKey(path) && _ranks.ContainsKey(path);

    /// <summary>True where the key belongs to a chart of another project that the runner's chart brings along.</summary>
    public bool IsOfSubchart(KeyPath path) => path.Steps.Count > 0 && _subcharts.Contains(path.Steps[0].Key);

    /// <summary>The rank of a key among its neighbours, for its place when it is added.</summary>
    public int Order(KeyPath path) => _ranks.TryGetValue(path, out var rank) ? rank : int.MaxValue;

    /// <summary>The known keys that are nearest to one that is not known, the nearest first; at most three.</summary>
    public IReadOnlyList<KeyPath> Suggest(KeyPath path, ChartVersion chart)
    {
        if (path.Steps.Any(step => step.IsIndex))
        {
            return [];
        }

        var written = path.ToString();
        var ranked = In(chart).Select(value => value.KeyIn(chart)!).Select(key => (Key: key, Distance: Distance(written, path.Last.Key, key))).Where(candidate => candidate.Distance <= 3);
        return [.. ranked.OrderBy(candidate => candidate.Distance).ThenBy(candidate => candidate.Key.ToString(), StringComparer.Ordinal).Select(candidate => candidate.Key).Take(3)];
    }

    private static int Distance(string written, string last, KeyPath key)
    {
        var whole = EditDistance.Of(written.ToLowerInvariant(), key.ToString().ToLowerInvariant());
        // The same word in another group is as good as a slip of the finger; short words are alike by chance.
        var word = last.Length < 4 ? int.MaxValue : EditDistance.Of(last.ToLowerInvariant(), key.Last.Key.ToLowerInvariant()) + 1;
        return Math.Min(whole, word <= Math.Max(1, last.Length / 4) + 1 ? word : int.MaxValue);
    }

    private void Rank(KeyPath path)
    {
        for (var at = path; !at.IsRoot; at = at.Parent)
        {
            _ranks.TryAdd(at, _ranks.Count);
        }
    }
}
