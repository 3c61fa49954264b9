using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Runner.Engine.Workloads;
using Runner.Web.Identity;

namespace Runner.Web.Live;

/// <summary>What an operator does to workloads.</summary>
public enum WorkloadAction
{
    Stop,
    Purge,
}

/// <summary>How an action on one workload ended.</summary>
/// <param name="Problem">Null when it was done; else what went wrong, for people.</param>
public sealed record ActionResult(WorkloadKey Key, string? Problem);

/// <summary>
/// Carries out what the signed-in user asks for. The role is checked here, on the server and at the moment of the act, whatever the page offered; every act and every refusal is audited.
/// </summary>
internal sealed partial class WorkloadActions(
    IConsoleEngine engine, AuditLog audit, IAuthorizationService authorization, AuthenticationStateProvider authentication, ILogger<WorkloadActions> logger)
{
    /// <summary>Whether the user may act; pages offer only what is allowed.</summary>
    public async Task<bool> MayAsync() => await MayAsync(await UserAsync().ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>Does it to each workload in turn. A failure does not keep the rest from being done.</summary>
    /// <exception cref="UnauthorizedAccessException">The user's role does not allow it; nothing was done, the attempt is audited.</exception>
    public async Task<IReadOnlyList<ActionResult>> RunAsync(WorkloadAction action, IReadOnlyCollection<WorkloadKey> keys, CancellationToken cancellationToken)
    {
        var user = await UserAsync().ConfigureAwait(false);
        var name = action == WorkloadAction.Stop ? AuditActions.Stop : AuditActions.Purge;
        if (!await MayAsync(user).ConfigureAwait(false))
        {
            foreach (var key in keys)
            {
                await audit.WriteAsync(user, name, key.ToString(), AuditOutcome.Refused, "The role does not allow it.", cancellationToken).ConfigureAwait(false);
            }

            throw new UnauthorizedAccessException($"Your role does not allow to {name} workloads. Ask an administrator for the role operator.");
        }

        var results = new List<ActionResult>();
        foreach (var key in keys)
        {
            results.Add(await RunAsync(user, action, name, key, cancellationToken).ConfigureAwait(false));
        }

        return results;
    }

    private async Task<ActionResult> RunAsync(ClaimsPrincipal user, WorkloadAction action, string name, WorkloadKey key, CancellationToken cancellationToken)
    {
        try
        {
            await (action == WorkloadAction.Stop ? engine.StopAsync(key, cancellationToken) : engine.PurgeAsync(key, cancellationToken)).ConfigureAwait(false);
            await audit.WriteAsync(user, name, key.ToString(), AuditOutcome.Done, "", cancellationToken).ConfigureAwait(false);
            return new ActionResult(key, null);
        }
#pragma warning disable CA1031 // Whatever the cluster answered is told to the user and audited.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            ActionFailed(logger, name, key.ToString(), exception);
            await audit.WriteAsync(user, name, key.ToString(), AuditOutcome.Failed, exception.Message, cancellationToken).ConfigureAwait(false);
            return new ActionResult(key, exception.Message);
        }
    }

    private async Task<ClaimsPrincipal> UserAsync() => (await authentication.GetAuthenticationStateAsync().ConfigureAwait(false)).User;

    private async Task<bool> MayAsync(ClaimsPrincipal user) =>
        (await authorization.AuthorizeAsync(user, null, ConsolePolicies.Operator).ConfigureAwait(false)).Succeeded;

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Action} of {Workload} failed")]
    private static partial void ActionFailed(ILogger logger, string action, string workload, Exception exception);
}
