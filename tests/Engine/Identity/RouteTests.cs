using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Runner.Tests.Engine.Host;

namespace Runner.Tests.Engine.Identity;

/// <summary>Walks every route there is, so that a new one cannot be forgotten.</summary>
public sealed partial class RouteTests
{
    /// <summary>What anybody may ask for: each of these checks for itself, or tells nothing.</summary>
    private static readonly string[] Open =
        ["/healthz", "/readyz", "/sign-in", "/account/sign-in", "/account/code", "/account/password", "/connect/authorize", "/connect/token", "/connect/end-session", "/language/x"];

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
