using System.Web;

namespace Runner.Web.Components.Models.Tables;

/// <summary>The view of a table that has nothing to choose by but words, order, columns and pages.</summary>
public sealed record ListQuery(TableColumns Table) : TableQuery(Table)
{
    /// <summary>Reads the query part of a URL; what it does not know it leaves out.</summary>
    public static ListQuery Parse(TableColumns table, string query) => new ListQuery(table).Reading(HttpUtility.ParseQueryString(query));
}
