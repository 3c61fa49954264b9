using System.Threading.Channels;
using k8s.Models;
using LiteDB;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Storage;

/// <summary>How the shared state stands.</summary>
/// <param name="Position">How many steps this replica's copy has taken; -1 before the first.</param>
/// <param name="Problem">Why it cannot be written now; empty when it can. Holds no secret.</param>
/// <param name="IsAlone">Whether the runner may not use the Secrets: each replica then goes by its own data folder.</param>
public sealed record SharedStateStatus(string Secret, long Position, LocalText Problem, bool IsAlone, bool IsKnown);

/// <summary>
/// The state that replicas share, kept in Secrets of the runner's namespace. The cluster is the arbiter: a write is tried on this replica's copy, and what it would
/// change becomes the next entry in the head Secret, which is written against its resourceVersion. Whoever was slower takes the others' entries over and runs
/// its write again on what is newest, so that a name is given once, a code is taken once and a last administrator stays, whichever replicas are asked at the same moment. A write
/// that has returned is in the cluster (in etcd, on a majority) and in this replica's database: it survives the death of every replica. The others watch the head and
/// follow within moments. Reading never asks the cluster. While the API server does not answer, everybody who is signed in stays so, and what must be agreed
/// on is refused.
/// </summary>
/// <remarks>
/// The head holds the newest entries; when they have grown to <see cref="LongestHead"/> they move to a Secret of their own, and after <see cref="MostSegments"/> of these the whole is
/// written anew and the older Secrets are removed. So nothing comes near the limit of a Secret, 1 MiB, and a write sends some kilobytes.
/// </remarks>
public sealed partial class SharedState : IStateStore
{
    private const int MostWritesTogether = 64;
    private const int LongestHead = 48 * 1024;
    private const int MostSegments = 12;

    private static readonly LocalText Stopping = new("The runner is stopping.", "Runner 正在停止。");

    /// <summary>How long a write waits for the cluster.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryAlone = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FreshEnough = TimeSpan.FromMilliseconds(250);

    private readonly Database _database;
    private readonly StateReplica _replica;
    private readonly Func<ClusterConnection> _findCluster;
    private readonly Func<ClusterConnection, StateSecrets> _findSecrets;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<SharedWrite> _writes = Channel.CreateBounded<SharedWrite>(new BoundedChannelOptions(1024) { SingleReader = true });
    private readonly Signal _wake = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Action<StateTransaction>> _beginnings = [];
    private readonly Lock _lock = new();
    private KnownHead? _head;
    private V1Secret? _seen;
    private TaskCompletionSource? _freshening;
    private long _freshAt;
    private bool _handOnDue = true;
    private bool _undecided;
    private SharedStateStatus _status;

    /// <param name="cluster">Asked when the loop begins: the cluster's own parts need this state.</param>
    /// <param name="namespace">Of the Secrets.</param>
    /// <param name="name">What their names begin with.</param>
    internal SharedState(Database database, Func<ClusterConnection> cluster, string @namespace, string name, TimeProvider time, ILogger<SharedState> logger)
    {
        (_database, _findCluster, _time, _logger) = (database, cluster, time, logger);
        _replica = new StateReplica(database);
        _findSecrets = found => new StateSecrets(found, @namespace, name, time);
        _freshAt = time.GetTimestamp() - time.TimestampFrequency;
        _status = new($"{@namespace}/{name}-state", _replica.Position, new("The cluster has not answered yet.", "集群尚未应答。"), false, _replica is { Position: >= 0, Restored: null });
    }

    /// <inheritdoc/>
    public event Action<IReadOnlySet<string>>? ChangedElsewhere;

    /// <summary>Raised, on any thread, when <see cref="Status"/> changes but for the position. Handlers must be quick and must not throw.</summary>
    public event Action? StatusChanged;

    /// <inheritdoc/>
    public bool IsShared => true;

    public SharedStateStatus Status => Volatile.Read(ref _status) with { Position = _replica.Position };

    /// <inheritdoc/>
    public T Read<T>(Func<ILiteDatabase, T> read) => _database.Read(read);

    /// <inheritdoc/>
    public async Task<T> WriteAsync<T>(Func<StateTransaction, T> write, CancellationToken cancellationToken)
    {
        var pending = new SharedWrite<T>(write, cancellationToken);
        try
        {
            await _writes.Writer.WriteAsync(pending, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException exception)
        {
            throw new StateUnavailableException(Stopping, exception);
        }

        _wake.Set();
        return await pending.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<T> WriteAnywayAsync<T>(Func<StateTransaction, T> write, CancellationToken cancellationToken)
    {
        try
        {
            return await WriteAsync(write, cancellationToken).ConfigureAwait(false);
        }
        catch (StateUnavailableException)
        {
            var result = await _replica.DoAloneAsync(write, cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _handOnDue, true);
            return result;
        }
    }

    /// <inheritdoc/>
    public Task WhenReadyAsync(CancellationToken cancellationToken) => _ready.Task.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task FreshenAsync(CancellationToken cancellationToken)
    {
        Task fresh;
        lock (_lock)
        {
            if (_time.GetElapsedTime(_freshAt) < FreshEnough || Status.Problem.Length > 0)
            {
                return;
            }

            fresh = (_freshening ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        _wake.Set();
        await fresh.WaitAsync(Patience, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Adds to the state where this replica's data folder becomes its beginning. Called before the loop runs.</summary>
    public void AtBeginning(Action<StateTransaction> prepare) => _beginnings.Add(prepare);

    /// <summary>
    /// Asks before a change that was made alone to a document of a collection is brought to the others: with the collection as it is then, and the document before and after;
    /// what throws is left. Called before the loop runs.
    /// </summary>
    public void Guard(string collection, Action<StateCollection, BsonDocument, BsonDocument?> guard) => _replica.Meeting.Guard(collection, guard);

    /// <summary>Tells what was left of what this replica did alone, in the transaction in which it is. Called before the loop runs.</summary>
    public void Witness(Action<StateTransaction, IReadOnlyList<StateLeft>> witness) => _replica.Meeting.Witness(witness);

    /// <summary>Follows and writes until cancelled. Never throws.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var cluster = _findCluster();
        var secrets = _findSecrets(cluster);
        var heads = secrets.Watch(_logger);
        heads.Changed += (_, head) =>
        {
            Interlocked.Exchange(ref _seen, head);
            _wake.Set();
        };
        var watching = heads.RunAsync(cancellationToken);
        cluster.StatusChanged += _ => _wake.Set();
        var batch = new List<SharedWrite>();
        while (!cancellationToken.IsCancellationRequested)
        {
            TaskCompletionSource? asked;
            lock (_lock)
            {
                (asked, _freshening) = (_freshening, null);
            }

            try
            {
                await StepAsync(cluster, secrets, batch, asked is not null, cancellationToken).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever went wrong, whoever waits is told, and the loop goes on.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                await TroubleAsync(cluster, exception, batch, cancellationToken).ConfigureAwait(false);
            }

            batch.Clear();
            if (asked is not null)
            {
                Interlocked.Exchange(ref _freshAt, _time.GetTimestamp());
                asked.TrySetResult();
            }

            if (!_writes.Reader.TryPeek(out _))
            {
                var pause = Status switch { _ when _undecided => RetryAlone, { IsAlone: true } => RetryAlone, { Problem.Length: > 0 } => Retry, _ => _handOnDue ? Retry : Timeout.InfiniteTimeSpan };
                await _wake.WaitAsync(pause, _time, cancellationToken).ConfigureAwait(false);
            }
        }

        _writes.Writer.TryComplete();
        while (_writes.Reader.TryRead(out var left))
        {
            left.Fail(new StateUnavailableException(Stopping));
        }

        await watching.ConfigureAwait(false);
    }

    private async Task StepAsync(ClusterConnection cluster, StateSecrets secrets, List<SharedWrite> batch, bool fresh, CancellationToken cancellationToken)
    {
        while (batch.Count < MostWritesTogether && _writes.Reader.TryRead(out var write))
        {
            batch.Add(write);
        }

        if (cluster.Status.Health != ClusterHealth.Connected)
        {
            throw new StateUnavailableException(cluster.Status.Problem.Length > 0 ? cluster.Status.Problem : new($"Cluster '{cluster.Name}' has not answered yet.", $"集群“{cluster.Name}”尚未应答。"));
        }

        using var patience = new CancellationTokenSource(Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        if (_head is null)
        {
            await JoinAsync(secrets, either.Token).ConfigureAwait(false);
        }

        var seen = Interlocked.Exchange(ref _seen, null) is { } secret ? StateSecrets.Known(secret) : null;
        if (fresh || (seen is not null && seen.Head.Journal != _replica.Journal))
        {
            await CatchUpAsync(secrets, either.Token).ConfigureAwait(false);
        }
        else if (seen is not null && seen.Head.Position > _replica.Position)
        {
            await TakeOverAsync(secrets, seen, either.Token).ConfigureAwait(false);
        }

        await HandOnAsync(secrets, either.Token).ConfigureAwait(false);
        await CommitAsync(secrets, batch, either.Token).ConfigureAwait(false);
        _ready.TrySetResult();
        SetProblem(LocalText.None, alone: false);
    }

    /// <summary>Tells those who wait, or where the Secrets may not be used at all, goes on without them.</summary>
    private async Task TroubleAsync(ClusterConnection cluster, Exception exception, List<SharedWrite> batch, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            batch.ForEach(write => write.Fail(new StateUnavailableException(Stopping, exception)));
            return;
        }

        _head = null;
        if (!_undecided && (_status.IsAlone || exception is ApiStatusException { Code: 403 } || (exception is ApiStatusException { Code: 404 } && !_status.IsKnown)))
        {
            if (!_status.IsAlone && _replica.Position < 0)
            {
                await BeginAloneAsync(cancellationToken).ConfigureAwait(false);
            }

            _ready.TrySetResult();
            SetProblem(_status.IsAlone && exception is not ApiStatusException ? _status.Problem : new(
                $"{exception.Message.TrimEnd('.')}. Allow the runner get, list, watch, create, update and delete of secrets in its namespace; until then this replica's state is its own.",
                $"{exception.Message.TrimEnd('.')}。请允许 Runner 在其命名空间中对 secrets 执行 get、list、watch、create、update 和 delete；在此之前，此副本的状态只属于它自己。"), alone: true);
            foreach (var write in batch)
            {
                await RunAloneAsync(write, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        var problem = exception switch
        {
            StateUnavailableException unavailable => unavailable.Problem,
            IOException when exception.Message.StartsWith("The database", StringComparison.Ordinal) => LocalText.Verbatim(exception.Message),
            InvalidDataException => new(
                $"What accounts and sessions are kept in, Secret {_status.Secret}, cannot be read: {exception.Message}.",
                $"保存账户和会话的 Secret {_status.Secret} 无法读取：{exception.Message}。"),
            _ when ClusterProblem.IsFailure(exception, cancellationToken) => ClusterProblem.Describe(exception, cluster.Name),
            _ => LocalText.Verbatim(exception.Message),
        };
        if (exception is not StateUnavailableException)
        {
            cluster.Suspect();
        }

        SetProblem(problem, alone: false);
        batch.ForEach(write => write.Fail(new StateUnavailableException(
            new($"This cannot be written now, and nothing was changed as far as is known: {problem.English}", $"目前无法写入，据所知没有做任何更改：{problem.Chinese}"), exception)));
    }

    /// <summary>What the state would begin with is brought to the others too: without the keys nobody could open what is sealed with them.</summary>
    private async Task BeginAloneAsync(CancellationToken cancellationToken)
    {
        foreach (var prepare in _beginnings)
        {
            await _replica.DoAloneAsync(
                transaction =>
                {
                    prepare(transaction);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RunAloneAsync(SharedWrite write, CancellationToken cancellationToken)
    {
        try
        {
            await _replica.DoAloneAsync(
                transaction =>
                {
                    write.Run(transaction);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _handOnDue, true);
            write.Complete();
        }
#pragma warning disable CA1031 // Handed to the caller.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            write.Fail(exception);
        }
    }

    private void SetProblem(LocalText problem, bool alone)
    {
        var before = Volatile.Read(ref _status);
        var known = before.IsKnown || problem.Length == 0 || alone;
        if (before.Problem == problem && before.IsAlone == alone && before.IsKnown == known)
        {
            return;
        }

        Volatile.Write(ref _status, before with { Problem = problem, IsAlone = alone, IsKnown = known });
        if (problem.Length > 0 && problem != before.Problem)
        {
            LogTrouble(problem);
        }

        StatusChanged?.Invoke();
    }

    [LoggerMessage(LogLevel.Warning, "The state that replicas share cannot be written: {Problem}")]
    private partial void LogTrouble(string problem);
}
