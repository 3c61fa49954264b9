using System.Collections.Concurrent;
using Runner.Engine.Workloads;
using Runner.Web.Live;

namespace Runner.Web.Components.Models.Workloads;

/// <summary>The list of workloads: what is in it, in which order, what is selected. Plain state without a page; used by one circuit at a time.</summary>
public sealed class WorkloadsModel(IConsoleEngine engine, WorkloadTexts texts)
{
    /// <summary>Each row that is drawn by itself is a message to the browser: more of them go with the page, in one.</summary>
    private const int FewRows = 4;

    private readonly Dictionary<WorkloadKey, WorkloadRow> _all = [];
    private readonly HashSet<WorkloadKey> _selected = [];
    private readonly ConcurrentDictionary<WorkloadKey, Action<WorkloadRow>> _drawn = [];
    private readonly WorkloadList _list = new();

    public WorkloadsQuery Query { get; private set; } = new();

    /// <summary>Rows that pass the filter, in order. Always the same list, so that a part of it that comes into view shows the newest, though the page was not drawn for them.</summary>
    public IReadOnlyList<WorkloadRow> Rows => _list.Rows;

    /// <summary>Number of workloads before the filter.</summary>
    public int Total => _all.Count;

    /// <summary>How many rows each group of states holds among those the filter words leave.</summary>
    public IReadOnlyDictionary<WorkloadTone, int> Counts => _list.Counts;

    /// <summary>How many rows each kind holds among those the filter words leave; kinds without any are left out.</summary>
    public IReadOnlyDictionary<WorkloadKind, int> Kinds => _list.Kinds;

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
        _list.Arrange(_all.Values, Query);
    }

    /// <summary>
    /// Takes over what changed. The page is drawn only for what it shows: figures, and rows that come into its part of the list, go from it or change places in it. Rows that change where
    /// they stand, which is most of what happens, are told one by one, the few of them that are drawn; what is out of sight waits in the list.
    /// </summary>
    /// <returns>Whether the page must be drawn.</returns>
    public bool Apply(LiveBatch batch)
    {
        var current = engine.Workloads;
        var redraw = batch.Clusters || Loading;
        if (redraw)
        {
            Clusters = engine.Clusters;
        }

        var changed = new List<WorkloadRow>();
        foreach (var key in batch.Workloads)
        {
            var before = _all.GetValueOrDefault(key);
            if (current.TryGetValue(key, out var workload))
            {
                if (ReferenceEquals(before?.Workload, workload))
                {
                    continue;
                }

                var row = _all[key] = WorkloadRow.Of(workload, texts);
                changed.Add(row);
            }
            else if (before is not null)
            {
                _all.Remove(key);
                _selected.Remove(key);
            }

            var change = _list.Replace(before, _all.GetValueOrDefault(key));
            redraw |= change.Counted || before is null != !_all.ContainsKey(key) || (change.From != change.To && Window() is var (first, last) && change.Moves(first, last));
        }

        return redraw || !Tell(changed);
    }

    /// <summary>Has a drawn row told when it alone changes; until the result is disposed.</summary>
    public IDisposable Watch(WorkloadKey key, Action<WorkloadRow> changed)
    {
        _drawn[key] = changed;
        return new Watching(() => _drawn.TryRemove(KeyValuePair.Create(key, changed)));
    }

    /// <summary>Whether a row of the workload is drawn. Any thread may ask.</summary>
    public bool IsDrawn(WorkloadKey key) => _drawn.ContainsKey(key);

    /// <summary>Filters and orders by another query. The same one once more costs nothing: the address reports what was chosen here a moment ago.</summary>
    public void Show(WorkloadsQuery query)
    {
        if (query != Query)
        {
            Query = query;
            _list.Arrange(_all.Values, query);
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

    /// <summary>Places of the first and the last row that is drawn; the last lies before the first where none is.</summary>
    private (int First, int Last) Window()
    {
        var (first, last) = (int.MaxValue, -1);
        foreach (var key in _drawn.Keys)
        {
            if (_all.TryGetValue(key, out var row) && _list.Find(row) is >= 0 and var place)
            {
                (first, last) = (Math.Min(first, place), Math.Max(last, place));
            }
        }

        return (first, last);
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

    private sealed class Watching(Action forget) : IDisposable
    {
        public void Dispose() => forget();
    }
}
