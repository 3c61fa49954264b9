using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Runner.Tests.Engine.Host;
using Runner.Web.Identity;
using Runner.Web.Identity.Tokens;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Identity;

/// <summary>Walks every route there is, so that a new one cannot be forgotten.</summary>
public sealed partial class RouteTests
{
    /// <summary>What anybody may ask for: each of these checks for itself, or tells nothing.</summary>
    private static readonly string[] Open =
        ["/healthz", "/readyz", "/sign-in", "/account/sign-in", "/connect/authorize", "/connect/token", "/connect/end-session", "/language/x"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_credentials_every_route_but_the_open_ones_is_refused()
    {
        await using var host = await RunnerHost.StartAsync();
        using var program = host.Program();
        var routes = Routes(host);

        var answered = new List<string>();
        foreach (var route in routes.Where(route => !Open.Contains(route.Path)))
        {
            var status = await StatusAsync(program, route);
            if (status != HttpStatusCode.Unauthorized)
            {
                answered.Add($"{route.Method} {route.Path} answered {status}");
            }
        }

        Assert.True(routes.Count > 10, $"Only {routes.Count} routes were found.");
        Assert.Contains(routes, route => route.Path.StartsWith("/_blazor", StringComparison.Ordinal));
        Assert.Empty(answered);
    }

    [Fact]
    public async Task With_a_wrong_token_every_route_but_the_open_ones_is_refused()
    {
        await using var host = await RunnerHost.StartAsync();
        using var program = host.Program();
        program.DefaultRequestHeaders.Authorization = new("Bearer", "not-the-hub-token");

        foreach (var route in Routes(host).Where(route => !Open.Contains(route.Path)))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(program, route));
        }
    }

    [Theory]
    [InlineData(ConsoleRole.Viewer)]
    [InlineData(ConsoleRole.Operator)]
    [InlineData(ConsoleRole.Administrator)]
    public async Task A_role_reaches_what_its_policies_allow_and_nothing_else(ConsoleRole role)
    {
        await using var host = await RunnerHost.StartAsync();
        await host.Get<UserDirectory>().CreateAsync("someone", "a password of someone", role, Cancel);
        using var browser = await host.SignedInAsync("someone", "a password of someone");

        var wrong = new List<string>();
        foreach (var route in Routes(host).Where(route => !Open.Contains(route.Path) && !route.Path.StartsWith("/_", StringComparison.Ordinal)))
        {
            var status = await StatusAsync(browser, route);
            var refused = status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
            if (refused == Allows(route, role))
            {
                wrong.Add($"{route.Method} {route.Path} ({string.Join(", ", route.Policies)}) answered {status} to {role}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public async Task An_address_that_leads_nowhere_tells_a_stranger_nothing_but_to_sign_in()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = host.Browser();

        using var page = await browser.GetAsync("/no/such/page", Cancel);
        using var api = await browser.GetAsync("/api/v1/no/such/call", Cancel);

        Assert.Equal("/sign-in", page.Headers.Location?.AbsolutePath);
        Assert.Equal(HttpStatusCode.Unauthorized, api.StatusCode);
    }

    private static bool Allows(Route route, ConsoleRole role) => route.Policies.All(policy => policy switch
    {
        ConsolePolicies.Viewer => true,
        ConsolePolicies.Operator => role >= ConsoleRole.Operator,
        ConsolePolicies.Administrator => role >= ConsoleRole.Administrator,
        ConsolePolicies.Hub => false,
        _ => ApiScopes.All.Single(scope => scope.Scope == policy).Role <= role,
    });

    private static List<Route> Routes(RunnerHost host) =>
    [
        .. from endpoint in host.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           let path = "/" + Parameter().Replace(endpoint.RoutePattern.RawText!.TrimStart('/'), "x")
           where endpoint.Metadata.GetMetadata<StaticAssetDescriptor>() is null
           let policies = endpoint.Metadata.OfType<IAuthorizeData>().Select(data => data.Policy).OfType<string>().ToArray()
           from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]
           select new Route(method, path, policies),
    ];

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, Route route)
    {
        using var request = new HttpRequestMessage(new HttpMethod(route.Method), route.Path);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        return answer.StatusCode;
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();

    private sealed record Route(string Method, string Path, string[] Policies);
}
