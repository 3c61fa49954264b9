using Runner.Engine.Diagnostics;
using Runner.Web.Identity;

namespace Runner.Web.Live;

/// <summary>What a page may do with the checks.</summary>
internal sealed class DiagnosticsActions(DiagnosticsBoard board, ActionGate gate)
{
    /// <summary>Runs checks now.</summary>
    /// <param name="only">Null for all.</param>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it; nothing was run.</exception>
    public async Task RunAsync(CheckId? only, CancellationToken cancellationToken)
    {
        var target = only?.ToString() ?? "all";
        await gate.RequireAsync(ConsolePolicies.Operator, AuditActions.RunDiagnostics, target, cancellationToken).ConfigureAwait(false);
        await gate.NoteAsync(AuditActions.RunDiagnostics, target, AuditOutcome.Done, AuditDetail.None).ConfigureAwait(false);
        await board.RunAsync(only, cancellationToken).ConfigureAwait(false);
    }
}
