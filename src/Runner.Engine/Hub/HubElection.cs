using System.Net;
using k8s.Autorest;
using k8s.LeaderElection;
using k8s.LeaderElection.ResourceLock;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub.Events;

namespace Runner.Engine.Hub;

/// <summary>
/// Decides by a Lease in the runner's namespace which of several replicas speaks to the hub. Does nothing where there is no election. A runner that
/// may not use Leases speaks, because one that says nothing at all is worse, and says what is missing. Whoever is elected first writes its name into the state
/// that replicas share: from then on nothing that the one before still wants to write of the outbox is taken, and all that it has written is known. Who cannot write that gives the Lease
/// back: another one may be able to.
/// </summary>
internal sealed partial class HubElection(
    ClusterDirectory clusters, RunnerOptions options, HubLeadership leadership, OutboxStore store, Outbox outbox, TimeProvider time, ILogger<HubElection> logger) : BackgroundService
{
    private const string DefaultName = "csghub-runner";

    private static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(3);

    /// <summary>A leader that cannot renew for so long falls silent, well before another one speaks.</summary>
    private readonly TimeSpan _deadline = options.LeaseDuration * 2 / 3;
    private readonly TimeSpan _retry = options.LeaseDuration / 10;

    /// <summary>How long whoever has given the Lease back leaves it to others: each of them looks at it several times meanwhile.</summary>
    private readonly TimeSpan _courtesy = options.LeaseDuration / 2;
    private readonly Lock _lock = new();
    private Task _claim = Task.CompletedTask;
    private bool _alone;
    private bool _hasGivenUp;
    private string _trouble = "";

    /// <summary>Ends what was begun for one stand: the next one begins anew.</summary>
    private CancellationTokenSource? _standing;

    private readonly string _identity = $"{Environment.MachineName}_{Guid.NewGuid():N}"[..Math.Min(Environment.MachineName.Length + 9, 63)];

    /// <summary>Whether replicas have to agree who speaks.</summary>
    public static bool IsNeeded(ClusterEndpoint cluster, RunnerOptions options) => options.LeaderElection ?? cluster.Origin == ClusterOrigin.InCluster;

    /// <summary>The Lease is named like the watched ConfigMap, so that each release in a namespace has one of its own.</summary>
    public static string LeaseOf(RunnerOptions options) => options.Hub.ConfigMapName.Length > 0 ? options.Hub.ConfigMapName : DefaultName;

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        return leadership.Leader is null ? Task.CompletedTask : Task.Run(() => ElectAsync(clusters.Connections[0], stoppingToken), CancellationToken.None);
    }

    /// <summary>Stands for election again and again. Never throws.</summary>
    private async Task ElectAsync(ClusterConnection cluster, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await cluster.WaitUntilConnectedAsync(cancellationToken).ConfigureAwait(false);

                // Whoever does not know what waits could hold the Lease and say nothing.
                await store.WhenReadyAsync(cancellationToken).ConfigureAwait(false);
                await StandAsync(cluster, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever went wrong, the loop must not end.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogTrouble(exception.Message);
            }

            await Task.Delay(_hasGivenUp ? _courtesy : _retry, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits to be elected, and returns when the leadership is lost or given up.</summary>
    private async Task StandAsync(ClusterConnection cluster, CancellationToken cancellationToken)
    {
        using var standing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        (_standing, _hasGivenUp) = (standing, false);
        var lease = new LeaseLock(cluster.Client, options.RunnerNamespace, LeaseOf(options), _identity);
        var @lock = new LeaseHold(lease, time, (began, othersUntil) =>
        {
            cluster.Contacted();
            leadership.OthersUntil = othersUntil ?? leadership.OthersUntil;
            Hold(began, standing);
        });
        using var elector = new LeaderElector(new LeaderElectionConfig(@lock) { LeaseDuration = options.LeaseDuration, RenewDeadline = _deadline, RetryPeriod = _retry });
        elector.OnNewLeader += leader =>
        {
            if (leader != _identity)
            {
                Follow(leader);
            }
        };
        elector.OnError += exception => Trouble(cluster, exception);
        lease.OnHttpError += exception => Trouble(cluster, exception);
        try
        {
            await LookAsync(lease, cluster, cancellationToken).ConfigureAwait(false);
            await elector.RunUntilLeadershipLostAsync(standing.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_hasGivenUp && !cancellationToken.IsCancellationRequested)
        {
            // It ends as when the leadership is lost.
        }
        finally
        {
            var leads = leadership.IsLeader;
            await standing.CancelAsync().ConfigureAwait(false);
            await _claim.ConfigureAwait(false);
            if (_hasGivenUp)
            {
                await ReleaseAsync(lease).ConfigureAwait(false);
            }
            else if (leads && cancellationToken.IsCancellationRequested)
            {
                // What is on its way to the hub is finished and written down before another one may begin.
                leadership.Resign();
                await outbox.QuietAsync(ReleasePatience).ConfigureAwait(false);
                Follow("");
                await ReleaseAsync(lease).ConfigureAwait(false);
            }
            else if (!_alone && leadership.Leader == _identity)
            {
                Follow("");
            }
        }
    }

    /// <summary>The Lease is ours for a while more. The first time, and when the leadership has lapsed meanwhile, it is taken up.</summary>
    private void Hold(long began, CancellationTokenSource standing)
    {
        leadership.Hold(began, _deadline);
        Interlocked.Exchange(ref _trouble, "");
        lock (_lock)
        {
            _alone = false;
            if (!leadership.IsInTime || !_claim.IsCompleted || (leadership.IsLeader && store.IsClaimed(_identity)))
            {
                // An answer that comes too late, as after a pause of the process, gives nothing.
                return;
            }

            leadership.Set(false, "");
            _claim = ClaimAsync(standing);
        }
    }

    /// <summary>Writes down who speaks from now on, and speaks. Ends when the Lease is not ours any more, and gives it up when it has tried for as long as a Lease lasts; never throws.</summary>
    private async Task ClaimAsync(CancellationTokenSource standing)
    {
        var (cancellationToken, began) = (standing.Token, time.GetTimestamp());
        await Task.Yield();
        while (!cancellationToken.IsCancellationRequested && leadership.IsInTime)
        {
            try
            {
                await store.ClaimAsync(_identity, () => leadership.IsInTime, cancellationToken).ConfigureAwait(false);
                leadership.Set(true, _identity);
                LogLeads(_identity);
                foreach (var connection in clusters.Connections)
                {
                    connection.State.Freshen(leadership.FreshSince);
                }

                return;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, it is tried again while the Lease is ours.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                if (leadership.Fail(IExplained.Of(exception)))
                {
                    LogTrouble(exception.Message);
                }

                if (!_alone && time.GetElapsedTime(began) > options.LeaseDuration)
                {
                    LogGivesUp(options.LeaseDuration.TotalSeconds, exception.Message);
                    _hasGivenUp = true;
                    await standing.CancelAsync().ConfigureAwait(false);
                    return;
                }

                await Task.Delay(_retry, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Finds out what the elector keeps to itself: that the Lease may not be read.</summary>
    private async Task LookAsync(LeaseLock @lock, ClusterConnection cluster, CancellationToken cancellationToken)
    {
        try
        {
            await @lock.GetAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (HttpOperationException missing) when (missing.Response.StatusCode == HttpStatusCode.NotFound)
        {
            // It will be made.
        }
        catch (HttpOperationException refused)
        {
            Trouble(cluster, refused);
        }
    }

    private void Follow(string leader)
    {
        Interlocked.Exchange(ref _trouble, "");
        leadership.Set(false, leader);
        LogFollows(leader);
    }

    private void Trouble(ClusterConnection cluster, Exception exception)
    {
        if (exception is HttpOperationException { Response.StatusCode: HttpStatusCode.Conflict })
        {
            // Another replica was faster.
        }
        else if (exception is not HttpOperationException { Response.StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.NotFound })
        {
            // It is tried every second: the same trouble is told once.
            var trouble = ClusterProblem.Describe(exception, cluster.Name);
            if (Interlocked.Exchange(ref _trouble, trouble) != trouble)
            {
                LogTrouble(trouble);
            }
        }
        else if (!leadership.IsLeader)
        {
            LogAlone(options.RunnerNamespace);
            leadership.Hold(time.GetTimestamp(), null);
            lock (_lock)
            {
                _alone = true;
                _claim = _claim.IsCompleted ? ClaimAsync(_standing!) : _claim;
            }
        }
    }

    /// <summary>Lets another replica take over at once instead of after the Lease has run out.</summary>
    private async Task ReleaseAsync(LeaseLock @lock)
    {
        using var patience = new CancellationTokenSource(ReleasePatience, time);
        try
        {
            var record = await @lock.GetAsync(patience.Token).ConfigureAwait(false);
            if (record.HolderIdentity == _identity)
            {
                record.HolderIdentity = "";
                await @lock.UpdateAsync(record, patience.Token).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // The process ends: the Lease runs out by itself.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogTrouble(exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "This replica, {Identity}, speaks to the hub")]
    private partial void LogLeads(string identity);

    [LoggerMessage(LogLevel.Information, "This replica stands by; '{Leader}' speaks to the hub")]
    private partial void LogFollows(string leader);

    [LoggerMessage(LogLevel.Warning, "This replica was to speak to the hub, could not write that for {Seconds:0} s, and lets another one try: {Problem}")]
    private partial void LogGivesUp(double seconds, string problem);

    [LoggerMessage(LogLevel.Warning, "The election of the replica that speaks to the hub had trouble and goes on: {Problem}")]
    private partial void LogTrouble(string problem);

    [LoggerMessage(LogLevel.Error, "This replica speaks to the hub without being elected: allow it get, create and update of leases (coordination.k8s.io) in namespace {Namespace}, or run one replica")]
    private partial void LogAlone(string @namespace);
}
