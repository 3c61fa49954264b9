using System.Net;
using Microsoft.AspNetCore.SignalR.Client;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Identity;
using Runner.Web.Live.Hub;

namespace Runner.Tests.Engine.Live;

/// <summary>Connections to the live hub with every kind of credentials.</summary>
internal static class LiveHubClient
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Connected with a token of a machine.</summary>
    /// <param name="scopes">With spaces between.</param>
    public static async Task<HubConnection> ConnectedAsync(RunnerHost host, string scopes)
    {
        var connection = Connection(host, await TokenAsync(host, scopes));
        await connection.StartAsync(Cancel);
        return connection;
    }

    /// <summary>Not connected yet.</summary>
    /// <param name="token">Bearer token; null for none.</param>
    /// <param name="cookie">Of a session.</param>
    /// <param name="origin">What a browser would say the page comes from.</param>
    public static HubConnection Connection(RunnerHost host, string? token, Cookie? cookie = null, string? origin = null) => new HubConnectionBuilder()
        .WithUrl(new Uri(host.Address, LiveHubServices.Path), options =>
        {
            options.AccessTokenProvider = () => Task.FromResult(token);
            if (cookie is not null)
            {
                options.Cookies.Add(cookie);
            }

            if (origin is not null)
            {
                options.Headers["Origin"] = origin;
            }
        })
        .Build();

    public static async Task<string> TokenAsync(RunnerHost host, string scopes)
    {
        var id = $"machine-{Guid.NewGuid():N}";
        await TokenClient.AddMachineAsync(host, id, scopes.Split(' '));
        return (await new TokenClient(host).ClientCredentialsAsync(id, scopes)).GetProperty("access_token").GetString()!;
    }

    /// <summary>Signs in and takes the session's cookie.</summary>
    public static async Task<Cookie> CookieAsync(RunnerHost host, string user = "admin", string password = RunnerHost.AdminPassword)
    {
        using var browser = host.Browser();
        using var answer = await RunnerHost.SignInAsync(browser, user, password);
        var header = answer.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith("runner.session=", StringComparison.Ordinal));
        var value = header.Split(';')[0]["runner.session=".Length..];
        return new Cookie("runner.session", value, "/", host.Address.Host);
    }
}
