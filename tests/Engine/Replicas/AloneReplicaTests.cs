using System.Net;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Runner.Engine.Storage;
using Runner.Engine.Values;
using Runner.Tests.Engine.Charts;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Support;
using Runner.Web.Identity;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Replicas;

/// <summary>A replica that could not ask the others, because it may not use the Secrets or because the API server is away, brings what it did to them when it can.</summary>
public sealed class AloneReplicaTests(ReplicaPair pair) : IClassFixture<ReplicaPair>
{
    /// <summary>A viewer who is signed in is told that the role is not enough, anybody else that he is unknown.</summary>
    private const string Audit = "/api/console/audit";

    private const string Password = "a lovely long password";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RunnerHost First => pair.First;

    [Fact]
    public async Task One_that_lost_the_right_brings_its_changes_and_what_others_changed_too_is_as_they_have_it()
    {
        using var folder = new TemporaryFolder();
        using var api = new Kubernetes(pair.Configuration());
        var kubeconfig = await AccountAsync("hermit");
        await GrantAsync(api, "hermit");
        await using var hermit = await pair.StartOnAsync(folder.Path, shares: true, kubeconfig);
        var (users, others) = (hermit.Get<UserDirectory>(), First.Get<UserDirectory>());
        var both = await others.CreateAsync("both", Password, ConsoleRole.Viewer, Cancel);
        var there = await others.InviteAsync("there", ConsoleRole.Viewer, Cancel);
        var gone = await others.InviteAsync("gone", ConsoleRole.Viewer, Cancel);
        var removed = await others.InviteAsync("removed", ConsoleRole.Viewer, Cancel);
        var version = First.Get<ConfigurationStore>().Newest?.Number ?? 0;
        await Eventually.TrueAsync(() => users.FindByName("removed") is not null, "the replica knows everybody");

        await api.RbacAuthorizationV1.DeleteNamespacedRoleBindingAsync("hermit", "csghub", cancellationToken: Cancel);
        await users.SetRoleAsync(both.Id, ConsoleRole.Operator, Cancel);
        Assert.True(hermit.Get<SharedState>().Status.IsAlone);
        await users.SetPasswordAsync(there.Id, Password, Cancel);
        await users.SetDisabledAsync(gone.Id, true, Cancel);
        await users.DeleteAsync(removed.Id, Cancel);
        await users.CreateAsync("new", Password, ConsoleRole.Viewer, Cancel);
        await users.InviteAsync("Taken", ConsoleRole.Operator, Cancel);
        await hermit.Get<ConfigurationStore>().SaveAsync("name: alone", ChartVersion.Newest, "ann", "", version, Cancel);
        await hermit.Get<AuditLog>().WriteAsync("ann", "", AuditActions.Purge, "alone", AuditOutcome.Done, AuditDetail.None, Cancel);
        using var browser = await hermit.SignedInAsync("new", Password);

        await others.SetRoleAsync(both.Id, ConsoleRole.Administrator, Cancel);
        await others.DeleteAsync(gone.Id, Cancel);
        await others.SetRoleAsync(removed.Id, ConsoleRole.Operator, Cancel);
        var taken = await others.InviteAsync("taken", ConsoleRole.Viewer, Cancel);
        await First.Get<ConfigurationStore>().SaveAsync("name: others", ChartVersion.Newest, "bob", "", version, Cancel);
        Assert.Null(others.FindByName("new"));

        await GrantAsync(api, "hermit");
        await hermit.Get<AuditLog>().WriteAsync("ann", "", AuditActions.Purge, "back", AuditOutcome.Done, AuditDetail.None, Cancel);

        await Eventually.TrueAsync(() => hermit.Get<SharedState>().Status is { IsAlone: false, Problem.Length: 0 }, () => $"the replica is back: {hermit.Get<SharedState>().Status.Problem}", 60);
        RunnerHost[] all = [hermit, First, pair.Second];
        await Eventually.TrueAsync(() => all.All(host => host.Get<AuditLog>().Read(200).Any(entry => entry.Target == "back")), "what came last is everywhere");
        Assert.All(all, host =>
        {
            var known = host.Get<UserDirectory>();
            Assert.Equal(ConsoleRole.Administrator, known.FindById(both.Id)!.Role);
            Assert.Null(known.FindById(gone.Id));
            Assert.Null(known.FindById(removed.Id));
            Assert.Equal((taken.Id, ConsoleRole.Viewer), (known.FindByName("taken")!.Id, known.FindByName("taken")!.Role));
            Assert.NotNull(known.Authenticate("there", Password));
            Assert.Equal(["name: others", "name: alone"], new[] { version + 1, version + 2 }.Select(number => host.Get<ConfigurationStore>().Text(number)).ToList());
            var audit = host.Get<AuditLog>().Read(200);
            Assert.Single(audit, entry => entry.Target == "alone");
            Assert.Equal(["user Taken", "user both", "user gone"], audit.Where(entry => entry.Action == AuditActions.ReplicaConflict).Select(entry => entry.Target).Except(["user admin"]).Order(StringComparer.Ordinal));
        });
        Assert.Equal(HttpStatusCode.Forbidden, await OpenAsync(First, browser, Audit));
    }

    [Fact]
    public async Task One_that_never_had_the_right_brings_its_people_their_sessions_and_the_keys_that_seal_them()
    {
        using var folder = new TemporaryFolder();
        using var api = new Kubernetes(pair.Configuration());
        await using var stranger = await pair.StartOnAsync(folder.Path, shares: true, await AccountAsync("stranger"), ready: false);
        await Eventually.TrueAsync(() => stranger.Get<SharedState>().Status.IsAlone && stranger.Get<UserDirectory>().FindByName("admin") is not null, "it goes on alone", 30);
        await stranger.Get<UserDirectory>().CreateAsync("eve", Password, ConsoleRole.Viewer, Cancel);
        using var browser = await stranger.SignedInAsync("eve", Password);
        Assert.Equal(HttpStatusCode.Unauthorized, await OpenAsync(First, browser, Audit));

        await GrantAsync(api, "stranger");
        await stranger.Get<AuditLog>().WriteAsync("eve", "", AuditActions.Purge, "joined", AuditOutcome.Done, AuditDetail.None, Cancel);

        await Eventually.TrueAsync(() => First.Get<UserDirectory>().FindByName("eve") is not null, () => $"the others know her: {stranger.Get<SharedState>().Status.Problem}", 60);
        await Eventually.TrueAsync(async () => await OpenAsync(First, browser, Audit) == HttpStatusCode.Forbidden, "her session is good at the others", 30);
        Assert.Equal(First.Get<UserDirectory>().FindByName("admin")!.Id, stranger.Get<UserDirectory>().FindByName("admin")!.Id);
        using var admin = await stranger.SignedInAsync();
    }

    [Fact]
    public async Task One_that_starts_while_the_API_server_is_away_lets_people_in_and_brings_their_sessions_afterwards()
    {
        using var folder = new TemporaryFolder();
        var user = await First.Get<UserDirectory>().CreateAsync("early", Password, ConsoleRole.Viewer, Cancel);
        await (await pair.StartOnAsync(folder.Path, shares: true)).DisposeAsync();
        await First.Get<UserDirectory>().InviteAsync("unknown", ConsoleRole.Viewer, Cancel);
        var port = new Uri(pair.Configuration().Host).Port;
        await using var link = new CuttableLink(port);
        link.Cut();
        await using var cut = await pair.StartOnAsync(folder.Path, shares: true, pair.Cluster.Kubeconfig().Replace($":{port}", $":{link.Port}", StringComparison.Ordinal), ready: false);

        using var browser = await cut.SignedInAsync("early", Password);
        Assert.Null(cut.Get<UserDirectory>().FindByName("unknown"));
        link.Mend();

        await Eventually.TrueAsync(() => First.Get<SessionRegistry>().All.Any(session => session.UserId == user.Id), () => $"the others know the session: {cut.Get<SharedState>().Status.Problem}", 60);
        await Eventually.TrueAsync(() => cut.Get<UserDirectory>().FindByName("unknown") is not null, "it knows what the others did", 30);
        Assert.Equal(HttpStatusCode.Forbidden, await OpenAsync(First, browser, Audit));
        Assert.Equal(HttpStatusCode.Forbidden, await OpenAsync(cut, browser, Audit));
    }

    /// <summary>What a replica answers to a browser that is signed in at another one.</summary>
    private static async Task<HttpStatusCode> OpenAsync(RunnerHost host, HttpClient browser, string path)
    {
        using var answer = await browser.GetAsync(new Uri(host.Address, path), Cancel);
        return answer.StatusCode;
    }

    /// <summary>Somebody who may do nothing yet.</summary>
    private Task<string> AccountAsync(string name) => ClusterAccount.KubeconfigAsync(
        pair.Cluster, [JsonNode.Parse($$$"""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"{{{name}}}","namespace":"csghub"}}""")!.AsObject()], name);

    private static async Task GrantAsync(Kubernetes api, string name)
    {
        try
        {
            await api.RbacAuthorizationV1.CreateNamespacedRoleAsync(
                new V1Role { Metadata = new() { Name = "state" }, Rules = [new() { ApiGroups = [""], Resources = ["secrets"], Verbs = ["get", "list", "watch", "create", "update", "delete"] }] }, "csghub", cancellationToken: Cancel);
        }
        catch (k8s.Autorest.HttpOperationException there) when (there.Response.StatusCode == HttpStatusCode.Conflict)
        {
            // Made by the test before.
        }

        await api.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(
            new V1RoleBinding
            {
                Metadata = new() { Name = name },
                RoleRef = new() { ApiGroup = "rbac.authorization.k8s.io", Kind = "Role", Name = "state" },
                Subjects = [new() { Kind = "ServiceAccount", Name = name, NamespaceProperty = "csghub" }],
            },
            "csghub",
            cancellationToken: Cancel);
    }
}
