using Runner.Engine.Workloads;
using Runner.Web.Live;

namespace Runner.Web.Components.Models;

/// <summary>The list of workloads: what is in it, in which order, what is selected. Plain state without a page; used by one circuit at a time.</summary>
public sealed class WorkloadsModel(IConsoleEngine engine, WorkloadTexts texts)
{
    /// <summary>Each row that is drawn by itself is a message to the browser: more of them go with the page, in one.</summary>
    private const int FewRows = 4;

    private readonly Dictionary<WorkloadKey, WorkloadRow> _all = [];
    private readonly HashSet<WorkloadKey> _selected = [];
    private readonly Dictionary<WorkloadKey, Action<WorkloadRow>> _drawn = [];
    private List<WorkloadRow> _rows = [];
    private string[] _words = [];

    public WorkloadsQuery Query { get; private set; } = new();

    /// <summary>Rows that pass the filter, in order. A new list whenever one comes, goes or moves; else the changed ones take their places in it.</summary>
    public IReadOnlyList<WorkloadRow> Rows => _rows;

    /// <summary>Number of workloads before the filter.</summary>
    public int Total => _all.Count;

    /// <summary>How many rows each group of states holds among those the filter words leave.</summary>
    public IReadOnlyDictionary<WorkloadTone, int> Counts { get; private set; } = new Dictionary<WorkloadTone, int>();

    /// <summary>How many rows each kind holds among those the filter words leave; kinds without any are left out.</summary>
    public IReadOnlyDictionary<WorkloadKind, int> Kinds { get; private set; } = new Dictionary<WorkloadKind, int>();

    /// <summary>Selected workloads that are still there.</summary>
    public IReadOnlyCollection<WorkloadKey> Selected => _selected;

    /// <summary>The selected workloads that an act applies to, by name; the others are left out of it.</summary>
    public IReadOnlyList<WorkloadKey> SelectedFor(WorkloadAction action) =>
        [.. _selected.Where(key => WorkloadActions.Applies(action, key)).OrderBy(key => key.Name, StringComparer.Ordinal)];

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

    /// <summary>
    /// Takes over what changed. Where no row moves, comes, goes or counts otherwise, which is most of the time, the list stays as it is but for the changed rows,
    /// and the few of them that are drawn are told one by one: the page need not be gone through.
    /// </summary>
    /// <returns>Whether the page must be drawn.</returns>
    public bool Apply(LiveBatch batch)
    {
        var current = engine.Workloads;
        var arrange = false;
        var changed = new List<WorkloadRow>();
        foreach (var key in batch.Workloads)
        {
            if (!current.TryGetValue(key, out var workload))
            {
                arrange |= _all.Remove(key);
                _selected.Remove(key);
            }
            else if (!_all.TryGetValue(key, out var before) || !ReferenceEquals(before.Workload, workload))
            {
                var row = _all[key] = WorkloadRow.Of(workload, texts);
                arrange = arrange || before is null || !Replace(before, row);
                changed.Add(row);
            }
        }

        var redraw = arrange || batch.Clusters || Loading;
        if (batch.Clusters || Loading)
        {
            Clusters = engine.Clusters;
        }

        if (arrange)
        {
            Arrange();
        }

        return redraw || !Tell(changed);
    }

    /// <summary>Has a drawn row told when it alone changes; until the result is disposed.</summary>
    public IDisposable Watch(WorkloadKey key, Action<WorkloadRow> changed)
    {
        _drawn[key] = changed;
        return new Watching(() =>
        {
            if (_drawn.TryGetValue(key, out var newest) && newest == changed)
            {
                _drawn.Remove(key);
            }
        });
    }

    /// <summary>Filters and orders by another query. The same one once more costs nothing: the address reports what was chosen here a moment ago.</summary>
    public void Show(WorkloadsQuery query)
    {
        if (query != Query)
        {
            Query = query;
            Arrange();
        }
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

    /// <summary>Takes some out of the selection.</summary>
    public void Unselect(IEnumerable<WorkloadKey> keys) => _selected.ExceptWith(keys);

    private void Arrange()
    {
        _words = Query.Filter.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var rows = new List<WorkloadRow>(_all.Count);
        var counts = Enum.GetValues<WorkloadTone>().ToDictionary(tone => tone, _ => 0);
        var kinds = new SortedDictionary<WorkloadKind, int>();
        foreach (var row in _all.Values)
        {
            if (!row.Matches(_words))
            {
                continue;
            }

            kinds[row.Key.Kind] = kinds.GetValueOrDefault(row.Key.Kind) + 1;
            if (!IsOfChosenKind(row))
            {
                continue;
            }

            counts[row.State.Tone]++;
            if (IsOfChosenTone(row))
            {
                rows.Add(row);
            }
        }

        rows.Sort(Order());
        _rows = rows;
        Counts = counts;
        Kinds = kinds;
    }

    /// <summary>Puts a changed row where the one before it stood.</summary>
    /// <returns>False where that is not all there is to it: it comes, goes, moves or counts otherwise.</returns>
    private bool Replace(WorkloadRow before, WorkloadRow row)
    {
        var matches = row.Matches(_words);
        if (matches != before.Matches(_words) || row.State.Tone != before.State.Tone)
        {
            return false;
        }

        if (!matches || !IsOfChosenKind(row) || !IsOfChosenTone(row))
        {
            // Neither of them is shown.
            return true;
        }

        var order = Order();
        var place = _rows.BinarySearch(before, Comparer<WorkloadRow>.Create(order));
        if (place < 0 || (place > 0 && order(_rows[place - 1], row) > 0) || (place < _rows.Count - 1 && order(row, _rows[place + 1]) > 0))
        {
            return false;
        }

        _rows[place] = row;
        return true;
    }

    /// <returns>False where so many drawn rows changed that the page is to be drawn instead.</returns>
    private bool Tell(List<WorkloadRow> changed)
    {
        changed.RemoveAll(row => !_drawn.ContainsKey(row.Key));
        if (changed.Count > FewRows)
        {
            return false;
        }

        changed.ForEach(row => _drawn[row.Key](row));
        return true;
    }

    private bool IsOfChosenKind(WorkloadRow row) => Query.Kinds.IsEmpty || Query.Kinds.Contains(row.Key.Kind);

    private bool IsOfChosenTone(WorkloadRow row) => Query.Tones.IsEmpty || Query.Tones.Contains(row.State.Tone);

    private Comparison<WorkloadRow> Order()
    {
        var compare = WorkloadColumn.Find(Query.Sort)!.Compare;
        var sign = Query.Descending ? -1 : 1;
        return (a, b) => compare(a, b) is var order and not 0 ? sign * order : Compare(a.Key, b.Key);
    }

    /// <summary>Any order that stays the same. Compared for each pair of rows that are alike otherwise, so it makes no texts.</summary>
    private static int Compare(WorkloadKey a, WorkloadKey b)
    {
        var order = string.CompareOrdinal(a.Cluster, b.Cluster);
        order = order != 0 ? order : a.Kind.CompareTo(b.Kind);
        order = order != 0 ? order : string.CompareOrdinal(a.Namespace, b.Namespace);
        return order != 0 ? order : string.CompareOrdinal(a.Name, b.Name);
    }

    private sealed class Watching(Action forget) : IDisposable
    {
        public void Dispose() => forget();
    }
}
