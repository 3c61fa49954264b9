using System.Collections.Immutable;
using System.Web;
using Runner.Engine.Workloads;

namespace Runner.Web.Components.Models;

/// <summary>What of the workloads is shown and how, exactly as it stands in the URL, so that a view can be bookmarked and sent.</summary>
public sealed record WorkloadsQuery
{
    public const string DefaultSort = "name";

    /// <summary>Words that all have to occur in a row; empty for every row.</summary>
    public string Filter { get; init; } = "";

    /// <summary>Groups of states to show; empty for all.</summary>
    public ImmutableSortedSet<WorkloadTone> Tones { get; init; } = [];

    /// <summary>Kinds of workload to show; empty for all.</summary>
    public ImmutableSortedSet<WorkloadKind> Kinds { get; init; } = [];

    /// <summary>Id of the column that orders the rows.</summary>
    public string Sort { get; init; } = DefaultSort;

    public bool Descending { get; init; }

    /// <summary>Ids of the columns shown, in table order.</summary>
    public ImmutableList<string> Columns { get; init; } = Standard;

    /// <summary>Id of the open part of the details.</summary>
    public string Section { get; init; } = "";

    private static ImmutableList<string> Standard { get; } = [.. WorkloadColumn.All.Where(column => column.Shown).Select(column => column.Id)];

    /// <summary>Reads the query part of a URL; what it does not know it leaves out.</summary>
    public static WorkloadsQuery Parse(string query)
    {
        var values = HttpUtility.ParseQueryString(query);
        var sort = values["sort"] ?? DefaultSort;
        var sorted = WorkloadColumn.Find(sort.TrimStart('-'));
        var columns = Ids(values["columns"]).Where(id => WorkloadColumn.Find(id) is not null).ToHashSet();
        return new WorkloadsQuery
        {
            Filter = values["filter"] ?? "",
            Tones = [.. Known<WorkloadTone>(values["state"])],
            Kinds = [.. Known<WorkloadKind>(values["kind"])],
            Sort = sorted?.Id ?? DefaultSort,
            Descending = sorted is not null && sort.StartsWith('-'),
            Columns = columns.Count == 0 ? Standard : InOrder(columns),
            Section = values["section"] ?? "",
        };
    }

    /// <summary>The query with its question mark; empty for the standard view.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        void Add(string name, string value)
        {
            if (value.Length > 0)
            {
                parts.Add($"{name}={Uri.EscapeDataString(value).Replace("%2C", ",", StringComparison.Ordinal)}");
            }
        }

        Add("filter", Filter);
        Add("state", string.Join(',', Tones).ToLowerInvariant());
        Add("kind", string.Join(',', Kinds).ToLowerInvariant());
        Add("sort", Sort == DefaultSort && !Descending ? "" : (Descending ? "-" : "") + Sort);
        Add("columns", Columns.SequenceEqual(Standard) ? "" : string.Join(',', Columns));
        Add("section", Section);
        return parts.Count == 0 ? "" : "?" + string.Join('&', parts);
    }

    /// <summary>Address of the list in this view.</summary>
    public string Address => "/workloads" + this;

    /// <summary>Orders by a column; a second time turns the order round.</summary>
    public WorkloadsQuery SortedBy(string column) => this with { Sort = column, Descending = Sort == column && !Descending };

    public WorkloadsQuery Toggled(WorkloadTone tone) => this with { Tones = Tones.SymmetricExcept([tone]) };

    public WorkloadsQuery Toggled(WorkloadKind kind) => this with { Kinds = Kinds.SymmetricExcept([kind]) };

    /// <summary>Shows or hides a column; the name stays, because it is what a row is known by.</summary>
    public WorkloadsQuery ToggledColumn(string column)
    {
        var shown = Columns.ToHashSet();
        if (!shown.Remove(column))
        {
            shown.Add(column);
        }

        shown.Add(DefaultSort);
        return this with { Columns = InOrder(shown) };
    }

    public bool Equals(WorkloadsQuery? other) => ReferenceEquals(this, other) || (other is not null && ToString() == other.ToString());

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private static ImmutableList<string> InOrder(HashSet<string> ids) => [.. WorkloadColumn.All.Select(column => column.Id).Where(ids.Contains)];

    private static IEnumerable<T> Known<T>(string? list)
        where T : struct, Enum => Ids(list).Select(id => Enum.TryParse<T>(id, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value : (T?)null).OfType<T>();

    private static string[] Ids(string? list) => (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
