using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Web;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using Runner.Tests.Engine.Host;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Runner.Tests.Engine.Identity;

/// <summary>A client of the token server, as any OpenID Connect library would be one: speaks HTTP only.</summary>
/// <param name="address">The replica by whose address the one is called, as all are behind one gateway; null for its own.</param>
internal sealed class TokenClient(RunnerHost host, RunnerHost? address = null)
{
    public const string Redirect = "http://127.0.0.1:54321/callback";
    public const string Secret = "the secret of a machine";

    private readonly string _verifier = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Proves that whoever redeems a code is who asked for it.</summary>
    public string Verifier => _verifier;

    /// <summary>Registers a client that acts for itself.</summary>
    public static async Task AddMachineAsync(RunnerHost host, string id, params string[] scopes)
    {
        await using var scope = host.App.Services.CreateAsyncScope();
        var descriptor = new OpenIddictApplicationDescriptor
        {
            ClientId = id,
            ClientSecret = Secret,
            ClientType = ClientTypes.Confidential,
            Permissions = { Permissions.Endpoints.Token, Permissions.Endpoints.Introspection, Permissions.Endpoints.Revocation, Permissions.GrantTypes.ClientCredentials },
        };
        foreach (var name in scopes)
        {
            descriptor.Permissions.Add(Permissions.Prefixes.Scope + name);
        }

        await scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>().CreateAsync(descriptor, Cancel);
    }

    /// <summary>Where the browser of a signed-in user is sent with a code.</summary>
    public async Task<Uri> AuthorizeAsync(HttpClient browser, string scope, string redirect = Redirect)
    {
        var challenge = Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(_verifier))).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var url = $"/connect/authorize?client_id=runner-cli&response_type=code&redirect_uri={Uri.EscapeDataString(redirect)}&scope={Uri.EscapeDataString(scope)}"
            + $"&code_challenge={challenge}&code_challenge_method=S256&state=xyz";
        using var answer = await browser.GetAsync(url, Cancel);
        return answer.Headers.Location ?? throw new InvalidOperationException($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Cancel)}");
    }

    public static string CodeIn(Uri redirect) => HttpUtility.ParseQueryString(redirect.Query)["code"] ?? throw new InvalidOperationException($"No code in {redirect}");

    public Task<JsonElement> RedeemAsync(string code, string? verifier = null) => TokenAsync(
        ("grant_type", "authorization_code"), ("client_id", "runner-cli"), ("code", code), ("redirect_uri", Redirect), ("code_verifier", verifier ?? _verifier));

    public Task<JsonElement> RefreshAsync(string token) => TokenAsync(("grant_type", "refresh_token"), ("client_id", "runner-cli"), ("refresh_token", token));

    public Task<JsonElement> ClientCredentialsAsync(string id, string scope, string secret = Secret) => TokenAsync(
        ("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret), ("scope", scope));

    public Task<JsonElement> TokenAsync(params (string Name, string Value)[] fields) => PostAsync("/connect/token", fields);

    public async Task<JsonElement> PostAsync(string path, params (string Name, string Value)[] fields)
    {
        using var client = Program();
        using var form = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        using var answer = await client.PostAsync(path, form, Cancel);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    /// <summary>Asks for the audit log with a token.</summary>
    public async Task<int> ReadAuditAsync(string accessToken)
    {
        using var client = Program();
        client.DefaultRequestHeaders.Authorization = new("Bearer", accessToken);
        using var answer = await client.GetAsync("/api/console/audit", Cancel);
        return (int)answer.StatusCode;
    }

    /// <summary>Asks for the audit log with a token that may not have it, and reads why not.</summary>
    public async Task<string> RefusalAsync(string accessToken)
    {
        using var client = Program();
        client.DefaultRequestHeaders.Authorization = new("Bearer", accessToken);
        using var answer = await client.GetAsync("/api/console/audit", Cancel);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("msg").GetString()!;
    }

    private HttpClient Program()
    {
        var client = host.Program();
        client.DefaultRequestHeaders.Host = address?.Address.Authority;
        return client;
    }
}
