using System.Net;
using System.Text;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Host;

/// <summary>A token is wrong also where somebody sent one that is right elsewhere: it stays secret, and the log does not grow by it.</summary>
public sealed class WrongTokensTests
{
    private static readonly string[] Paths =
    [
        "/api/v1/service/x/status", "/api/v1/cluster/x", "/metrics", "/readyz", "/openapi/runner.json", "/api/console/audit", "/api/console/backup", "/live", "/live/negotiate?negotiateVersion=1",
        "/_blazor/negotiate?negotiateVersion=1", "/", "/workloads", "/sign-in", "/account/sign-in", "/account/code", "/account/password", "/account/sign-out", "/account/oidc/callback",
        "/connect/authorize", "/connect/token", "/connect/introspect", "/connect/revoke", "/connect/end-session", "/no-such-place",
    ];

    /// <summary>By these names somebody may send one, in a query or a form.</summary>
    private static readonly string[] Fields =
    [
        "access_token", "token", "code", "client_secret", "refresh_token", "id_token_hint", "code_verifier", "state", "link", "Link", "Password", "Code", "Pending", "returnUrl", "ReturnUrl", "id",
    ];

    private static readonly string[] Cookies = ["runner.session", "runner.antiforgery", "runner.sessionC1", "another"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wrong_token_is_in_no_log_however_it_was_sent_and_does_not_fill_it()
    {
        using var folder = new TemporaryFolder();
        await using var program = new RunnerProcess(
            "-l trace",
            ("RUNNER_DATA_DIR", folder.Path), ("RUNNER_CLUSTER", "embedded"), ("RUNNER_ADMIN_PASSWORD", RunnerHost.AdminPassword), ("STARHUB_SERVER_API_TOKEN", RunnerHost.HubToken));
        await program.HealthyAsync();
        using var caller = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = program.Address };
        var sent = new List<(string Place, string Token)>();
        foreach (var path in Paths)
        {
            foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Post])
            {
                await AskAsync(method, path, request => request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {New("bearer", request)}"));
                await AskAsync(method, path, request => request.Headers.TryAddWithoutValidation("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"cli:{New("basic", request)}"))}"));
                await AskAsync(method, path, request => request.Headers.TryAddWithoutValidation("Authorization", $"{New("bare", request)}"));
                await AskAsync(method, path, request => request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", Cookies.Select(name => $"{name}={New(name, request)}"))));
                await AskAsync(method, path, request => request.RequestUri = new(
                    $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}grant_type=refresh_token&client_id=cli&{string.Join('&', Fields.Select(name => $"{name}={New("query", request)}"))}", UriKind.Relative));
            }

            await AskAsync(HttpMethod.Post, path, request => request.Content = new FormUrlEncodedContent(
                Fields.Select(name => KeyValuePair.Create(name, New("form", request))).Append(new("grant_type", "authorization_code")).Append(new("client_id", "cli")).Append(new("User", "admin"))));
            await AskAsync(HttpMethod.Post, path, request => request.Content = new StringContent($$"""{"access_token":"{{New("json", request)}}","env":["{{New("json", request)}}"]}""", Encoding.UTF8, "application/json"));
            await AskAsync(HttpMethod.Post, path, request => request.Content = new StringContent($"\"{New("text", request)}", Encoding.UTF8, "application/json"));
        }

        // Whoever goes on and on makes no line by it.
        var before = Lines();
        for (var i = 0; i < 300; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/service/x/status") { Headers = { Authorization = new("Bearer", "wrong-again") } };
            using var answer = await caller.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }

        var more = Lines() - before;
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = program.Address };
        using var signedIn = await RunnerHost.SignInAsync(browser, "admin", RunnerHost.AdminPassword);
        var bundle = await browser.GetByteArrayAsync("/api/console/support-bundle", Cancel);
        var audit = await browser.GetStringAsync("/api/console/audit", Cancel);
        program.Terminate();
        await program.EndAsync();

        Assert.Contains(" trace ", program.Output, StringComparison.Ordinal);
        Search("the log", program.Output);
        Search("the audit log", audit);
        foreach (var (name, text) in Unzipped(bundle))
        {
            Search($"{name} of the support bundle", text);
        }

        foreach (var file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories))
        {
            Search(file, Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Cancel)));
        }

        Assert.InRange(more, 0, 100);

        int Lines() => program.Output.Count(character => character == '\n');

        string New(string place, HttpRequestMessage request)
        {
            var token = $"planted{sent.Count:d5}{place.Length:d2}wrong";
            sent.Add(($"{request.Method} {request.RequestUri} by {place}", token));
            return token;
        }

        async Task AskAsync(HttpMethod method, string path, Action<HttpRequestMessage> plant)
        {
            using var request = new HttpRequestMessage(method, path);
            plant(request);
            using var answer = await caller.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
            Assert.True((int)answer.StatusCode < 500, $"{method} {path}: {answer.StatusCode}");
        }

        void Search(string where, string text)
        {
            foreach (var (place, token) in sent)
            {
                var at = text.IndexOf(token, StringComparison.Ordinal);
                Assert.True(at < 0, $"What was sent with {place} is in {where}: …{text[Math.Max(0, at - 200)..Math.Min(text.Length, Math.Max(0, at) + 60)]}");
            }
        }
    }

    private static IEnumerable<(string Name, string Text)> Unzipped(byte[] zip)
    {
        using var archive = new System.IO.Compression.ZipArchive(new MemoryStream(zip));
        foreach (var entry in archive.Entries)
        {
            using var reader = new StreamReader(entry.Open());
            yield return (entry.FullName, reader.ReadToEnd());
        }
    }
}
