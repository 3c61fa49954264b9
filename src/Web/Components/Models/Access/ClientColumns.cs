using Runner.Web.Components.Models.Tables;
using Runner.Web.Identity.Access;

namespace Runner.Web.Components.Models.Access;

/// <summary>The columns of the table of API clients.</summary>
public static class ClientColumns
{
    public static TableColumns<ApiClient> Table { get; } = new(
        "id",
        TableColumn.Words<ApiClient>("id", client => client.ClientId),
        TableColumn.Words<ApiClient>("scopes", client => string.Join(' ', client.Scopes)),

        // By how long ago it was, as it is shown; those without a secret come last.
        new("secret", true, false, (a, b) => Nullable.Compare(b.RotatedAt, a.RotatedAt)));
}
