using System.Collections.Immutable;
using System.Web;
using Runner.Engine.Workloads;
using Runner.Web.Components.Models.Tables;

namespace Runner.Web.Components.Models.Workloads;

/// <summary>What of the workloads is shown and how, exactly as it stands in the URL, so that a view can be bookmarked and sent.</summary>
public sealed record WorkloadsQuery() : TableQuery(WorkloadColumns.Table)
{
    /// <summary>Groups of states to show; empty for all.</summary>
    public ImmutableSortedSet<WorkloadTone> Tones { get; init; } = [];

    /// <summary>Kinds of workload to show; empty for all.</summary>
    public ImmutableSortedSet<WorkloadKind> Kinds { get; init; } = [];

    /// <summary>Id of the open part of the details.</summary>
    public string Section { get; init; } = "";

    /// <summary>Address of the list in this view.</summary>
    public string Address => "/workloads" + this;

    protected override IEnumerable<(string Name, string? Value)> Choices =>
        [("state", Said(string.Join(',', Tones).ToLowerInvariant())), ("kind", Said(string.Join(',', Kinds).ToLowerInvariant()))];

    protected override IEnumerable<(string Name, string? Value)> Opened => [("section", Said(Section))];

    /// <summary>Reads the query part of a URL; what it does not know it leaves out.</summary>
    public static WorkloadsQuery Parse(string query)
    {
        var values = HttpUtility.ParseQueryString(query);
        return new WorkloadsQuery
        {
            Tones = [.. Known<WorkloadTone>(values["state"])],
            Kinds = [.. Known<WorkloadKind>(values["kind"])],
            Section = values["section"] ?? "",
        }.Reading(values);
    }

    public WorkloadsQuery Toggled(WorkloadTone tone) => this with { Tones = Tones.SymmetricExcept([tone]) };

    public WorkloadsQuery Toggled(WorkloadKind kind) => this with { Kinds = Kinds.SymmetricExcept([kind]) };

    public bool Equals(WorkloadsQuery? other) => base.Equals(other);

    public override int GetHashCode() => base.GetHashCode();

    private static IEnumerable<T> Known<T>(string? list)
        where T : struct, Enum => TableQueries.Ids(list).Select(id => Enum.TryParse<T>(id, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value : (T?)null).OfType<T>();
}
