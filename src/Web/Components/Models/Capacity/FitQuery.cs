using System.Globalization;
using System.Web;
using Runner.Engine.Capacity.Fit;
using Runner.Web.Components.Models.Tables;

namespace Runner.Web.Components.Models.Capacity;

/// <summary>What "Would it fit?" is asked, and in which order the nodes answer, exactly as it stands in the URL.</summary>
public sealed record FitQuery() : TableQuery(Nodes)
{
    /// <summary>The columns of the answer: those nodes first that take it, then those with the fewest obstacles.</summary>
    public static TableColumns<FitRow> Nodes { get; } = new(
        "fits",
        TableColumn.Words<FitRow>("name", row => row.Answer.Node.Name),
        new("fits", true, false, (a, b) => a.Answer.Obstacles.Count != b.Answer.Obstacles.Count ? a.Answer.Obstacles.Count.CompareTo(b.Answer.Obstacles.Count) : b.Answer.Copies.CompareTo(a.Answer.Copies)),
        new("why", true, false, null));

    public FitRequest Request { get; init; } = new();

    protected override IEnumerable<(string Name, string? Value)> Choices =>
    [
        ("device", Said(Request.Device)), ("count", Request.Count > 0 ? Request.Count.ToString(CultureInfo.InvariantCulture) : null), ("cpu", Said(Request.Cpu)), ("memory", Said(Request.Memory)),
        ("labels", Said(Request.Labels)), ("tolerate", Said(Request.Tolerations)), ("replicas", Request.Replicas > 1 ? Request.Replicas.ToString(CultureInfo.InvariantCulture) : null),
    ];

    /// <summary>Reads the query part of a URL; what it does not know it leaves out.</summary>
    public static FitQuery Parse(string query)
    {
        var values = HttpUtility.ParseQueryString(query);
        int Number(string name, int least, int most) => int.TryParse(values[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Math.Clamp(number, least, most) : least;
        return new FitQuery
        {
            Request = new()
            {
                Device = values["device"] ?? "",
                Count = Number("count", 0, 999_999),
                Cpu = values["cpu"] ?? "",
                Memory = values["memory"] ?? "",
                Labels = values["labels"] ?? "",
                Tolerations = values["tolerate"] ?? "",
                Replicas = Number("replicas", 1, FitRequest.MaxReplicas),
            },
        }.Reading(values);
    }
}
