using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OtpNet;
using Runner.Tests.Engine.Host;
using Runner.Web.Identity;
using Runner.Web.Identity.Access;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Identity;

/// <summary>Passwords, shared secrets, recovery codes, links, client secrets and tokens are made and used, and then everything the program said and keeps is searched for them.</summary>
public sealed class PlantedIdentitySecretsTests
{
    private const string Password = "planted odd tables";
    private const string ProviderSecret = "planted-provider-secret-7e8f";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_secret_about_identity_reaches_a_log_a_page_the_audit_log_or_the_data_folder()
    {
        using var folder = new TemporaryFolder();
        var data = folder.File("data");
        string link, clientSecret;
        TotpOffer offer;
        IReadOnlyList<string> codes;
        await using (var host = await RunnerHost.StartOnAsync(data))
        {
            var ann = await host.Get<UserDirectory>().CreateAsync("ann", Password, ConsoleRole.Administrator, Cancel);
            offer = SecondFactor.Offer(ann);
            codes = await host.Get<SecondFactor>().ConfirmAsync(ann.Id, offer, Code(offer), Cancel);
            link = await host.Get<OneTimeLinks>().CreateAsync((await host.Get<UserDirectory>().InviteAsync("ben", ConsoleRole.Viewer, Cancel)).Id, LinkPurpose.Password, Cancel);
            await using var circuit = host.App.Services.CreateAsyncScope();
            clientSecret = await circuit.ServiceProvider.GetRequiredService<ApiClients>().CreateAsync("auditor", ["audit.read"], Cancel);
        }

        await using var program = new RunnerProcess(
            "deploy runner -l trace", ("RUNNER_DATA_DIR", data), ("STARHUB_SERVER_API_TOKEN", RunnerHost.HubToken), ("RUNNER_ADMIN_PASSWORD", RunnerHost.AdminPassword),
            ("RUNNER_OIDC_ISSUER", "http://127.0.0.1:9"), ("RUNNER_OIDC_CLIENT_ID", "console"), ("RUNNER_OIDC_CLIENT_SECRET", ProviderSecret), ("RUNNER_OIDC_VIEWERS", "*"));
        await program.HealthyAsync();
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = program.Address };
        var said = new StringBuilder();
        using (var wrong = await RunnerHost.SignInAsync(browser, "ann", Password + " mistyped"))
        using (var step = await RunnerHost.SignInAsync(browser, "ann", Password))
        {
            said.Append(await wrong.Content.ReadAsStringAsync(Cancel));
            var page = await step.Content.ReadAsStringAsync(Cancel);
            said.Append(page);
            using var signedIn = await RunnerHost.SendFormAsync(browser, page, "/account/code", ("Code", codes[0]));
            Assert.Equal(System.Net.HttpStatusCode.Redirect, signedIn.StatusCode);
        }

        using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", "auditor"), new("client_secret", clientSecret), new("scope", "audit.read")]);
        using var answer = await browser.PostAsync("/connect/token", form, Cancel);
        using var token = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        var accessToken = token.RootElement.GetProperty("access_token").GetString()!;
        (await browser.GetAsync("/account/oidc", Cancel)).Dispose();
        (await browser.GetAsync("/account/password?link=" + link + "x", Cancel)).Dispose();
        foreach (var page in new[] { "/", "/access", "/access/sessions", "/access/clients", "/access/rules", "/access/audit", "/profile", "/api/console/audit", "/api/console/audit/export?format=json" })
        {
            said.AppendLine(await browser.GetStringAsync(page, Cancel));
        }

        program.Terminate();
        await program.EndAsync();

        Assert.Contains("auditor", said.ToString(), StringComparison.Ordinal);
        string[] secrets = [Password, ProviderSecret, offer.Secret, clientSecret, accessToken, link, RunnerHost.AdminPassword, .. codes, .. codes.Select(code => code.Replace("-", "", StringComparison.Ordinal))];
        Search("what was answered and shown", said.ToString());
        Search("the program's log", program.Output);
        foreach (var file in Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories))
        {
            Search(file, Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Cancel)));
        }

        void Search(string where, string text) => Assert.All(secrets, secret => Assert.False(text.Contains(secret, StringComparison.Ordinal), $"A secret ({secret[..4]}…) is in {where}."));
    }

    private static string Code(TotpOffer offer) => new Totp(Base32Encoding.ToBytes(offer.Secret)).ComputeTotp(TimeProvider.System.GetUtcNow().UtcDateTime);
}
