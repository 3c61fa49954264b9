using OpenIddict.Abstractions;
using Runner.Engine.Storage;
using Runner.Web.Identity.Stores;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Runner.Web.Identity.Tokens;

/// <summary>Sees to it at every start that the scopes and the command line's client exist, and that those of earlier versions do not.</summary>
internal sealed class TokenSetup(Database database, IStateStore state, StateSetup setup, IServiceScopeFactory scopes) : IHostedLifecycleService
{
    /// <summary>The public client of the command line: authorisation code with PKCE, back to a port on loopback.</summary>
    public const string CommandLineClient = "runner-cli";

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await Collections.EnsureIndexesAsync(database, cancellationToken);
        if (state.IsShared)
        {
            setup.Later(AddAsync);
        }
        else
        {
            await AddAsync(cancellationToken);
        }
    }

    private async Task AddAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<RemovedScopes>().DropAsync(cancellationToken);
        await AddScopesAsync(scope.ServiceProvider.GetRequiredService<IOpenIddictScopeManager>(), cancellationToken);
        await AddCommandLineAsync(scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>(), cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task AddScopesAsync(IOpenIddictScopeManager manager, CancellationToken cancellationToken)
    {
        foreach (var (name, _, description) in ApiScopes.All)
        {
            if (await manager.FindByNameAsync(name, cancellationToken) is null)
            {
                await manager.CreateAsync(new OpenIddictScopeDescriptor { Name = name, DisplayName = description }, cancellationToken);
            }
        }
    }

    private static async Task AddCommandLineAsync(IOpenIddictApplicationManager manager, CancellationToken cancellationToken)
    {
        if (await manager.FindByClientIdAsync(CommandLineClient, cancellationToken) is { } known)
        {
            await LetEndSessionsAsync(manager, known, cancellationToken);
            return;
        }

        var client = new OpenIddictApplicationDescriptor
        {
            ClientId = CommandLineClient,
            DisplayName = "Command line",
            ApplicationType = ApplicationTypes.Native,
            ClientType = ClientTypes.Public,

            // Ours, and of people who are signed in already: there is nobody to be asked for consent.
            ConsentType = ConsentTypes.Implicit,
            RedirectUris = { new Uri("http://127.0.0.1/callback"), new Uri("http://localhost/callback") },
            Permissions =
            {
                Permissions.Endpoints.Authorization,
                Permissions.Endpoints.EndSession,
                Permissions.Endpoints.Token,
                Permissions.Endpoints.Revocation,
                Permissions.GrantTypes.AuthorizationCode,
                Permissions.GrantTypes.RefreshToken,
                Permissions.ResponseTypes.Code,
            },
            Requirements = { Requirements.Features.ProofKeyForCodeExchange },
        };
        foreach (var (name, _, _) in ApiScopes.All)
        {
            client.Permissions.Add(Permissions.Prefixes.Scope + name);
        }

        await manager.CreateAsync(client, cancellationToken);
    }

    // Earlier versions did not: without it a client's identity token is refused there.
    private static async Task LetEndSessionsAsync(IOpenIddictApplicationManager manager, object client, CancellationToken cancellationToken)
    {
        if (await manager.HasPermissionAsync(client, Permissions.Endpoints.EndSession, cancellationToken))
        {
            return;
        }

        var descriptor = new OpenIddictApplicationDescriptor();
        await manager.PopulateAsync(descriptor, client, cancellationToken);
        descriptor.Permissions.Add(Permissions.Endpoints.EndSession);
        await manager.UpdateAsync(client, descriptor, cancellationToken);
    }
}
