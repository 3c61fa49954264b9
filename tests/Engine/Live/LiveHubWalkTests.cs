using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Runner.Tests.Engine.Host;
using Runner.Web.Identity;
using Runner.Web.Identity.Tokens;
using Runner.Web.Identity.Users;
using Runner.Web.Live.Hub;

namespace Runner.Tests.Engine.Live;

/// <summary>
/// Calls every method of the live hub with every kind of credentials. What a method takes is written down here, apart from the program: one that nobody has thought about fails
/// the test, and so does one whose policy was loosened by mistake.
/// </summary>
public sealed class LiveHubWalkTests
{
    /// <summary>Method to the scopes that a token must have for it, all of them. People need the role that each scope asks for.</summary>
    private static readonly Dictionary<string, string[]> Needs = new()
    {
        ["Workloads"] = [ApiScopes.LiveRead],
        ["Capacity"] = [ApiScopes.LiveRead],
        ["Logs"] = [ApiScopes.LiveRead, ApiScopes.WorkloadsRead],
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_method_is_refused_to_everybody_but_those_it_is_for()
    {
        Assert.Equal(
            Needs.Keys.Order(StringComparer.Ordinal),
            typeof(LiveHub).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(method => method.GetBaseDefinition() == method).Select(method => method.Name).Order(StringComparer.Ordinal));
        await using var host = await RunnerHost.StartAsync();
        var callers = new List<(string Name, HubConnection Connection, Func<string, bool> Has)>
        {
            ("nobody", LiveHubClient.Connection(host, null), _ => false),
            ("a wrong token", LiveHubClient.Connection(host, "not-a-token"), _ => false),
            ("the hub's token", LiveHubClient.Connection(host, RunnerHost.HubToken), _ => false),
        };
        foreach (var role in Enum.GetValues<ConsoleRole>())
        {
            await host.Get<UserDirectory>().CreateAsync($"one {role}", "three odd tables", role, Cancel);
            var cookie = await LiveHubClient.CookieAsync(host, $"one {role}", "three odd tables");
            callers.Add(($"the {role}", LiveHubClient.Connection(host, null, cookie), scope => role >= ApiScopes.All.Single(known => known.Scope == scope).Role));
        }

        foreach (var scope in ApiScopes.All.Select(known => known.Scope))
        {
            callers.Add(($"a token for {scope}", LiveHubClient.Connection(host, await LiveHubClient.TokenAsync(host, scope)), asked => asked == scope));
            if (scope != ApiScopes.LiveRead)
            {
                var both = await LiveHubClient.TokenAsync(host, $"{ApiScopes.LiveRead} {scope}");
                callers.Add(($"a token for {ApiScopes.LiveRead} and {scope}", LiveHubClient.Connection(host, both), asked => asked == scope || asked == ApiScopes.LiveRead));
            }
        }

        var wrong = new List<string>();
        foreach (var (name, connection, has) in callers)
        {
            await using var _ = connection;
            var connected = await ConnectAsync(connection);
            foreach (var (method, scopes) in Needs)
            {
                if ((connected && await AnswersAsync(connection, method)) != scopes.All(has))
                {
                    wrong.Add($"{method} was {(scopes.All(has) ? "refused" : "given")} to {name}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static async Task<bool> ConnectAsync(HubConnection connection)
    {
        try
        {
            await connection.StartAsync(Cancel);
            return true;
        }
        catch (HttpRequestException refused) when (refused.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            return false;
        }
    }

    private static async Task<bool> AnswersAsync(HubConnection connection, string method)
    {
        object?[] arguments = method == "Logs" ? [new LogsRequest { Labels = "app=none" }] : [];
        try
        {
            await foreach (var message in connection.StreamAsyncCore<object>(method, arguments, Cancel))
            {
                return message is not null;
            }

            return false;
        }
        catch (HubException refused) when (refused.Message.Contains("unauthorized", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }
    }
}
