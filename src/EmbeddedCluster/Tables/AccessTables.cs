using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission;

namespace Runner.EmbeddedCluster.Tables;

/// <summary>Rows of role bindings; roles have no table of their own.</summary>
internal static class AccessTables
{
    private const string Group = "rbac.authorization.k8s.io";

    public static IEnumerable<KeyValuePair<(string, string), ResourceTable>> All => [Bindings("RoleBinding"), Bindings("ClusterRoleBinding")];

    private static KeyValuePair<(string, string), ResourceTable> Bindings(string kind) => WorkloadTables.Table(Group, kind,
        [
            new("Role", "The role that is given."), TableColumn.Age, new("Users", "Users who have it.", Wide: true), new("Groups", "Groups that have it.", Wide: true),
            new("ServiceAccounts", "Service accounts that have it.", Wide: true),
        ],
        (json, now) =>
        [
            $"{json.Text("roleRef", "kind")}/{json.Text("roleRef", "name")}", Cell.Age(json, now), Subjects(json, "User"), Subjects(json, "Group"),
            string.Join(", ", json.Objects("subjects").Where(s => s.Text("kind") == "ServiceAccount").Select(s => $"{s.Text("namespace")}/{s.Text("name")}")),
        ]);

    private static string Subjects(JsonObject binding, string kind) =>
        string.Join(", ", binding.Objects("subjects").Where(s => s.Text("kind") == kind).Select(s => s.Text("name")));
}
