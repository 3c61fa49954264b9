using Runner.Engine;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Diagnostics.Installation;
using Runner.Web.Live;

namespace Runner.Web.Components.Models.Operations;

/// <summary>A bundle on its way into a cluster: read, tried, installed. Used by one circuit at a time.</summary>
internal sealed class InstallModel(InstallActions actions)
{
    private string _tried = "";

    /// <summary>The objects in their order, as each stands.</summary>
    public List<InstallStep> Steps { get; } = [];

    public int Total { get; private set; }

    /// <summary>Why the bundle could not be read or tried; empty for none.</summary>
    public LocalText Problem { get; private set; } = LocalText.None;

    public bool Forbidden { get; private set; }

    public bool Running { get; private set; }

    /// <summary>True when <see cref="Steps"/> tell what was done, not what would be.</summary>
    public bool Installed { get; private set; }

    public int Count(InstallOutcome outcome) => Steps.Count(step => step.Outcome == outcome);

    /// <summary>Whether exactly this was tried and nothing of it would be refused.</summary>
    public bool MayInstall(string cluster, string text, InstallMode mode) =>
        !Running && !Installed && Total > 0 && Steps.Count == Total && Count(InstallOutcome.Refused) == 0 && _tried == Mark(cluster, text, mode);

    public async Task RunAsync(string cluster, string text, InstallMode mode, bool dryRun, Action changed, CancellationToken cancellationToken)
    {
        if (Running || (!dryRun && !MayInstall(cluster, text, mode)))
        {
            return;
        }

        Steps.Clear();
        (Problem, Forbidden, Installed, Running, Total) = (LocalText.None, false, !dryRun, true, 0);
        try
        {
            var objects = ManifestBundle.Parse(text);
            Total = objects.Count;
            await foreach (var step in actions.RunAsync(cluster, objects, mode, dryRun, cancellationToken).ConfigureAwait(true))
            {
                if (Steps.Count > 0 && Steps[^1].Outcome == InstallOutcome.Running)
                {
                    Steps[^1] = step;
                }
                else
                {
                    Steps.Add(step);
                }

                changed();
            }

            _tried = Mark(cluster, text, mode);
        }
        catch (UnauthorizedAccessException)
        {
            Forbidden = true;
        }
        catch (Exception exception) when (exception is BundleException or UnknownClusterException)
        {
            Problem = IExplained.Of(exception);
        }
        finally
        {
            Running = false;
        }
    }

    private static string Mark(string cluster, string text, InstallMode mode) => $"{cluster} {mode} {text}";
}
