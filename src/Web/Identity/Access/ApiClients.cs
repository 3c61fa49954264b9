using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using OpenIddict.Abstractions;
using Runner.Web.Identity.Tokens;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Runner.Web.Identity.Access;

/// <summary>A program that may ask for tokens of its own.</summary>
/// <param name="Id">Of the stored object.</param>
/// <param name="IsBuiltIn">The command line's client: public, of people, and not to be removed.</param>
/// <param name="RotatedAt">When its secret was made; null where it has none.</param>
public sealed record ApiClient(string Id, string ClientId, string Name, IReadOnlyList<string> Scopes, bool IsBuiltIn, DateTimeOffset? RotatedAt);

/// <summary>The clients of the token server that act for themselves (client credentials). Their secrets are made here, shown once and kept hashed.</summary>
internal sealed class ApiClients(IOpenIddictApplicationManager applications, IOpenIddictTokenManager tokens, TimeProvider time)
{
    public const int LongestName = 60;

    private const string RotatedProperty = "rotated";

    public async Task<IReadOnlyList<ApiClient>> ListAsync(CancellationToken cancellationToken)
    {
        var clients = new List<ApiClient>();
        await foreach (var application in applications.ListAsync(cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            clients.Add(await ReadAsync(application, cancellationToken).ConfigureAwait(false));
        }

        return [.. clients.OrderBy(client => client.IsBuiltIn).ThenBy(client => client.ClientId, StringComparer.Ordinal)];
    }

    /// <param name="clientId">Letters, digits, dots, dashes and underscores; what the client calls itself with.</param>
    /// <returns>The secret, to be shown once.</returns>
    /// <exception cref="AccessRefusedException">The name is taken or not valid, or there is no scope.</exception>
    public async Task<string> CreateAsync(string clientId, IReadOnlyCollection<string> scopes, CancellationToken cancellationToken)
    {
        if (clientId.Length is 0 or > LongestName || !clientId.All(character => char.IsAsciiLetterOrDigit(character) || "-_.".Contains(character)))
        {
            throw new AccessRefusedException(AccessRefusal.ClientNameInvalid, $"A client's id has 1 to {LongestName} letters, digits, dots, dashes and underscores.");
        }

        if (scopes.Count == 0 || !scopes.All(scope => ApiScopes.All.Any(known => known.Scope == scope)))
        {
            throw new AccessRefusedException(AccessRefusal.ScopesInvalid, "A client needs one scope at least, of those there are.");
        }

        if (await applications.FindByClientIdAsync(clientId, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new AccessRefusedException(AccessRefusal.ClientNameTaken, $"There is a client '{clientId}' already. Choose another id.");
        }

        var secret = NewSecret();
        var descriptor = new OpenIddictApplicationDescriptor
        {
            ClientId = clientId,
            DisplayName = clientId,
            ClientSecret = secret,
            ClientType = ClientTypes.Confidential,
            Permissions = { Permissions.Endpoints.Token, Permissions.Endpoints.Introspection, Permissions.Endpoints.Revocation, Permissions.GrantTypes.ClientCredentials },
            Properties = { [RotatedProperty] = Now() },
        };
        descriptor.Permissions.UnionWith(scopes.Select(scope => Permissions.Prefixes.Scope + scope));
        await applications.CreateAsync(descriptor, cancellationToken).ConfigureAwait(false);
        return secret;
    }

    /// <summary>Makes another secret. The old one and every token that was given for it end at once.</summary>
    /// <returns>The secret, to be shown once.</returns>
    /// <exception cref="AccessRefusedException">The client is gone, or built in.</exception>
    public async Task<string> RotateAsync(string id, CancellationToken cancellationToken)
    {
        var application = await FindOwnAsync(id, cancellationToken).ConfigureAwait(false);
        var secret = NewSecret();
        var descriptor = new OpenIddictApplicationDescriptor();
        await applications.PopulateAsync(descriptor, application, cancellationToken).ConfigureAwait(false);
        descriptor.ClientSecret = secret;
        descriptor.Properties[RotatedProperty] = Now();
        await applications.UpdateAsync(application, descriptor, cancellationToken).ConfigureAwait(false);
        await tokens.RevokeByApplicationIdAsync(id, cancellationToken).ConfigureAwait(false);
        return secret;
    }

    /// <summary>Removes the client and every token that it has.</summary>
    /// <exception cref="AccessRefusedException">The client is gone, or built in.</exception>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken) =>
        await applications.DeleteAsync(await FindOwnAsync(id, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private async Task<object> FindOwnAsync(string id, CancellationToken cancellationToken)
    {
        var application = await applications.FindByIdAsync(id, cancellationToken).ConfigureAwait(false)
            ?? throw new AccessRefusedException(AccessRefusal.ClientGone, "That client is gone. Reload the list.");
        return await applications.HasClientTypeAsync(application, ClientTypes.Confidential, cancellationToken).ConfigureAwait(false)
            ? application
            : throw new AccessRefusedException(AccessRefusal.ClientBuiltIn, "The command line's client belongs to the program: it has no secret and stays.");
    }

    private async Task<ApiClient> ReadAsync(object application, CancellationToken cancellationToken)
    {
        var permissions = await applications.GetPermissionsAsync(application, cancellationToken).ConfigureAwait(false);
        var properties = await applications.GetPropertiesAsync(application, cancellationToken).ConfigureAwait(false);
        var clientId = await applications.GetClientIdAsync(application, cancellationToken).ConfigureAwait(false) ?? "";
        return new ApiClient(
            await applications.GetIdAsync(application, cancellationToken).ConfigureAwait(false) ?? "",
            clientId,
            await applications.GetDisplayNameAsync(application, cancellationToken).ConfigureAwait(false) ?? clientId,
            [.. permissions.Where(permission => permission.StartsWith(Permissions.Prefixes.Scope, StringComparison.Ordinal)).Select(permission => permission[Permissions.Prefixes.Scope.Length..]).Order(StringComparer.Ordinal)],
            clientId == TokenSetup.CommandLineClient,
            properties.TryGetValue(RotatedProperty, out var at) && DateTimeOffset.TryParse(at.GetString(), CultureInfo.InvariantCulture, out var rotated) ? rotated : null);
    }

    private JsonElement Now() => JsonSerializer.SerializeToElement(time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
}
