using System.Web;
using Runner.Web.Components.Models.Tables;

namespace Runner.Web.Components.Models.Capacity;

/// <summary>What of the inventory is shown, exactly as it stands in the URL.</summary>
public sealed record CapacityQuery() : TableQuery(CapacityColumns.Table)
{
    /// <summary>Label key that groups the nodes; empty for the model of the accelerator.</summary>
    public string By { get; init; } = "";

    /// <summary>Show only nodes that take no new pods or are under pressure.</summary>
    public bool Troubled { get; init; }

    /// <summary>Value of the group whose details are open; null for none. Nodes without the label are the group with an empty value.</summary>
    public string? Group { get; init; }

    /// <summary>Node whose details are open, as <c>cluster/name</c>; empty for none.</summary>
    public string Node { get; init; } = "";

    /// <summary>True when details are open beside the list.</summary>
    public bool IsOpen => Group is not null || Node.Length > 0;

    /// <summary>The address of this view.</summary>
    public string Address => "capacity" + this;

    /// <summary>The same view without details.</summary>
    public CapacityQuery Closed => this with { Group = null, Node = "" };

    protected override IEnumerable<(string Name, string? Value)> Choices => [("by", Said(By)), ("only", Troubled ? "troubled" : null)];

    protected override IEnumerable<(string Name, string? Value)> Opened => [("group", Group), ("node", Said(Node))];

    /// <summary>Reads the query part of a URL; what it does not know it leaves out.</summary>
    public static CapacityQuery Parse(string query)
    {
        var values = HttpUtility.ParseQueryString(query);
        return new CapacityQuery
        {
            By = values["by"] ?? "",
            Troubled = values["only"] == "troubled",
            Group = values["group"],
            Node = values["node"] ?? "",
        }.Reading(values);
    }

    /// <summary>The same view with a group's details open.</summary>
    public CapacityQuery Showing(string group) => this with { Group = group, Node = "" };

    /// <summary>The same view with a node's details open; the group stays unfolded.</summary>
    public CapacityQuery Showing(CapacityNode node) => this with { Node = node.Id };
}
