using Runner.Engine.Values;
using Runner.Web.Identity;

namespace Runner.Web.Live;

/// <summary>What an administrator does with the configuration.</summary>
internal sealed class ConfigurationActions(ConfigurationStore store, ActionGate gate)
{
    /// <summary>Whether the user may change the configuration and see its secrets.</summary>
    public Task<bool> MayAsync() => gate.MayAsync(ConsolePolicies.Administrator);

    /// <summary>Saves a text as the next version.</summary>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it.</exception>
    /// <exception cref="ConfigurationConflictException">Somebody saved in between; nothing was saved.</exception>
    /// <exception cref="IOException">The disk refused; nothing was saved.</exception>
    public async Task<ConfigurationVersion> SaveAsync(string text, ChartVersion chart, string why, int basedOn, CancellationToken cancellationToken)
    {
        var user = await gate.RequireAsync(ConsolePolicies.Administrator, AuditActions.ConfigurationSave, "configuration", cancellationToken).ConfigureAwait(false);
        return await WriteAsync(AuditActions.ConfigurationSave, () => store.SaveAsync(text, chart, user.Identity?.Name ?? "", why, basedOn, cancellationToken), AuditDetail.Quoted(why)).ConfigureAwait(false);
    }

    /// <summary>Saves an earlier version's text as the next version.</summary>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it.</exception>
    /// <exception cref="ConfigurationConflictException">Somebody saved in between; nothing was saved.</exception>
    /// <exception cref="IOException">The disk refused; nothing was saved.</exception>
    public async Task<ConfigurationVersion> RestoreAsync(int number, string why, int basedOn, CancellationToken cancellationToken)
    {
        var user = await gate.RequireAsync(ConsolePolicies.Administrator, AuditActions.ConfigurationRestore, $"version {number}", cancellationToken).ConfigureAwait(false);
        return await WriteAsync(
            AuditActions.ConfigurationRestore, () => store.RestoreAsync(number, user.Identity?.Name ?? "", why, basedOn, cancellationToken), new AuditDetail(AuditSentence.VersionAgain, $"{number}", why)).ConfigureAwait(false);
    }

    /// <summary>Must be called before secrets are shown: it is written down who sees them.</summary>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it.</exception>
    /// <exception cref="IOException">It could not be written down: nothing may be shown.</exception>
    public async Task ShowSecretsAsync(CancellationToken cancellationToken)
    {
        await gate.RequireAsync(ConsolePolicies.Administrator, AuditActions.SecretsShown, "configuration", cancellationToken).ConfigureAwait(false);
        await gate.NoteFirstAsync(AuditActions.SecretsShown, "configuration", new AuditDetail(AuditSentence.ShownInEditor), cancellationToken).ConfigureAwait(false);
    }

    private async Task<ConfigurationVersion> WriteAsync(string action, Func<Task<ConfigurationVersion>> write, AuditDetail detail)
    {
        try
        {
            var saved = await write().ConfigureAwait(false);
            await gate.NoteAsync(action, $"version {saved.Number}", AuditOutcome.Done, detail).ConfigureAwait(false);
            return saved;
        }
        catch (Exception exception) when (exception is ConfigurationConflictException or IOException or KeyNotFoundException)
        {
            await gate.NoteAsync(action, "configuration", AuditOutcome.Failed, WhyNot(exception)).ConfigureAwait(false);
            throw;
        }
    }

    private static AuditDetail WhyNot(Exception exception) => exception switch
    {
        ConfigurationConflictException { Newest: var newest } => new AuditDetail(AuditSentence.SavedMeanwhile, $"{newest.Number}", newest.Who),
        KeyNotFoundException => new AuditDetail(AuditSentence.NoSuchVersion),
        _ => AuditDetail.Of(exception),
    };
}
