using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Support;
using Runner.Web;
using Runner.Web.Hosting;

namespace Runner.Tests.Engine.Host;

public sealed class HostTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/healthz", "text/plain")]
    [InlineData("/css/tokens.css", "text/css")]
    [InlineData("/js/console.js", "text/javascript")]
    [InlineData("/_content/MudBlazor/MudBlazor.min.css", "text/css")]
    [InlineData("/_framework/blazor.web.js", "text/javascript")]
    public async Task What_a_page_needs_before_sign_in_is_served_to_anybody(string path, string type)
    {
        await using var host = await RunnerHost.StartAsync();
        using var program = host.Program();

        using var answer = await program.GetAsync(path, Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
        Assert.NotEmpty(await answer.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/api/v1/service/x/status")]
    [InlineData("/css/tokens.css")]
    [InlineData("/healthz")]
    public async Task Every_answer_forbids_frames_foreign_scripts_and_sniffing(string path)
    {
        await using var host = await RunnerHost.StartAsync();
        using var program = host.Program();

        using var answer = await program.GetAsync(path, Cancel);

        var policy = string.Join("; ", answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal(["same-origin"], answer.Headers.GetValues("Referrer-Policy"));
        Assert.False(answer.Headers.Contains("Server"));
    }

    [Fact]
    public async Task A_page_of_another_site_cannot_open_a_live_connection_with_the_user_s_cookie()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = host.Browser();
        using var signedIn = await RunnerHost.SignInAsync(browser, "admin", RunnerHost.AdminPassword);
        var cookie = signedIn.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith("runner.session=", StringComparison.Ordinal)).Split(';')[0];

        var ours = await ConnectAsync(host, cookie, host.Address.GetLeftPart(UriPartial.Authority));
        var theirs = await ConnectAsync(host, cookie, "https://evil.example");
        var stranger = await ConnectAsync(host, "", host.Address.GetLeftPart(UriPartial.Authority));

        Assert.Equal(HttpStatusCode.SwitchingProtocols, ours);
        Assert.Equal(HttpStatusCode.Forbidden, theirs);
        Assert.Equal(HttpStatusCode.Unauthorized, stranger);
    }

    [Theory]
    [InlineData("", "127.0.0.1")]
    [InlineData("10.0.0.0/8", "127.0.0.1")]
    [InlineData("127.0.0.1", "203.0.113.7")]
    public async Task Forwarded_headers_are_believed_from_configured_proxies_only(string trusted, string expected)
    {
        var (settings, errors) = RunnerOptions.Load(new Dictionary<string, string?> { ["RUNNER_TRUSTED_PROXIES"] = trusted });
        Assert.Empty(errors);
        await using var host = await RunnerHost.StartAsync(options => options with { TrustedProxies = settings!.TrustedProxies });
        using var browser = host.Browser();
        browser.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");

        using var answer = await RunnerHost.SignInAsync(browser, "admin", "wrong");

        Assert.Equal(expected, host.Get<Runner.Web.Identity.AuditLog>().Read(1)[0].RemoteAddress);
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_that_ends_TLS_the_session_cookie_is_secure()
    {
        await using var host = await RunnerHost.StartAsync(options => options with { TrustedProxies = EquatableNetwork("127.0.0.1/32") });
        using var browser = host.Browser();
        browser.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        using var page = await browser.GetAsync("/sign-in", Cancel);

        Assert.Contains("secure", page.Headers.GetValues("Set-Cookie").Single(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_program_is_told_in_msg_and_a_person_on_a_page_what_is_not_there()
    {
        await using var host = await RunnerHost.StartAsync();
        using var person = await host.SignedInAsync();
        using var program = host.Program();
        program.DefaultRequestHeaders.Authorization = new("Bearer", RunnerHost.HubToken);

        using var page = await person.GetAsync("/no/such/page", Cancel);
        using var call = await program.GetAsync("/api/v1/no/such/call", Cancel);
        using var open = await program.GetAsync("/healthz/more", Cancel);

        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        Assert.Equal(HttpStatusCode.NotFound, call.StatusCode);
        Assert.NotEmpty((await call.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("msg").GetString()!);
        Assert.NotEmpty((await open.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("msg").GetString()!);
    }

    [Fact]
    public async Task A_fault_of_ours_is_told_without_its_text_and_trace()
    {
        const string Inside = "inner workings";
        await using var host = await RunnerHost.StartAsync(map: app =>
        {
            app.MapGet("/api/fault", string () => throw new InvalidOperationException(Inside)).AllowAnonymous();
            app.MapGet("/fault", string () => throw new InvalidOperationException(Inside)).AllowAnonymous();
        });
        using var browser = host.Browser();

        using var call = await browser.GetAsync("/api/fault", Cancel);
        using var page = await browser.GetAsync("/fault", Cancel);

        var message = (await call.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("msg").GetString()!;
        var html = await page.Content.ReadAsStringAsync(Cancel);
        Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.InternalServerError), (call.StatusCode, page.StatusCode));
        Assert.Contains("log", message, StringComparison.Ordinal);
        Assert.Contains("<h1>Something went wrong</h1>", html, StringComparison.Ordinal);
        Assert.DoesNotContain(Inside, message + html, StringComparison.Ordinal);
        Assert.True(page.Headers.Contains("Content-Security-Policy"));
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_before_it_is_read_whole()
    {
        await using var host = await RunnerHost.StartAsync();
        using var program = host.Program();
        program.DefaultRequestHeaders.ExpectContinue = true;
        using var body = new FormUrlEncodedContent([KeyValuePair.Create("User", new string('x', 5 * 1024 * 1024))]);

        using var answer = await program.PostAsync("/account/sign-in", body, Cancel);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("4 MB", (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("msg").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_that_another_runner_uses_is_refused_and_free_again_when_that_one_has_ended()
    {
        using var folder = new TemporaryFolder();
        await using (await RunnerHost.StartOnAsync(folder.Path))
        {
            Assert.Throws<DataFolderInUseException>(() => RunnerApp.Build([], new RunnerOptions { DataDirectory = folder.Path, Port = 0 }));
        }

        await using var again = await RunnerHost.StartOnAsync(folder.Path);
        using var program = again.Program();
        Assert.Equal("ok", await program.GetStringAsync("/healthz", Cancel));
    }

    [Theory]
    [InlineData("", nameof(RunnerCommand.Run), null)]
    [InlineData("deploy runner -l debug", nameof(RunnerCommand.Run), "Debug")]
    [InlineData("deploy runner", nameof(RunnerCommand.Run), null)]
    [InlineData("-l error", nameof(RunnerCommand.Run), "Error")]
    [InlineData("healthcheck", nameof(RunnerCommand.HealthCheck), null)]
    [InlineData("deploy runner -l loud", nameof(RunnerCommand.Help), null)]
    [InlineData("deploy logcollector -l info", nameof(RunnerCommand.CollectLogs), "Information")]
    [InlineData("deploy everything", nameof(RunnerCommand.Help), null)]
    public void The_command_line_is_the_official_image_s(string arguments, string command, string? level)
    {
        var parsed = CommandLine.Parse(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(command, parsed.Command.ToString());
        Assert.Equal(level, parsed.Level?.ToString());
        Assert.Equal(command == nameof(RunnerCommand.Help), parsed.Problem.Length > 0);
    }

    private static Runner.Engine.EquatableList<IPNetwork> EquatableNetwork(string network) =>
        RunnerOptions.Load(new Dictionary<string, string?> { ["RUNNER_TRUSTED_PROXIES"] = network }).Options!.TrustedProxies;

    private static async Task<HttpStatusCode> ConnectAsync(RunnerHost host, string cookie, string origin)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", origin);
        socket.Options.SetRequestHeader("Cookie", cookie);
        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            await socket.ConnectAsync(new UriBuilder(host.Address) { Scheme = "ws", Path = "/_blazor" }.Uri, Cancel);
        }
        catch (WebSocketException)
        {
            // Told by the status.
        }

        return socket.HttpStatusCode;
    }
}
