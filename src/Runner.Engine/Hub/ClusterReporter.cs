using System.Text.Json;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub.Events;
using Runner.Engine.Hub.Payloads;

namespace Runner.Engine.Hub;

/// <summary>
/// Tells the hub of one cluster: registers it once it answers, and tells its addresses when the watched ConfigMap appears or changes. Both go through
/// the outbox. A hub at another address is told anew; what comes again without being new is told to nobody.
/// </summary>
internal sealed partial class ClusterReporter(
    ClusterConnection cluster, RunnerOptions options, LiveSettings settings, Outbox outbox, OutboxStore store, HubLeadership leadership, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(2);

    private readonly Signal _changed = new();
    private readonly List<string> _left = [.. store.WaitingBodies(ClusterPayloads.ResourceOf(cluster.Name))];
    private Registration? _registered;
    private Announcement? _announced;

    /// <summary>Id by which the cluster was registered by this process; null while it is not.</summary>
    public string? RegisteredAs => Volatile.Read(ref _registered)?.ClusterId;

    /// <summary>Name of the connection.</summary>
    public string Cluster => cluster.Name;

    /// <summary>Tells until cancelled. Never throws.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        settings.Changed += _changed.Set;
        cluster.StatusChanged += Wake;
        leadership.Changed += _changed.Set;
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var told = await TryTellAsync(cancellationToken).ConfigureAwait(false);
                await _changed.WaitAsync(told ? Timeout.InfiniteTimeSpan : RetryPause, time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            settings.Changed -= _changed.Set;
            cluster.StatusChanged -= Wake;
            leadership.Changed -= _changed.Set;
        }
    }

    private void Wake(ClusterConnection changed) => _changed.Set();

    private async Task<bool> TryTellAsync(CancellationToken cancellationToken)
    {
        try
        {
            await TellAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return true;
        }
#pragma warning disable CA1031 // Whatever went wrong, most likely the disk, it is tried again; the loop must not end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotTold(cluster.Name, exception.Message);
            return false;
        }
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        if (!leadership.IsLeader || cluster.Status is not { Health: ClusterHealth.Connected, ClusterId: { } id } || !IsRead())
        {
            return;
        }

        var now = settings.Of(cluster.Name);
        var registration = new Registration(id, settings.WebhookEndpoint);
        if (_registered is { Hub: null } waiting && waiting.ClusterId == id)
        {
            // What waited for a hub goes to the first one that is known.
            _registered = registration;
        }

        if (registration != _registered)
        {
            await AddAsync(ClusterPayloads.Created(cluster.Name, id, now, time.GetUtcNow()), cancellationToken).ConfigureAwait(false);
            (_registered, _announced) = (registration, null);
            LogRegistered(cluster.Name, id);
        }

        // Not the hub's own changes: it need not be told what it said itself.
        var announcement = new Announcement(settings.MapOf(cluster.Name), now.ApplicationEndpoint);
        if (announcement != _announced && ConfigMapValues.IsAddress(now.PublicDomain))
        {
            await AddAsync(ClusterPayloads.Updated(cluster.Name, id, now, time.GetUtcNow()), cancellationToken).ConfigureAwait(false);
            _announced = announcement;
        }
    }

    /// <summary>Whether the settings are what they are going to be, as far as that can be known: nothing is told that is corrected a moment later.</summary>
    private bool IsRead()
    {
        var mapKnown = options.Hub.ConfigMapName.Length == 0 || settings.MapOf(cluster.Name) != ConfigMapValues.None || settings.Problems.Any(problem => problem.Cluster == cluster.Name);
        return mapKnown && (!settings.WantsIngress(cluster.Name) || settings.KnowsIngress(cluster.Name));
    }

    /// <summary>Writes an event, unless a former process wrote the same and the hub has not taken it yet: a runner that cannot stay up must not fill the outbox.</summary>
    private async Task AddAsync(HubEvent e, CancellationToken cancellationToken)
    {
        var news = NewsOf(e.Body);
        if (_left.RemoveAll(body => NewsOf(body) == news) == 0)
        {
            await outbox.AddAsync([e], cancellationToken).ConfigureAwait(false);
        }
    }

    private static (string Type, string Data) NewsOf(string body)
    {
        using var json = JsonDocument.Parse(body);
        return (json.RootElement.GetProperty("event_type").GetString() ?? "", json.RootElement.GetProperty("data").GetRawText());
    }

    [LoggerMessage(LogLevel.Information, "Cluster {Cluster} is registered at the hub as {ClusterId}")]
    private partial void LogRegistered(string cluster, string clusterId);

    [LoggerMessage(LogLevel.Error, "Cluster {Cluster}: what the hub must hear of it could not be written and is tried again: {Problem}")]
    private partial void LogNotTold(string cluster, string problem);

    private sealed record Registration(string ClusterId, Uri? Hub);

    private sealed record Announcement(ConfigMapValues Map, string ApplicationEndpoint);
}
