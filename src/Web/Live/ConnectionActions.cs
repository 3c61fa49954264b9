using System.Runtime.CompilerServices;
using Runner.Engine.ObjectStore;
using Runner.Engine.Probes;
using Runner.Engine.Registry;
using Runner.Web.Identity;

namespace Runner.Web.Live;

/// <summary>What a page may ask of <see cref="ConnectionTests"/>: operators test what is configured, administrators also with other values, and keep credentials.</summary>
internal sealed class ConnectionActions(ConnectionTests tests, ActionGate gate)
{
    /// <summary>Tests the registry.</summary>
    /// <param name="typed">What an administrator typed; null for the settings in force.</param>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it.</exception>
    /// <exception cref="ConnectionTestException">The cluster does not tell the credentials.</exception>
    public async IAsyncEnumerable<ProbeStep> TestAsync(RegistryTarget? typed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await RequireAsync(typed is not null, "registry", cancellationToken).ConfigureAwait(false);
        var target = await tests.RegistryTargetAsync(cancellationToken).ConfigureAwait(false);
        if (typed is not null)
        {
            target = Merge(target, typed);
        }

        await foreach (var step in WatchAsync(tests.TestAsync(target, cancellationToken), "registry", target.Address).ConfigureAwait(false))
        {
            yield return step;
        }
    }

    /// <summary>Tests the object store.</summary>
    /// <param name="typed">What an administrator typed; null for the settings in force.</param>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it.</exception>
    public async IAsyncEnumerable<ProbeStep> TestAsync(ObjectStoreTarget? typed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await RequireAsync(typed is not null, "object-store", cancellationToken).ConfigureAwait(false);
        var target = tests.ObjectStoreTarget();
        if (typed is not null)
        {
            target = Merge(target, typed);
        }

        await foreach (var step in WatchAsync(tests.TestAsync(target, cancellationToken), "object-store", target.ToString()).ConfigureAwait(false))
        {
            yield return step;
        }
    }

    /// <summary>Keeps the credentials in the pull secret.</summary>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it.</exception>
    /// <exception cref="ConnectionTestException">They could not be kept; the message says why and what to try.</exception>
    public async Task SaveAsync(RegistryTarget typed, CancellationToken cancellationToken)
    {
        await gate.RequireAsync(ConsolePolicies.Administrator, AuditActions.SaveCredentials, typed.Address, cancellationToken).ConfigureAwait(false);
        try
        {
            await tests.SaveCredentialsAsync(typed, cancellationToken).ConfigureAwait(false);
            await gate.NoteAsync(AuditActions.SaveCredentials, typed.Address, AuditOutcome.Done, new AuditDetail(AuditSentence.UserName, typed.UserName)).ConfigureAwait(false);
        }
        catch (ConnectionTestException refusal)
        {
            await gate.NoteAsync(AuditActions.SaveCredentials, typed.Address, AuditOutcome.Failed, AuditDetail.Of(refusal)).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What is typed over what is in force. A password that is kept goes to the server it is kept for and, unless the same user name is meant, to nobody. Pure.</summary>
    internal static RegistryTarget Merge(RegistryTarget kept, RegistryTarget typed)
    {
        var same = typed.Address.Trim() == kept.Address.Trim() && typed.UserName == kept.UserName && typed.PlainHttp == kept.PlainHttp;
        return typed with { Password = typed.Password.Length == 0 && same ? kept.Password : typed.Password };
    }

    /// <summary>As of the registry: keys that are kept go to its own endpoint only. Pure.</summary>
    internal static ObjectStoreTarget Merge(ObjectStoreTarget kept, ObjectStoreTarget typed)
    {
        var same = typed.Endpoint.Trim() == kept.Endpoint.Trim();
        return same && typed.AccessKeySecret.Length == 0 && (typed.AccessKeyId.Length == 0 || typed.AccessKeyId == kept.AccessKeyId)
            ? typed with { AccessKeyId = kept.AccessKeyId, AccessKeySecret = kept.AccessKeySecret }
            : typed;
    }

    private async Task RequireAsync(bool typed, string what, CancellationToken cancellationToken) =>
        await gate.RequireAsync(typed ? ConsolePolicies.Administrator : ConsolePolicies.Operator, AuditActions.TestConnection, what, cancellationToken).ConfigureAwait(false);

    private async IAsyncEnumerable<ProbeStep> WatchAsync(IAsyncEnumerable<ProbeStep> steps, string what, string where)
    {
        ProbeStep? failed = null;
        await foreach (var step in steps.ConfigureAwait(false))
        {
            failed ??= step.Outcome == ProbeOutcome.Failed ? step : null;
            yield return step;
        }

        var detail = failed is null ? AuditDetail.Quoted(where) : new AuditDetail(AuditSentence.TestFailed, [where, $"{failed.Id}", $"{failed.Fault}", .. failed.Arguments]);
        await gate.NoteAsync(AuditActions.TestConnection, what, failed is null ? AuditOutcome.Done : AuditOutcome.Failed, detail).ConfigureAwait(false);
    }
}
