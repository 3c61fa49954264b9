using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Runner.Web.Identity.Tokens;

/// <summary>
/// Takes scopes that earlier versions knew, and that open nothing any more, out of what is stored. Those of a newer version, which this one does not know either, stay: who goes back a version
/// keeps what clients may do.
/// </summary>
internal sealed partial class RemovedScopes(IOpenIddictScopeManager scopes, IOpenIddictApplicationManager applications, ILogger<RemovedScopes> logger)
{
    /// <summary>Their names; never to be given another meaning.</summary>
    internal static readonly string[] Names = ["workloads.write"];

    public async Task DropAsync(CancellationToken cancellationToken)
    {
        foreach (var name in Names)
        {
            if (await scopes.FindByNameAsync(name, cancellationToken).ConfigureAwait(false) is { } scope)
            {
                await scopes.DeleteAsync(scope, cancellationToken).ConfigureAwait(false);
                DroppedScope(name);
            }
        }

        var all = new List<object>();
        await foreach (var application in applications.ListAsync(cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            all.Add(application);
        }

        foreach (var application in all)
        {
            var descriptor = new OpenIddictApplicationDescriptor();
            await applications.PopulateAsync(descriptor, application, cancellationToken).ConfigureAwait(false);
            var dropped = Names.Where(name => descriptor.Permissions.Remove(Permissions.Prefixes.Scope + name)).ToList();
            if (dropped.Count > 0)
            {
                // By the entity, not by the descriptor: the secret is kept hashed and must not be hashed again.
                await applications.PopulateAsync(application, descriptor, cancellationToken).ConfigureAwait(false);
                await applications.UpdateAsync(application, cancellationToken).ConfigureAwait(false);
                DroppedOfClient(descriptor.ClientId ?? "", string.Join(", ", dropped));
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "The scope '{Scope}' of an earlier version opens nothing any more and was removed")]
    private partial void DroppedScope(string scope);

    [LoggerMessage(LogLevel.Information, "The API client '{Client}' had scopes of an earlier version that open nothing any more; they were taken from it: {Scopes}")]
    private partial void DroppedOfClient(string client, string scopes);
}
