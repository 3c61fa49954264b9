using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Runner.Tests.Engine.Host;
using Runner.Web.Identity;
using Runner.Web.Identity.Tokens;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Identity;

/// <summary>
/// Asks for every route with every kind of credentials. Whom a route is for is written down here, apart from the program: a route that nobody has thought about fails
/// the test, and so does one whose policy was loosened by mistake.
/// </summary>
public sealed partial class RoleWalkTests
{
    private const string Anybody = "anybody";
    private const string Viewer = nameof(ConsoleRole.Viewer);
    private const string Administrator = nameof(ConsoleRole.Administrator);
    private const string Hub = "hub";

    // One route, two rights.
    private const string MaskedValues = "/api/v1/config/values?masked=true";

    /// <summary>Route to whom it is for: anybody, a role and those above it, the hub, or a scope. A star at the end stands for what follows.</summary>
    private static readonly Dictionary<string, string> For = new()
    {
        // Open: each of these checks for itself, or tells nothing.
        ["/healthz"] = Anybody,
        ["/readyz"] = Anybody,
        ["/sign-in"] = Anybody,
        ["/account/sign-in"] = Anybody,
        ["/account/code"] = Anybody,
        ["/account/password"] = Anybody,
        ["/connect/authorize"] = Anybody,
        ["/connect/token"] = Anybody,
        ["/connect/end-session"] = Anybody,
        ["/language/x"] = Anybody,

        // The hub.
        ["/api/v1/*"] = Hub,

        // Programs with a scope, and people with the role it needs.
        ["/metrics"] = ApiScopes.MetricsRead,
        ["/api/console/audit"] = ApiScopes.AuditRead,
        ["/api/console/audit/export"] = ApiScopes.AuditRead,

        ["/api/v1/config/values"] = ApiScopes.ConfigValues,
        [MaskedValues] = ApiScopes.ConfigRead,
        ["/api/console/backup"] = ApiScopes.BackupRead,
        ["/api/console/support-bundle"] = Administrator,

        // Pages.
        ["/"] = Viewer,
        ["/configuration"] = Viewer,
        ["/connections"] = Viewer,
        ["/dependencies"] = Viewer,
        ["/diagnostics"] = Viewer,
        ["/hub"] = Viewer,
        ["/x"] = Viewer,
        ["/workloads*"] = Viewer,
        ["/capacity*"] = Viewer,
        ["/logs*"] = Viewer,
        ["/log-collection"] = Viewer,
        ["/runner-health"] = Viewer,
        ["/live*"] = ApiScopes.LiveRead,
        ["/api/console/logs"] = ApiScopes.WorkloadsRead,
        ["/profile"] = Viewer,
        ["/not-found"] = Viewer,
        ["/account/sign-out"] = Viewer,
        ["/api-docs*"] = Viewer,
        ["/openapi/*"] = Viewer,
        ["/_blazor*"] = Viewer,
        ["/access*"] = Administrator,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_route_is_refused_to_everybody_but_those_it_is_for()
    {
        await using var host = await RunnerHost.StartAsync();
        var callers = new List<(string Name, HttpClient Client, Func<string, bool> Reaches)>
        {
            ("nobody", host.Program(), _ => false),
            ("a wrong token", Bearer(host, "not-a-token"), _ => false),
            ("a token of somebody else's making", Bearer(host, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsInNjb3BlIjoiYXVkaXQucmVhZCJ9."), _ => false),
            ("the hub", Bearer(host, RunnerHost.HubToken), who => who is Hub or ApiScopes.MetricsRead),
        };
        foreach (var role in Enum.GetValues<ConsoleRole>())
        {
            await host.Get<UserDirectory>().CreateAsync($"one {role}", "three odd tables", role, Cancel);
            callers.Add(($"the {role}", await host.SignedInAsync($"one {role}", "three odd tables"), who => LowestRole(who) <= role));
        }

        foreach (var (scope, _, _) in ApiScopes.All)
        {
            await TokenClient.AddMachineAsync(host, scope, scope);
            var token = (await new TokenClient(host).ClientCredentialsAsync(scope, scope)).GetProperty("access_token").GetString()!;
            callers.Add(($"a client with {scope}", Bearer(host, token), who => who == scope || (who, scope) is (ApiScopes.ConfigRead, ApiScopes.ConfigValues)));
        }

        var wrong = new List<string>();
        var opened = new HashSet<string>();
        List<(string Method, string Path)> routes = [.. Routes(host), ("GET", MaskedValues)];
        foreach (var (method, path) in routes)
        {
            if (WhoFor(path) is not { } who)
            {
                wrong.Add($"{method} {path}: write down in {nameof(RoleWalkTests)} whom it is for");
                continue;
            }

            foreach (var (name, client, reaches) in callers.Where(_ => who != Anybody && path != "/account/sign-out"))
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path);
                using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
                var refused = answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
                    || (answer.StatusCode == HttpStatusCode.Redirect && answer.Headers.Location!.OriginalString.Contains("/sign-in", StringComparison.Ordinal));
                if (!refused)
                {
                    opened.Add(who);
                }

                if (refused == reaches(who))
                {
                    wrong.Add($"{method} {path} is for {who}, and answered {(int)answer.StatusCode} to {name}");
                }
            }
        }

        callers.ForEach(caller => caller.Client.Dispose());
        Assert.True(routes.Count > 40, $"Only {routes.Count} routes were found.");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Empty(ApiScopes.All.Select(scope => scope.Scope).Except(opened));
        await Eventually.TrueAsync(
            () => host.Get<AuditLog>().Read(500).Where(entry => entry is { Action: AuditActions.Refused, Outcome: AuditOutcome.Refused }).Select(entry => entry.Who).ToHashSet()
                is var refused && refused.Contains($"one {Viewer}") && refused.Contains(ApiScopes.LiveRead) && !refused.Contains(""),
            "refusals of known people and clients are in the audit log, and no others");
    }

    private static string? WhoFor(string path) =>
        For.TryGetValue(path, out var who) ? who : For.Where(rule => rule.Key.EndsWith('*') && path.StartsWith(rule.Key[..^1], StringComparison.Ordinal)).OrderByDescending(rule => rule.Key.Length).Select(rule => rule.Value).FirstOrDefault();

    private static ConsoleRole? LowestRole(string who) =>
        Enum.TryParse<ConsoleRole>(who, out var role) ? role : ApiScopes.All.Where(scope => scope.Scope == who).Select(scope => (ConsoleRole?)scope.Role).FirstOrDefault();

    private static HttpClient Bearer(RunnerHost host, string token)
    {
        var client = host.Program();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    private static List<(string Method, string Path)> Routes(RunnerHost host) =>
    [
        .. from endpoint in host.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           where endpoint.Metadata.GetMetadata<StaticAssetDescriptor>() is null
           let path = "/" + Parameter().Replace(endpoint.RoutePattern.RawText!.TrimStart('/'), "x")
           where !path.StartsWith("/_framework", StringComparison.Ordinal)
           from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]
           select (method, path),
    ];

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();
}
