using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using Runner.Tests.Engine.Host;
using Runner.Web.Hosting;
using Runner.Web.Identity.Tokens;

#pragma warning disable CA5359 // The certificates are of this test's own making.

namespace Runner.Tests.Engine.Identity;

public sealed class HardeningTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Under_a_path_prefix_pages_files_circuits_redirects_and_the_API_all_work()
    {
        await using var host = await RunnerHost.StartAsync(options => options with { PathBase = "/runner" });
        using var stranger = host.Browser();
        using var browser = host.Browser();

        using var led = await stranger.GetAsync("/runner/workloads?filter=x", Cancel);
        var door = await browser.GetStringAsync(led.Headers.Location!.PathAndQuery, Cancel);
        using var signedIn = await RunnerHost.SendFormAsync(browser, door, "/runner/account/sign-in", ("User", "admin"), ("Password", RunnerHost.AdminPassword));
        var page = await browser.GetStringAsync(signedIn.Headers.Location, Cancel);
        using var home = await browser.GetAsync("/runner/sign-in", Cancel);
        using var language = await browser.GetAsync("/runner/language/zh-Hans?returnUrl=~%2Fworkloads", Cancel);
        using var negotiated = await browser.PostAsync("/runner/_blazor/negotiate?negotiateVersion=1", null, Cancel);
        using var audit = await browser.GetAsync("/runner/api/console/audit", Cancel);
        var rules = await browser.GetStringAsync("/runner/access/rules", Cancel);
        using var call = new HttpRequestMessage(HttpMethod.Get, "/runner/api/v1/service/x/status") { Headers = { Authorization = new("Bearer", RunnerHost.HubToken) } };
        using var status = await browser.SendAsync(call, Cancel);

        Assert.Equal("/runner/sign-in", led.Headers.Location.AbsolutePath);
        Assert.Equal("/runner/workloads?filter=x", signedIn.Headers.Location?.OriginalString);
        Assert.Contains("<base href=\"/runner/\"", door, StringComparison.Ordinal);
        Assert.Contains("<base href=\"/runner/\"", page, StringComparison.Ordinal);
        Assert.Equal("/runner/", home.Headers.Location?.OriginalString);
        Assert.Equal("/runner/workloads", language.Headers.Location?.OriginalString);
        // What is registered at a provider, which comes before there is one here.
        Assert.Contains($"{browser.BaseAddress}runner/account/oidc/callback", rules, StringComparison.Ordinal);
        Assert.Contains($"{browser.BaseAddress}runner/account/oidc/signed-out", rules, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (negotiated.StatusCode, audit.StatusCode));
        Assert.NotEqual(HttpStatusCode.Unauthorized, status.StatusCode);
        foreach (var file in Files(page))
        {
            using var answer = await browser.GetAsync("/runner/" + file, Cancel);
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{file}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task The_listener_speaks_TLS_with_the_certificate_it_was_given_and_with_a_changed_one_without_a_restart()
    {
        using var folder = new TemporaryFolder();
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        Write(folder, "first");
        await using var host = await RunnerHost.StartAsync(options => options with { Tls = new() { CertificatePath = folder.File("tls.crt"), KeyPath = folder.File("tls.key") } }, time: time);

        Assert.Equal("CN=first", await SubjectAsync(host.Address));
        Assert.Equal(0, await HealthCheck.AskAsync(host.Address.Port, tls: true));
        await File.WriteAllTextAsync(folder.File("tls.crt"), "half a fi", Cancel);
        time.Advance(ListenerCertificate.Interval);
        Assert.Equal("CN=first", await SubjectAsync(host.Address));
        Write(folder, "second");
        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(ListenerCertificate.Interval);
                return await SubjectAsync(host.Address) == "CN=second";
            },
            "the second certificate is presented");

        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } }) { BaseAddress = host.Address };
        using var answer = await client.GetAsync("/sign-in", Cancel);
        Assert.StartsWith("max-age=", answer.Headers.GetValues("Strict-Transport-Security").Single(), StringComparison.Ordinal);
        Assert.All(answer.Headers.GetValues("Set-Cookie"), cookie => Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void A_certificate_that_cannot_be_read_refuses_the_start_and_says_what_to_do()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("tls.crt"), "nothing");
        var exception = Assert.Throws<StartRefusedException>(() => new ListenerCertificate(
            new() { CertificatePath = folder.File("tls.crt"), KeyPath = folder.File("missing.key") }, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<ListenerCertificate>.Instance));
        Assert.Contains("RUNNER_TLS_CERTIFICATE", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Certificates_of_tokens_are_announced_before_they_sign_and_kept_until_the_last_token_has_ended()
    {
        using var folder = new TemporaryFolder();
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var certificates = new TokenCertificates(new(new DirectoryInfo(folder.Path)), time);
        var first = certificates.Of(TokenKeyUse.Signing)[0].Thumbprint;

        time.Advance(TokenCertificates.Period - TokenCertificates.Ahead);
        Assert.True(certificates.Rotate());
        var announced = certificates.Of(TokenKeyUse.Signing).Select(certificate => certificate.Thumbprint).ToList();
        Assert.False(certificates.Rotate());
        time.Advance(TokenCertificates.Ahead);
        Assert.True(certificates.Rotate());
        var used = certificates.Of(TokenKeyUse.Signing).Select(certificate => certificate.Thumbprint).ToList();
        time.Advance(TokenCertificates.Overlap + TimeSpan.FromDays(1));
        certificates.Rotate();
        var after = certificates.Of(TokenKeyUse.Signing).Select(certificate => certificate.Thumbprint).ToList();

        Assert.Equal(first, announced[0]);
        Assert.Equal(2, announced.Count);
        Assert.Equal([announced[1], first], used);
        Assert.Equal([announced[1]], after);
        Assert.Equal(after, new TokenCertificates(new(new DirectoryInfo(folder.Path)), time).Of(TokenKeyUse.Signing).Select(certificate => certificate.Thumbprint));
    }

    [Fact]
    public async Task A_token_of_the_certificate_before_still_holds_and_a_new_one_is_signed_by_the_next()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var host = await RunnerHost.StartAsync(time: time);
        await TokenClient.AddMachineAsync(host, "auditor", "audit.read");
        var client = new TokenClient(host);
        var keys = host.Get<TokenKeys>();
        Forward(time, TokenCertificates.Period - TokenCertificates.Ahead);
        keys.Rotate();
        Forward(time, TokenCertificates.Ahead - TimeSpan.FromDays(1) - TimeSpan.FromMinutes(5));
        var old = (await client.ClientCredentialsAsync("auditor", "audit.read")).GetProperty("access_token").GetString()!;
        var before = await KeysAsync(host);
        Forward(time, TimeSpan.FromMinutes(6));
        keys.Rotate();

        var next = (await client.ClientCredentialsAsync("auditor", "audit.read")).GetProperty("access_token").GetString()!;

        Assert.Equal(2, before.Length);
        Assert.Equal((200, 200), (await client.ReadAuditAsync(old), await client.ReadAuditAsync(next)));
    }

    /// <summary>Puts the clock forward without the program's timers going off some million times on the way.</summary>
    private static void Forward(FakeTimeProvider time, TimeSpan by) => time.AdjustTime(time.GetUtcNow() + by);

    private static async Task<string[]> KeysAsync(RunnerHost host)
    {
        using var program = host.Program();
        using var document = System.Text.Json.JsonDocument.Parse(await program.GetStringAsync("/.well-known/jwks", Cancel));
        return [.. document.RootElement.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString()!)];
    }

    private static List<string> Files(string html) =>
        html.Split(['"']).Where(part => part.StartsWith("css/", StringComparison.Ordinal) || part.StartsWith("js/", StringComparison.Ordinal) || part.StartsWith("_framework/blazor", StringComparison.Ordinal) || part.StartsWith("_content/MudBlazor/", StringComparison.Ordinal))
            .Distinct().ToList() is { Count: > 5 } files ? files : throw new InvalidOperationException(html);

    private static void Write(TemporaryFolder folder, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(30));
        File.WriteAllText(folder.File("tls.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(folder.File("tls.crt"), certificate.ExportCertificatePem());
    }

    private static async Task<string> SubjectAsync(Uri address)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, address.Port, Cancel);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, Cancel);
        return tls.RemoteCertificate!.Subject;
    }
}
