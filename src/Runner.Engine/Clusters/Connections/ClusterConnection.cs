using System.Diagnostics.CodeAnalysis;
using k8s;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Caches;

namespace Runner.Engine.Clusters.Connections;

/// <summary>One cluster: its client, how it answers, and what is known of it. Lives as long as the process.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "Lives as long as the process; neither field holds anything to dispose.")]
public sealed partial class ClusterConnection
{
    private readonly ClusterIdentity _identity;
    private readonly WatchSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _suspicion = new(0, 1);
    private readonly Signal _heard = new();
    private TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource _session = new();
    private ClusterClient? _client;
    private ClusterStatus _status;
    private long _lastContactTicks;

    internal ClusterConnection(ClusterEndpoint endpoint, ClusterIdentity identity, WatchSettings settings, TimeProvider time, ILoggerFactory loggers)
    {
        Endpoint = endpoint;
        _identity = identity;
        _settings = settings;
        _time = time;
        _logger = loggers.CreateLogger<ClusterConnection>();
        _status = new(ClusterHealth.Connecting, time.GetUtcNow(), LocalText.None, "", identity.ConfiguredId);
    }

    public ClusterEndpoint Endpoint { get; }

    /// <summary>Stable name, see <see cref="ClusterEndpoint.Name"/>.</summary>
    public string Name => Endpoint.Name;

    public ClusterOrigin Origin => Endpoint.Origin;

    /// <inheritdoc cref="ClusterEndpoint.Account"/>
    public string Account => Endpoint.Account;

    public ClusterStatus Status => Volatile.Read(ref _status);

    /// <summary>When the cluster was last heard of, by an answer or an event of a watch: how old at most is what is shown. Null when never.</summary>
    public DateTimeOffset? LastContact
    {
        get
        {
            var ticks = Interlocked.Read(ref _lastContactTicks);
            return ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);
        }
    }

    /// <summary>
    /// The client of this cluster. Ask for it at each use: a changed configuration makes a new one. Never dispose it.
    /// </summary>
    /// <exception cref="ClusterUnreachableException">The configuration cannot be read.</exception>
    public IKubernetes Client
    {
        get
        {
            lock (_lock)
            {
                return (_client ??= ClusterClient.Load(Endpoint, _settings, null)).Kubernetes;
            }
        }
    }

    /// <summary>Everything the watches know. Never asks the API server.</summary>
    public ClusterState State { get; internal set; } = null!;

    /// <summary>Raised, on any thread, when <see cref="Status"/> changes.</summary>
    internal event Action<ClusterConnection>? StatusChanged;

    /// <summary>Cancelled when the cluster is back after it was lost: what hangs on old connections must begin anew.</summary>
    internal CancellationToken Session => Volatile.Read(ref _session).Token;

    internal Task WaitUntilConnectedAsync(CancellationToken cancellationToken) => Volatile.Read(ref _connected).Task.WaitAsync(cancellationToken);

    /// <summary>Waits for a while, but no longer than until the cluster is back after it was lost.</summary>
    internal async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(Session, cancellationToken);
        await Task.Delay(pause, _time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Somebody got an answer, or an event of a watch. A cluster that was lost is probed soon.</summary>
    internal void Contacted()
    {
        Interlocked.Exchange(ref _lastContactTicks, _time.GetUtcNow().UtcTicks);
        if (Status.Health == ClusterHealth.Unreachable)
        {
            _heard.Set();
        }
    }

    /// <summary>Somebody got no answer: the cluster is probed soon.</summary>
    internal void Suspect()
    {
        lock (_lock)
        {
            if (_suspicion.CurrentCount == 0)
            {
                _suspicion.Release();
            }
        }
    }

    /// <summary>Watches over the cluster's health until cancelled. Never throws. Probes only when nothing else shows how the cluster is.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                _heard.Clear();
                await ProbeAsync(cancellationToken).ConfigureAwait(false);
                failures = 0;
                await WaitForDoubtAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever went wrong, it is shown, and the loop goes on.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                // One failure of a cluster that answered just now may be chance.
                if (++failures > 1 || Status.Health != ClusterHealth.Connected)
                {
                    Lost(ClusterProblem.Describe(exception, Name));
                }

                await BackOffAsync(failures, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits before the next probe, no longer than a first failure asks for where somebody else gets an answer meanwhile.</summary>
    private async Task BackOffAsync(int failures, CancellationToken cancellationToken)
    {
        var (least, whole) = (_settings.Probe.Delay(1), _settings.Probe.Delay(failures));
        await Task.Delay(least < whole ? least : whole, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (whole > least)
        {
            await _heard.WaitAsync(whole - least, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        Refresh();
        using var timeout = new Watchdog(_time, cancellationToken);
        timeout.Feed(_settings.ProbeTimeout);
        var version = await _identity.VersionAsync(Client, timeout.Token).ConfigureAwait(false);
        var (id, problem) = await _identity.IdAsync(Client, Name, timeout.Token).ConfigureAwait(false);
        Contacted();
        Found(version, id ?? Status.ClusterId, problem);
    }

    /// <summary>The configuration is read anew: files and tokens may have changed since.</summary>
    private void Refresh()
    {
        lock (_lock)
        {
            _client = ClusterClient.Load(Endpoint, _settings, _client);
        }
    }

    /// <summary>Returns when a request failed, when nothing was heard for a while, or when the cluster's id is still to be found out.</summary>
    private async Task WaitForDoubtAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var patience = Status.ClusterId is null ? _settings.Unavailable.Max : _settings.Quiet;
            var heard = LastContact;
            using var time = new Watchdog(_time, cancellationToken);
            time.Feed(patience);
            try
            {
                await _suspicion.WaitAsync(time.Token).ConfigureAwait(false);
                await Task.Delay(_settings.Probe.Delay(1), _time, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (time.Barked)
            {
                if (LastContact == heard || Status.ClusterId is null)
                {
                    return;
                }
            }
        }
    }

    private void Found(string version, string? id, LocalText problem)
    {
        var lost = Status.Health == ClusterHealth.Unreachable;
        var session = _session;
        if (lost)
        {
            Volatile.Write(ref _session, new CancellationTokenSource());
        }

        SetStatus(ClusterHealth.Connected, problem, version, id);
        Volatile.Read(ref _connected).TrySetResult();
        if (lost)
        {
            session.Cancel();
        }
    }

    private void Lost(LocalText problem)
    {
        if (_connected.Task.IsCompleted)
        {
            Volatile.Write(ref _connected, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        SetStatus(ClusterHealth.Unreachable, problem, Status.Version, Status.ClusterId);
    }

    private void SetStatus(ClusterHealth health, LocalText problem, string version, string? id)
    {
        var before = Status;
        var after = new ClusterStatus(health, health == before.Health ? before.Since : _time.GetUtcNow(), problem, version, id);
        if (after == before)
        {
            return;
        }

        Volatile.Write(ref _status, after);
        if (health != before.Health || problem != before.Problem)
        {
            LogStatus(health, problem);
        }

        StatusChanged?.Invoke(this);
    }

    private void LogStatus(ClusterHealth health, LocalText problem)
    {
        if (problem.Length == 0)
        {
            LogWell(Name, health);
        }
        else
        {
            LogProblem(Name, health, problem);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {Cluster} is {Health}")]
    private partial void LogWell(string cluster, ClusterHealth health);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cluster {Cluster} is {Health}. {Problem}")]
    private partial void LogProblem(string cluster, ClusterHealth health, string problem);
}
