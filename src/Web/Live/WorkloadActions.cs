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
/// <param name="Unnoted">Null when that is in the audit log; else why it is not, for people.</param>
public sealed record ActionResult(WorkloadKey Key, LocalText? Problem, LocalText? Unnoted = null)
{
    /// <summary>Whether there is something that people must know of.</summary>
    public bool IsTrouble => Problem is not null || Unnoted is not null;
}

/// <summary>
/// Carries out what the signed-in user asks for. The role is checked here, on the server and at the moment of the act, whatever the page offered; every act and every refusal is audited.
/// </summary>
internal sealed partial class WorkloadActions(
    IConsoleEngine engine, ActAudit audit, IAuthorizationService authorization, AuthenticationStateProvider authentication, ILogger<WorkloadActions> logger)
{
    /// <summary>Workloads of one call that are acted on at the same time: two hundred take no minutes, and neither the cluster nor whoever watches it is flooded.</summary>
    internal const int AtOnce = 6;

    /// <summary>Whether the user may act; pages offer only what is allowed.</summary>
    public async Task<bool> MayAsync() => await MayAsync(await UserAsync().ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>Whether a workload can be restarted, whoever asks.</summary>
    public static bool CanRestart(WorkloadKey key) => key.Kind == WorkloadKind.Service;

    /// <summary>Whether an act means anything to a workload: what is no service can only be stopped or purged.</summary>
    public static bool Applies(WorkloadAction action, WorkloadKey key) => action != WorkloadAction.Restart || CanRestart(key);

    /// <summary>Whether it makes sense to change how many instances a workload may have: a space has one.</summary>
    public static bool CanScale(Workload workload) => workload.Key.Kind == WorkloadKind.Service && !ReplicaRange.IsFixed(workload.DeployType);

    /// <summary>Does it to each workload, to some at the same time. A failure does not keep the rest from being done.</summary>
    /// <param name="each">Told each result as it comes, on any thread; null for nobody.</param>
    /// <returns>A result for each workload, in their order.</returns>
    /// <exception cref="UnauthorizedAccessException">The user's role does not allow it; nothing was done, the attempt is audited.</exception>
    public Task<IReadOnlyList<ActionResult>> RunAsync(
        WorkloadAction action, IReadOnlyCollection<WorkloadKey> keys, IProgress<ActionResult>? each, CancellationToken cancellationToken) => action switch
    {
        WorkloadAction.Stop => RunAsync(AuditActions.Stop, keys, AuditDetail.None, engine.StopAsync, each, cancellationToken),
        WorkloadAction.Restart => RunAsync(AuditActions.Restart, keys, AuditDetail.None, engine.RestartAsync, each, cancellationToken),
        WorkloadAction.Purge => RunAsync(AuditActions.Purge, keys, AuditDetail.None, engine.PurgeAsync, each, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "No such action."),
    };

    /// <summary>Changes how many instances a service may have.</summary>
    /// <inheritdoc cref="RunAsync(WorkloadAction, IReadOnlyCollection{WorkloadKey}, IProgress{ActionResult}, CancellationToken)" path="/exception"/>
    public async Task<ActionResult> ScaleAsync(WorkloadKey key, ReplicaRange range, CancellationToken cancellationToken) =>
        (await RunAsync(AuditActions.Scale, [key], new AuditDetail(AuditSentence.InstancesAsked, $"{range.Min}", $"{range.Max}"), (k, token) => engine.ScaleAsync(k, range, token), null, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Shares the requests of a service out over its versions.</summary>
    /// <inheritdoc cref="RunAsync(WorkloadAction, IReadOnlyCollection{WorkloadKey}, IProgress{ActionResult}, CancellationToken)" path="/exception"/>
    public async Task<ActionResult> SetTrafficAsync(WorkloadKey key, IReadOnlyCollection<VersionShare> shares, CancellationToken cancellationToken)
    {
        var detail = AuditDetail.Quoted(string.Join(", ", shares.Select(share => $"{share.Commit} {share.Percent} %")));
        return (await RunAsync(AuditActions.Traffic, [key], detail, (k, token) => engine.SetTrafficAsync(k, shares, token), null, cancellationToken).ConfigureAwait(false))[0];
    }

    /// <param name="detail">What exactly was asked for, for the audit log.</param>
    private async Task<IReadOnlyList<ActionResult>> RunAsync(
        string name, IReadOnlyCollection<WorkloadKey> keys, AuditDetail detail, Func<WorkloadKey, CancellationToken, Task> act, IProgress<ActionResult>? each, CancellationToken cancellationToken)
    {
        var user = await UserAsync().ConfigureAwait(false);
        if (!await MayAsync(user).ConfigureAwait(false))
        {
            foreach (var key in keys)
            {
                await audit.NoteAsync(user, name, key.ToString(), AuditOutcome.Refused, new AuditDetail(AuditSentence.NotAllowed)).ConfigureAwait(false);
            }

            throw new UnauthorizedAccessException($"Your role does not allow '{name}' of workloads. Ask an administrator for the role operator.");
        }

        var results = new ActionResult[keys.Count];
        var running = new List<Task>(keys.Count);
        using var room = new SemaphoreSlim(AtOnce);
        try
        {
            foreach (var (index, key) in keys.Index())
            {
                await room.WaitAsync(cancellationToken).ConfigureAwait(false);
                running.Add(OneAsync(index, key));
            }
        }
        finally
        {
            await Task.WhenAll(running).ConfigureAwait(false);
        }

        return results;

        async Task OneAsync(int index, WorkloadKey key)
        {
            try
            {
                results[index] = await RunAsync(user, name, key, detail, act, cancellationToken).ConfigureAwait(false);
                each?.Report(results[index]);
            }
            finally
            {
                room.Release();
            }
        }
    }

    private async Task<ActionResult> RunAsync(
        ClaimsPrincipal user, string name, WorkloadKey key, AuditDetail detail, Func<WorkloadKey, CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        try
        {
            await act(key, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever the cluster answered is told to the user and audited.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            ActionFailed(logger, name, key.ToString(), exception);
            return new ActionResult(key, IExplained.Of(exception), await audit.TryNoteAsync(user, name, key.ToString(), AuditOutcome.Failed, AuditDetail.Of(exception)).ConfigureAwait(false));
        }

        return new ActionResult(key, null, await audit.TryNoteAsync(user, name, key.ToString(), AuditOutcome.Done, detail).ConfigureAwait(false));
    }

    private async Task<ClaimsPrincipal> UserAsync() => (await authentication.GetAuthenticationStateAsync().ConfigureAwait(false)).User;

    private async Task<bool> MayAsync(ClaimsPrincipal user) =>
        (await authorization.AuthorizeAsync(user, null, ConsolePolicies.Operator).ConfigureAwait(false)).Succeeded;

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Action} of {Workload} failed")]
    private static partial void ActionFailed(ILogger logger, string action, string workload, Exception exception);
}
