using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Runner.Engine.Values;
using Runner.Web.Identity;

namespace Runner.Web.Live;

/// <summary>What an administrator does with the configuration. The role is checked here, on the server and at the moment of the act; every act and every refusal is audited.</summary>
internal sealed class ConfigurationActions(
    ConfigurationStore store, AuditLog audit, IAuthorizationService authorization, AuthenticationStateProvider authentication)
{
    /// <summary>Whether the user may change the configuration and see its secrets.</summary>
    public async Task<bool> MayAsync() => await MayAsync(await UserAsync().ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>Saves a text as the next version.</summary>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it.</exception>
    /// <exception cref="ConfigurationConflictException">Somebody saved in between; nothing was saved.</exception>
    public async Task<ConfigurationVersion> SaveAsync(string text, ChartVersion chart, string why, int basedOn, CancellationToken cancellationToken)
    {
        var user = await DemandAsync(AuditActions.ConfigurationSave, "", cancellationToken).ConfigureAwait(false);
        var saved = await store.SaveAsync(text, chart, user.Identity?.Name ?? "", why, basedOn, cancellationToken).ConfigureAwait(false);
        await audit.WriteAsync(user, AuditActions.ConfigurationSave, $"version {saved.Number}", AuditOutcome.Done, why, cancellationToken).ConfigureAwait(false);
        return saved;
    }

    /// <summary>Saves an earlier version's text as the next version.</summary>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it.</exception>
    /// <exception cref="ConfigurationConflictException">Somebody saved in between; nothing was saved.</exception>
    public async Task<ConfigurationVersion> RestoreAsync(int number, string why, int basedOn, CancellationToken cancellationToken)
    {
        var user = await DemandAsync(AuditActions.ConfigurationRestore, $"version {number}", cancellationToken).ConfigureAwait(false);
        var saved = await store.RestoreAsync(number, user.Identity?.Name ?? "", why, basedOn, cancellationToken).ConfigureAwait(false);
        await audit.WriteAsync(user, AuditActions.ConfigurationRestore, $"version {number}", AuditOutcome.Done, $"Saved as version {saved.Number}.", cancellationToken).ConfigureAwait(false);
        return saved;
    }

    /// <summary>Must be called before secrets are shown: it is written down who sees them.</summary>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it.</exception>
    public async Task ShowSecretsAsync(CancellationToken cancellationToken)
    {
        var user = await DemandAsync(AuditActions.SecretsShown, "configuration", cancellationToken).ConfigureAwait(false);
        await audit.WriteAsync(user, AuditActions.SecretsShown, "configuration", AuditOutcome.Done, "Shown in the editor.", cancellationToken).ConfigureAwait(false);
    }

    private async Task<ClaimsPrincipal> DemandAsync(string action, string target, CancellationToken cancellationToken)
    {
        var user = await UserAsync().ConfigureAwait(false);
        if (await MayAsync(user).ConfigureAwait(false))
        {
            return user;
        }

        await audit.WriteAsync(user, action, target, AuditOutcome.Refused, "The role does not allow it.", cancellationToken).ConfigureAwait(false);
        throw new UnauthorizedAccessException("Your role does not allow to change the configuration or to see its secrets. Ask an administrator.");
    }

    private async Task<ClaimsPrincipal> UserAsync() => (await authentication.GetAuthenticationStateAsync().ConfigureAwait(false)).User;

    private async Task<bool> MayAsync(ClaimsPrincipal user) => (await authorization.AuthorizeAsync(user, null, ConsolePolicies.Administrator).ConfigureAwait(false)).Succeeded;
}
