using Runner.Engine.Workloads;

namespace Runner.Web.Components.Models.Workloads;

/// <summary>What one change did to a <see cref="WorkloadList"/>.</summary>
/// <param name="Counted">Whether there are more or fewer rows than before, of all, of a state or of a kind: what is counted is on the screen.</param>
/// <param name="From">Place of the row before; negative where it was not in the list.</param>
/// <param name="To">Place of the row since; negative where it is not in the list.</param>
internal readonly record struct ListChange(bool Counted, int From, int To)
{
    /// <summary>Whether a part of the list looks otherwise than before, apart from a row that changed where it stands. Pure.</summary>
    /// <param name="first">Place of the first row of the part that is on the screen, after the change: what moves beyond the part leaves it where it is.</param>
    /// <param name="last">Place of the last row of it; before <paramref name="first"/> where it has none.</param>
    public bool Moves(int first, int last) => From != To && Math.Min(From, To) <= last && Math.Max(From, To) >= first && first <= last;
}

/// <summary>
/// The rows that pass a filter, in order, and how many there are of each sort. Takes changes one at a time, at the cost of finding a place, and says what each did.
/// Plain state; used by one circuit at a time.
/// </summary>
internal sealed class WorkloadList
{
    private readonly List<WorkloadRow> _rows = [];
    private readonly Dictionary<WorkloadTone, int> _counts = Enum.GetValues<WorkloadTone>().ToDictionary(tone => tone, _ => 0);
    private readonly SortedDictionary<WorkloadKind, int> _kinds = [];
    private WorkloadsQuery _query = new();
    private string[] _words = [];
    private Comparer<WorkloadRow> _order = Comparer<WorkloadRow>.Default;

    /// <summary>Always the same list: whoever draws a part of it later finds the newest rows there.</summary>
    public List<WorkloadRow> Rows => _rows;

    /// <summary>How many rows each group of states holds among those the filter words leave.</summary>
    public IReadOnlyDictionary<WorkloadTone, int> Counts => _counts;

    /// <summary>How many rows each kind holds among those the filter words leave; kinds without any are left out.</summary>
    public IReadOnlyDictionary<WorkloadKind, int> Kinds => _kinds;

    /// <summary>Filters, orders and counts anew.</summary>
    public void Arrange(IEnumerable<WorkloadRow> all, WorkloadsQuery query)
    {
        (_query, _words, _order) = (query, query.Filter.Split(' ', StringSplitOptions.RemoveEmptyEntries), Order(query));
        _rows.Clear();
        _kinds.Clear();
        foreach (var tone in _counts.Keys)
        {
            _counts[tone] = 0;
        }

        foreach (var row in all)
        {
            if (Count(row, 1))
            {
                _rows.Add(row);
            }
        }

        _rows.Sort(_order);
    }

    /// <summary>Takes what became of a row.</summary>
    /// <param name="before">As it was; null where it is new.</param>
    /// <param name="after">As it is; null where it is gone.</param>
    public ListChange Replace(WorkloadRow? before, WorkloadRow? after)
    {
        var from = before is not null && IsIn(before) ? Find(before) : -1;
        var stays = after is not null && IsIn(after);
        var counted = Weight(before) != Weight(after);
        if (counted)
        {
            _ = before is not null && Count(before, -1);
            _ = after is not null && Count(after, 1);
        }

        if (from >= 0 && stays && IsInOrder(from, after!))
        {
            _rows[from] = after!;
            return new(counted, from, from);
        }

        if (from >= 0)
        {
            _rows.RemoveAt(from);
        }

        var to = -1;
        if (stays)
        {
            to = ~_rows.BinarySearch(after!, _order);
            _rows.Insert(to, after!);
        }

        return new(counted, from, to);
    }

    /// <summary>Place of a row that is in the list; negative where it is not.</summary>
    public int Find(WorkloadRow row) => _rows.BinarySearch(row, _order);

    /// <summary>What a row counts for.</summary>
    private (WorkloadKind Kind, WorkloadTone Tone)? Weight(WorkloadRow? row) => row is not null && row.Matches(_words) ? (row.Key.Kind, row.State.Tone) : null;

    /// <summary>Adds a row to what is counted, or takes it away.</summary>
    /// <returns>Whether it is one of the list.</returns>
    private bool Count(WorkloadRow row, int sign)
    {
        if (!row.Matches(_words))
        {
            return false;
        }

        var ofKind = _kinds.GetValueOrDefault(row.Key.Kind) + sign;
        if (ofKind == 0)
        {
            _kinds.Remove(row.Key.Kind);
        }
        else
        {
            _kinds[row.Key.Kind] = ofKind;
        }

        if (!IsOfChosenKind(row))
        {
            return false;
        }

        _counts[row.State.Tone] += sign;
        return IsOfChosenTone(row);
    }

    private bool IsIn(WorkloadRow row) => row.Matches(_words) && IsOfChosenKind(row) && IsOfChosenTone(row);

    private bool IsOfChosenKind(WorkloadRow row) => _query.Kinds.IsEmpty || _query.Kinds.Contains(row.Key.Kind);

    private bool IsOfChosenTone(WorkloadRow row) => _query.Tones.IsEmpty || _query.Tones.Contains(row.State.Tone);

    /// <summary>Whether a row may stand at a place, between its present neighbours.</summary>
    private bool IsInOrder(int place, WorkloadRow row) =>
        (place == 0 || _order.Compare(_rows[place - 1], row) <= 0) && (place == _rows.Count - 1 || _order.Compare(row, _rows[place + 1]) <= 0);

    /// <summary>The order of a query; no two rows are alike in it.</summary>
    private static Comparer<WorkloadRow> Order(WorkloadsQuery query)
    {
        var compare = WorkloadColumns.Table.Order(query);
        return Comparer<WorkloadRow>.Create((a, b) => compare(a, b) is var order and not 0 ? order : Compare(a.Key, b.Key));
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
