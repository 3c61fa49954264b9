using System.Threading.Channels;
using LiteDB;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Runner.Engine.Storage;

/// <summary>
/// The one LiteDB file of the process. LiteDB's locks belong to threads, so every write runs on one thread of its own, fed by a bounded
/// channel, in a transaction of its own; writes that wait together share one sync to the disk. A write that has returned survives the
/// death of the process and of the machine. Reads run on the caller's thread and must materialise what they return.
/// </summary>
public sealed partial class Database : IAsyncDisposable, IStateStore
{
    private const int MostWritesPerSync = 256;
    private const long LargeLog = 8 * 1024 * 1024;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    /// <summary>How often a disk that refused is tried when nobody writes.</summary>
    private static readonly TimeSpan ProbePause = TimeSpan.FromSeconds(5);

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly FileStream _lockFile;
    private readonly BsonMapper _mapper;
    private readonly ReaderWriterLockSlim _engineLock = new(LockRecursionPolicy.SupportsRecursion);
    private readonly Channel<PendingWrite> _writes = Channel.CreateBounded<PendingWrite>(new BoundedChannelOptions(1024) { SingleReader = true });
    private readonly Thread _writer;
    private readonly ITimer _quietTimer;
    private readonly ITimer _probeTimer;
    private ILogger _logger = NullLogger.Instance;
    private DatabaseEngine? _engine;
    private int _checkpointDue;
    private DatabaseProblem? _problem;

    private Database(string folder, FileStream lockFile, BsonMapper mapper, DatabaseEngine engine, TimeProvider time)
    {
        _folder = folder;
        _lockFile = lockFile;
        _mapper = mapper;
        _engine = engine;
        _time = time;
        _probeTimer = time.CreateTimer(_ => Probe(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _quietTimer = time.CreateTimer(_ => RequestCheckpoint(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _writer = new Thread(WriteLoop) { IsBackground = true, Name = "database writer" };
        _writer.Start();
    }

    /// <summary>Opens or creates the database in a data folder that no other process uses.</summary>
    /// <exception cref="DataFolderInUseException">Another process holds the folder.</exception>
    /// <exception cref="DatabaseDamagedException">The files are not a whole database; they are left as they are.</exception>
    /// <exception cref="DataFormatException">The folder is of a newer version of the program, or a restore did not come to its end.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static Database Open(string dataFolder, TimeProvider? time = null)
    {
        Directory.CreateDirectory(dataFolder);
        var lockFile = DataFolder.Lock(dataFolder);
        try
        {
            DataFolder.RefuseHalfRestored(dataFolder);
            DataFolder.RemoveLeftovers(dataFolder);
            var mapper = DatabaseMapping.Create();
            var engine = OpenEngine(dataFolder, mapper);
            try
            {
                DataFormat.Prepare(dataFolder, engine, time ?? TimeProvider.System);
            }
            catch
            {
                engine.Dispose();
                throw;
            }

            return new Database(dataFolder, lockFile, mapper, engine, time ?? TimeProvider.System);
        }
        catch
        {
            lockFile.Dispose();
            throw;
        }
    }

    /// <summary>Names the logger for troubles of the disk. The database is opened before the program has one.</summary>
    public void LogTo(ILogger logger) => _logger = logger;

    /// <summary>How it stands. Asks neither the database nor the disk.</summary>
    public DatabaseStatus Status
    {
        get
        {
            var engine = Volatile.Read(ref _engine);
            return new(engine?.DataLength ?? 0, engine?.LogLength ?? 0, _writes.Reader.Count, Volatile.Read(ref _problem), Volatile.Read(ref _measured), Volatile.Read(ref _compacted));
        }
    }

    /// <summary>
    /// Prepares the mapping of a document type. Call it once for each type before the first use: LiteDB's own lazy preparation is not safe
    /// while other threads map.
    /// </summary>
    public void Register<T>() => _mapper.Entity<T>();

    /// <summary>
    /// Runs a write on the writer thread in a transaction, and returns when it is on the disk. An exception of the write undoes it and is
    /// thrown to the caller; other writes are not touched by it.
    /// </summary>
    /// <param name="write">Must not catch LiteDB's exceptions and go on: LiteDB has ended the transaction by then.</param>
    /// <param name="cancellationToken">A write that has not begun is dropped; one that has begun is carried out, though the caller no longer waits.</param>
    /// <exception cref="DatabaseRefusedException">The disk refused (full, gone). The write did not happen.</exception>
    public async Task<T> WriteAsync<T>(Func<ILiteDatabase, T> write, CancellationToken cancellationToken)
    {
        var pending = new PendingWrite<T>(write, cancellationToken);
        try
        {
            await _writes.Writer.WriteAsync(pending, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException exception)
        {
            throw new ObjectDisposedException("The database is closed.", exception);
        }

        return await pending.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads on the calling thread. The result must not be lazy: end every query with <c>ToList()</c>, <c>FirstOrDefault()</c> or the like.</summary>
    /// <exception cref="DatabaseRefusedException">The disk failed and the database could not be opened again yet.</exception>
    public T Read<T>(Func<ILiteDatabase, T> read)
    {
        _engineLock.EnterReadLock();
        try
        {
            return read(Engine().Database);
        }
        finally
        {
            _engineLock.ExitReadLock();
        }
    }

    bool IStateStore.IsShared => false;

    event Action<IReadOnlySet<string>>? IStateStore.ChangedElsewhere
    {
        add { }
        remove { }
    }

    Task<T> IStateStore.WriteAsync<T>(Func<StateTransaction, T> write, CancellationToken cancellationToken) =>
        WriteAsync(db => write(new StateTransaction(db)), cancellationToken);

    Task<T> IStateStore.WriteAnywayAsync<T>(Func<StateTransaction, T> write, CancellationToken cancellationToken) =>
        WriteAsync(db => write(new StateTransaction(db)), cancellationToken);

    Task IStateStore.WhenReadyAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IStateStore.FreshenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Carries out the writes that wait, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_writes.Writer.TryComplete())
        {
            return;
        }

        await _quietTimer.DisposeAsync().ConfigureAwait(false);
        await _probeTimer.DisposeAsync().ConfigureAwait(false);
        await Task.Run(_writer.Join).ConfigureAwait(false);
        _engine?.Dispose();
        _copying.Dispose();
        await _lockFile.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A full disk does not keep the program from starting on what its log holds.</summary>
    private static DatabaseEngine OpenEngine(string folder, BsonMapper mapper)
    {
        try
        {
            return DatabaseEngine.Open(folder, mapper, check: database => DataFormat.RefuseNewer(folder, database));
        }
        catch (IOException) when (new FileInfo(Path.Combine(folder, DatabaseFileNames.Main.Log)) is { Exists: true, Length: > 0 })
        {
            return DatabaseEngine.Reopen(folder, mapper);
        }
    }

    private DatabaseEngine Engine() =>
        _engine ?? throw new DatabaseRefusedException(new(
            $"The database in '{Path.GetFullPath(_folder)}' is closed after a failure of the disk and could not be opened again yet. It is tried again by itself.",
            $"“{Path.GetFullPath(_folder)}”中的数据库因磁盘故障已关闭，尚未能重新打开。将自动重试。"));

    private void RequestCheckpoint()
    {
        Interlocked.Exchange(ref _checkpointDue, 1);
        _writes.Writer.TryWrite(PendingWrite.Nothing);
    }

    private void WriteLoop()
    {
        var batch = new List<PendingWrite>(MostWritesPerSync);
        while (_writes.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            while (batch.Count < MostWritesPerSync && _writes.Reader.TryRead(out var write))
            {
                batch.Add(write);
            }

            WriteBatch(batch);
            if (!Volatile.Read(ref _held) && (Interlocked.Exchange(ref _checkpointDue, 0) == 1 || _engine?.LogLength > LargeLog))
            {
                Guarded(engine => engine.Checkpoint());
            }
            else
            {
                _quietTimer.Change(Quiet, Timeout.InfiniteTimeSpan);
            }
        }

        if (!Volatile.Read(ref _held))
        {
            Guarded(engine => engine.Checkpoint());
        }
    }

    private void WriteBatch(List<PendingWrite> batch)
    {
        var failure = Guarded(engine =>
        {
            foreach (var write in batch)
            {
                write.Run(engine.Database);
            }

            engine.Persist();
        });
        if (failure is not null)
        {
            // Where the log alone has no room, it has some when it was carried over.
            Interlocked.Exchange(ref _checkpointDue, 1);
        }
        else if (_problem is not null && batch.Exists(write => write.Writes))
        {
            Volatile.Write(ref _problem, null);
            LogWell(_folder);
        }

        foreach (var write in batch)
        {
            write.Complete(failure);
        }
    }

    /// <summary>Does something with the engine. When that fails the engine is opened anew, at once or at the next attempt.</summary>
    /// <returns>The failure, or null.</returns>
    private Exception? Guarded(Action<DatabaseEngine> action)
    {
        try
        {
            if (_engine is null)
            {
                Reopen();
            }

            action(Engine());
            return null;
        }
#pragma warning disable CA1031 // Whatever it is, the writer lives on and the caller gets the exception.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Note(exception.Message);
            try
            {
                Reopen();
            }
#pragma warning disable CA1031 // Tried again at the next write.
            catch (Exception again)
#pragma warning restore CA1031
            {
                LogNotReopened(_folder, again.Message);
            }

            return exception as DatabaseRefusedException ?? DatabaseRefusedException.Of(exception);
        }
    }

    /// <summary>Notes that the disk refused, and has it tried again also when nobody writes.</summary>
    private void Note(string problem)
    {
        if (_problem?.Text != problem)
        {
            LogFailed(_folder, problem);
        }

        Volatile.Write(ref _problem, new(problem, _problem?.Since ?? _time.GetUtcNow()));
        _probeTimer.Change(ProbePause, Timeout.InfiniteTimeSpan);
    }

    private void Probe() =>
        _writes.Writer.TryWrite(new PendingWrite<bool>(db => db.GetCollection("probe").Upsert(new BsonDocument { ["_id"] = 1, ["at"] = _time.GetUtcNow().UtcDateTime }), CancellationToken.None));

    private void Reopen()
    {
        _engineLock.EnterWriteLock();
        try
        {
            var broken = _engine;
            _engine = null;
            broken?.Dispose();
            _engine = DatabaseEngine.Reopen(_folder, _mapper);
        }
        finally
        {
            _engineLock.ExitWriteLock();
        }
    }

    [LoggerMessage(LogLevel.Error, "The database in {Folder} could not be written: {Problem}. Writers are told; it is opened again.")]
    private partial void LogFailed(string folder, string problem);

    [LoggerMessage(LogLevel.Information, "The database in {Folder} can be written again.")]
    private partial void LogWell(string folder);

    [LoggerMessage(LogLevel.Error, "The database in {Folder} could not be opened again: {Problem}. The next write tries once more.")]
    private partial void LogNotReopened(string folder, string problem);
}
