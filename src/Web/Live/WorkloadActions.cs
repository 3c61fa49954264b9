using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;
using Runner.Engine;
using Runner.Web.Identity;

namespace Runner.Web.Live;

/// <summary>What an operator does to workloads, one or many at once.</summary>
public enum WorkloadAction
{
    Stop,

    /// <summary>For services alone: a job that ended is run anew by the hub.</summary>
    Restart,

    Purge,
}

/// <summary>How an action on one workload ended.</summary>
/// <param name="Problem">Null when it was done; else what went wrong, for people.</param>
public sealed record ActionResult(WorkloadKey Key, LocalText? Problem);

/// <summary>
/// Carries out what the signed-in user asks for. The role is checked here, on the server and at the moment of the act, whatever the page offered; every act and every refusal is audited.
/// </summary>
internal sealed partial class WorkloadActions(
    IConsoleEngine engine, AuditLog audit, IAuthorizationService authorization, AuthenticationStateProvider authentication, ILogger<WorkloadActions> logger)
{
    /// <summary>Whether the user may act; pages offer only what is allowed.</summary>
    public async Task<bool> MayAsync() => await MayAsync(await UserAsync().ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>Whether a workload can be restarted, whoever asks.</summary>
    public static bool CanRestart(WorkloadKey key) => key.Kind == WorkloadKind.Service;

    /// <summary>Whether an act means anything to a workload: what is no service can only be stopped or purged.</summary>
    public static bool Applies(WorkloadAction action, WorkloadKey key) => action != WorkloadAction.Restart || CanRestart(key);

    /// <summary>Whether it makes sense to change how many instances a workload may have: a space has one.</summary>
    public static bool CanScale(Workload workload) => workload.Key.Kind == WorkloadKind.Service && !ReplicaRange.IsFixed(workload.DeployType);

    /// <summary>Does it to each workload in turn. A failure does not keep the rest from being done.</summary>
    /// <exception cref="UnauthorizedAccessException">The user's role does not allow it; nothing was done, the attempt is audited.</exception>
    public Task<IReadOnlyList<ActionResult>> RunAsync(WorkloadAction action, IReadOnlyCollection<WorkloadKey> keys, CancellationToken cancellationToken) => action switch
    {
        WorkloadAction.Stop => RunAsync(AuditActions.Stop, keys, "", engine.StopAsync, cancellationToken),
        WorkloadAction.Restart => RunAsync(AuditActions.Restart, keys, "", engine.RestartAsync, cancellationToken),
        WorkloadAction.Purge => RunAsync(AuditActions.Purge, keys, "", engine.PurgeAsync, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "No such action."),
    };

    /// <summary>Changes how many instances a service may have.</summary>
    /// <inheritdoc cref="RunAsync(WorkloadAction, IReadOnlyCollection{WorkloadKey}, CancellationToken)" path="/exception"/>
    public async Task<ActionResult> ScaleAsync(WorkloadKey key, ReplicaRange range, CancellationToken cancellationToken) =>
        (await RunAsync(AuditActions.Scale, [key], $"{range.Min} to {range.Max} instances", (k, token) => engine.ScaleAsync(k, range, token), cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Shares the requests of a service out over its versions.</summary>
    /// <inheritdoc cref="RunAsync(WorkloadAction, IReadOnlyCollection{WorkloadKey}, CancellationToken)" path="/exception"/>
    public async Task<ActionResult> SetTrafficAsync(WorkloadKey key, IReadOnlyCollection<VersionShare> shares, CancellationToken cancellationToken)
    {
        var detail = string.Join(", ", shares.Select(share => $"{share.Commit} {share.Percent} %"));
        return (await RunAsync(AuditActions.Traffic, [key], detail, (k, token) => engine.SetTrafficAsync(k, shares, token), cancellationToken).ConfigureAwait(false))[0];
    }

    /// <param name="detail">What exactly was asked for, for the audit log.</param>
    private async Task<IReadOnlyList<ActionResult>> RunAsync(
        string name, IReadOnlyCollection<WorkloadKey> keys, string detail, Func<WorkloadKey, CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        var user = await UserAsync().ConfigureAwait(false);
        if (!await MayAsync(user).ConfigureAwait(false))
        {
            foreach (var key in keys)
            {
                await audit.WriteAsync(user, name, key.ToString(), AuditOutcome.Refused, "The role does not allow it.", cancellationToken).ConfigureAwait(false);
            }

            throw new UnauthorizedAccessException($"Your role does not allow '{name}' of workloads. Ask an administrator for the role operator.");
        }

        var results = new List<ActionResult>();
        foreach (var key in keys)
        {
            results.Add(await RunAsync(user, name, key, detail, act, cancellationToken).ConfigureAwait(false));
        }

        return results;
    }

    private async Task<ActionResult> RunAsync(
        ClaimsPrincipal user, string name, WorkloadKey key, string detail, Func<WorkloadKey, CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        try
        {
            await act(key, cancellationToken).ConfigureAwait(false);
            await audit.WriteAsync(user, name, key.ToString(), AuditOutcome.Done, detail, cancellationToken).ConfigureAwait(false);
            return new ActionResult(key, null);
        }
#pragma warning disable CA1031 // Whatever the cluster answered is told to the user and audited.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            ActionFailed(logger, name, key.ToString(), exception);
            await audit.WriteAsync(user, name, key.ToString(), AuditOutcome.Failed, exception.Message, cancellationToken).ConfigureAwait(false);
            return new ActionResult(key, IExplained.Of(exception));
        }
    }

    private async Task<ClaimsPrincipal> UserAsync() => (await authentication.GetAuthenticationStateAsync().ConfigureAwait(false)).User;

    private async Task<bool> MayAsync(ClaimsPrincipal user) =>
        (await authorization.AuthorizeAsync(user, null, ConsolePolicies.Operator).ConfigureAwait(false)).Succeeded;

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Action} of {Workload} failed")]
    private static partial void ActionFailed(ILogger logger, string action, string workload, Exception exception);
}
