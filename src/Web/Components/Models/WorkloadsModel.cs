using Runner.Engine.Workloads;
using Runner.Web.Live;

namespace Runner.Web.Components.Models;

/// <summary>The list of workloads: what is in it, in which order, what is selected. Plain state without a page; used by one circuit at a time.</summary>
public sealed class WorkloadsModel(IConsoleEngine engine, WorkloadTexts texts)
{
    private readonly Dictionary<WorkloadKey, WorkloadRow> _all = [];
    private readonly HashSet<WorkloadKey> _selected = [];

    public WorkloadsQuery Query { get; private set; } = new();

    /// <summary>Rows that pass the filter, in order. A new list for every change.</summary>
    public IReadOnlyList<WorkloadRow> Rows { get; private set; } = [];

    /// <summary>Number of workloads before the filter.</summary>
    public int Total => _all.Count;

    /// <summary>How many rows each group of states holds among those the filter words leave.</summary>
    public IReadOnlyDictionary<WorkloadTone, int> Counts { get; private set; } = new Dictionary<WorkloadTone, int>();

    /// <summary>How many rows each kind holds among those the filter words leave; kinds without any are left out.</summary>
    public IReadOnlyDictionary<WorkloadKind, int> Kinds { get; private set; } = new Dictionary<WorkloadKind, int>();

    /// <summary>Selected workloads that are still there.</summary>
    public IReadOnlyCollection<WorkloadKey> Selected => _selected;

    public IReadOnlyList<ClusterView> Clusters { get; private set; } = [];

    /// <summary>True while a cluster that may well hold workloads has not been listed yet.</summary>
    public bool Loading => Clusters.Any(cluster => !cluster.Synced && !cluster.IsStale);

    /// <summary>Reads everything anew.</summary>
    public void Load()
    {
        _all.Clear();
        foreach (var workload in engine.Workloads.Values)
        {
            _all[workload.Key] = WorkloadRow.Of(workload, texts);
        }

        Clusters = engine.Clusters;
        Arrange();
    }

    /// <summary>Takes over what changed.</summary>
    /// <returns>False when nothing of it is to be seen here.</returns>
    public bool Apply(LiveBatch batch)
    {
        var current = engine.Workloads;
        foreach (var key in batch.Workloads)
        {
            if (!current.TryGetValue(key, out var workload))
            {
                _all.Remove(key);
                _selected.Remove(key);
            }
            else if (!_all.TryGetValue(key, out var row) || !ReferenceEquals(row.Workload, workload))
            {
                _all[key] = WorkloadRow.Of(workload, texts);
            }
        }

        if (batch.Clusters || Loading)
        {
            Clusters = engine.Clusters;
        }

        if (batch.Workloads.Count > 0)
        {
            Arrange();
        }

        return batch.Workloads.Count > 0 || batch.Clusters;
    }

    public void Show(WorkloadsQuery query)
    {
        Query = query;
        Arrange();
    }

    public bool IsSelected(WorkloadKey key) => _selected.Contains(key);

    public void Toggle(WorkloadKey key)
    {
        if (!_selected.Remove(key))
        {
            _selected.Add(key);
        }
    }

    /// <summary>Selects every row that is shown, or none when all of them are.</summary>
    public void ToggleAll()
    {
        var all = AllSelected;
        _selected.Clear();
        if (!all)
        {
            _selected.UnionWith(Rows.Select(row => row.Key));
        }
    }

    public bool AllSelected => Rows.Count > 0 && Rows.All(row => _selected.Contains(row.Key));

    public void ClearSelection() => _selected.Clear();

    private void Arrange()
    {
        var words = Query.Filter.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var rows = new List<WorkloadRow>(_all.Count);
        var counts = Enum.GetValues<WorkloadTone>().ToDictionary(tone => tone, _ => 0);
        var kinds = new SortedDictionary<WorkloadKind, int>();
        foreach (var row in _all.Values)
        {
            if (!row.Matches(words))
            {
                continue;
            }

            kinds[row.Key.Kind] = kinds.GetValueOrDefault(row.Key.Kind) + 1;
            if (!Query.Kinds.IsEmpty && !Query.Kinds.Contains(row.Key.Kind))
            {
                continue;
            }

            counts[row.State.Tone]++;
            if (Query.Tones.IsEmpty || Query.Tones.Contains(row.State.Tone))
            {
                rows.Add(row);
            }
        }

        var compare = WorkloadColumn.Find(Query.Sort)!.Compare;
        var sign = Query.Descending ? -1 : 1;
        rows.Sort((a, b) => compare(a, b) is var order and not 0 ? sign * order : Compare(a.Key, b.Key));
        Rows = rows;
        Counts = counts;
        Kinds = kinds;
    }

    /// <summary>Any order that stays the same. Compared for each pair of rows that are alike otherwise, so it makes no texts.</summary>
    private static int Compare(WorkloadKey a, WorkloadKey b)
    {
        var order = string.CompareOrdinal(a.Cluster, b.Cluster);
        order = order != 0 ? order : a.Kind.CompareTo(b.Kind);
        order = order != 0 ? order : string.CompareOrdinal(a.Namespace, b.Namespace);
        return order != 0 ? order : string.CompareOrdinal(a.Name, b.Name);
    }
}
