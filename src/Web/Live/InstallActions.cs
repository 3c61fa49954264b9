using System.Globalization;
using System.Runtime.CompilerServices;
using Runner.Engine.Diagnostics.Installation;
using Runner.Web.Identity;

namespace Runner.Web.Live;

/// <summary>Installs bundles of manifests for administrators.</summary>
internal sealed class InstallActions(BundleInstallation installation, ActionGate gate)
{
    /// <summary>Goes through a bundle; see <see cref="BundleInstallation.RunAsync"/>.</summary>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it; nothing was asked of the cluster.</exception>
    public async IAsyncEnumerable<InstallStep> RunAsync(
        string cluster, IReadOnlyList<BundleObject> objects, InstallMode mode, bool dryRun, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await gate.RequireAsync(ConsolePolicies.Administrator, AuditActions.InstallManifests, cluster, cancellationToken).ConfigureAwait(false);
        var counts = new SortedDictionary<InstallOutcome, int>();
        try
        {
            await foreach (var step in installation.RunAsync(cluster, objects, mode, dryRun, cancellationToken).ConfigureAwait(false))
            {
                if (step.Outcome != InstallOutcome.Running)
                {
                    counts[step.Outcome] = counts.GetValueOrDefault(step.Outcome) + 1;
                }

                yield return step;
            }
        }
        finally
        {
            var failed = counts.ContainsKey(InstallOutcome.Refused) || counts.Values.Sum() < objects.Count;
            var outcomes = string.Join(", ", counts.Select(count => string.Create(CultureInfo.InvariantCulture, $"{count.Key} {count.Value}")));
            var named = string.Join(", ", objects.Take(5)) + (objects.Count > 5 ? " …" : "");
            var detail = new AuditDetail(dryRun ? AuditSentence.BundleTried : AuditSentence.BundleInstalled, $"{mode}", outcomes, named);
            await gate.NoteAsync(AuditActions.InstallManifests, cluster, failed ? AuditOutcome.Failed : AuditOutcome.Done, detail).ConfigureAwait(false);
        }
    }
}
