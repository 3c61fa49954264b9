using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub.Events;
using Runner.Tests.Engine.Support;
using Runner.Web;

namespace Runner.Tests.Engine.Host;

/// <summary>The whole program on a free port with a data folder of its own, and with a cluster that nobody can reach: for what is about people and programs, not workloads.</summary>
internal sealed partial class RunnerHost : IAsyncDisposable
{
    public const string HubToken = "hub-token-of-this-test";
    public const string AdminPassword = "correct horse battery";

    private readonly TemporaryFolder? _folder;

    private RunnerHost(WebApplication app, TemporaryFolder? folder)
    {
        App = app;
        _folder = folder;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public T Get<T>()
        where T : notnull => App.Services.GetRequiredService<T>();

    /// <param name="change">Changes the settings.</param>
    /// <param name="map">Adds routes of the test's own.</param>
    /// <param name="cluster">A cluster to work with after all.</param>
    /// <param name="time">The program's clock.</param>
    public static Task<RunnerHost> StartAsync(Func<RunnerOptions, RunnerOptions>? change = null, Action<WebApplication>? map = null, ClusterEndpoint? cluster = null, TimeProvider? time = null)
    {
        var folder = new TemporaryFolder();
        return StartAsync(folder.Path, change, folder, map, cluster, time);
    }

    /// <summary>On a data folder that outlives this program.</summary>
    public static Task<RunnerHost> StartOnAsync(string dataFolder, Func<RunnerOptions, RunnerOptions>? change = null, TimeProvider? time = null, ClusterEndpoint? cluster = null) =>
        StartAsync(dataFolder, change, null, null, cluster, time);

    /// <summary>A browser of its own: keeps cookies, follows no redirect.</summary>
    public HttpClient Browser()
    {
        var client = Program();
        client.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        return client;
    }

    /// <summary>A program: keeps cookies, follows no redirect, asks for no page.</summary>
    public HttpClient Program() =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer(), MaxConnectionsPerServer = 64 }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Calls as the hub does.</summary>
    /// <param name="path">Below <c>/api/v1/</c>.</param>
    public async Task<(HttpStatusCode Status, string Text)> CallAsync(HttpMethod method, string path, string body = "{}")
    {
        using var hub = Program();
        using var request = new HttpRequestMessage(method, $"/api/v1/{path}") { Content = new StringContent(body, Encoding.UTF8, "application/json"), Headers = { Authorization = new("Bearer", HubToken) } };
        using var answer = await hub.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>As <see cref="CallAsync"/>, which has to be well.</summary>
    public async Task<JsonNode> AskAsync(HttpMethod method, string path, string body = "{}")
    {
        var (status, text) = await CallAsync(method, path, body);
        Assert.True(status == HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    /// <summary>What the hub is to hear of services, in order: what happened and what is told of it.</summary>
    public IEnumerable<(string What, JsonNode Data)> ToldOfServices() => Get<Outbox>().Recent(200).Reverse().Where(e => e.Type.StartsWith("runner.service", StringComparison.Ordinal))
        .Select(e => (e.Type.Split('.')[^1], JsonNode.Parse(e.Body)!["data"]!));

    /// <summary>The hidden fields of a form on a page.</summary>
    public static Dictionary<string, string> HiddenFields(string html) =>
        HiddenField().Matches(html).ToDictionary(match => match.Groups[1].Value, match => WebUtility.HtmlDecode(match.Groups[2].Value));

    /// <summary>Sends a form of a page: its hidden fields and what is typed.</summary>
    public static async Task<HttpResponseMessage> SendFormAsync(HttpClient browser, string html, string action, params (string Name, string Value)[] typed)
    {
        var fields = HiddenFields(html);
        foreach (var (name, value) in typed)
        {
            fields[name] = value;
        }

        using var form = new FormUrlEncodedContent(fields);
        return await browser.PostAsync(action, form, TestContext.Current.CancellationToken);
    }

    /// <summary>Signs out as the button on every page does. The form's token is taken from a page without a circuit.</summary>
    public static async Task<HttpResponseMessage> SignOutAsync(HttpClient browser)
    {
        using var page = await browser.GetAsync("/account/password?link=none", TestContext.Current.CancellationToken);
        return await SendFormAsync(browser, await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), "/account/sign-out");
    }

    /// <summary>Opens the sign-in page as a browser does and sends its form.</summary>
    public static async Task<HttpResponseMessage> SignInAsync(HttpClient browser, string user, string password, string page = "/sign-in")
    {
        var html = await browser.GetStringAsync(page, TestContext.Current.CancellationToken);
        return await SendFormAsync(browser, html, "/account/sign-in", ("User", user), ("Password", password));
    }

    /// <summary>A browser in which that user is signed in.</summary>
    public async Task<HttpClient> SignedInAsync(string user = "admin", string password = AdminPassword)
    {
        var browser = Browser();
        using var answer = await SignInAsync(browser, user, password);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return browser;
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync(CancellationToken.None);
        await App.DisposeAsync();
        _folder?.Dispose();
    }

    private static async Task<RunnerHost> StartAsync(string dataFolder, Func<RunnerOptions, RunnerOptions>? change, TemporaryFolder? owned, Action<WebApplication>? map, ClusterEndpoint? cluster = null, TimeProvider? time = null)
    {
        var options = new RunnerOptions { DataDirectory = dataFolder, Port = 0, ApiToken = HubToken, AdminPassword = AdminPassword };
        var nowhere = new ClusterEndpoint("nowhere", ClusterOrigin.Kubeconfig, () => throw new InvalidOperationException("There is no cluster in this test."));
        PreparedKeys.PutInto(dataFolder);
        var app = RunnerApp.Build([], change?.Invoke(options) ?? options, time, [cluster ?? nowhere]);
        map?.Invoke(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunnerHost(app, owned);
    }

    [GeneratedRegex("""<input type="hidden" name="([^"]+)" value="([^"]*)" />""")]
    private static partial Regex HiddenField();
}
