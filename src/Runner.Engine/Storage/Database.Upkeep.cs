using Microsoft.Extensions.Logging;

namespace Runner.Engine.Storage;

/// <summary>What is done with the files while they are in use: they are copied as they stand, and made smaller.</summary>
public sealed partial class Database
{
    /// <summary>Smaller files are left as they are.</summary>
    internal const long SmallestCompacted = 4 * 1024 * 1024;

    private const long RoomLeft = 16 * 1024 * 1024;
    private const int MostRounds = 20;
    private const int FewChanges = 100;

    private readonly SemaphoreSlim _copying = new(1);

    /// <summary>While true the data file must not change: it is being copied.</summary>
    private bool _held;
    private int _compacting;
    private DatabaseRoom? _measured;
    private Compaction? _compacted;

    /// <summary>The folder it is in.</summary>
    public string Folder => Path.GetFullPath(_folder);

    /// <summary>
    /// Copies the database as it stands at one moment into a file, which is a database by itself. Writers do not wait for the copy: what they write meanwhile stays in the
    /// log, and the data file changes only when the log is carried over.
    /// </summary>
    /// <returns>The bytes of the copy, which is on the disk.</returns>
    /// <exception cref="IOException">The disk refused. The file may be there in part.</exception>
    internal async Task<long> CopyToAsync(string path, CancellationToken cancellationToken)
    {
        await _copying.WaitAsync(cancellationToken).ConfigureAwait(false);
        FileStream? source = null;
        try
        {
            var length = 0L;
            await TurnAsync(
                engine =>
                {
                    engine.Settle();
                    source = new FileStream(engine.DataPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
                    length = engine.DataLength;
                    Volatile.Write(ref _held, true);
                },
                cancellationToken).ConfigureAwait(false);
            await using var target = DataFolder.CreatePrivate(path);
            await source!.CopyToAsync(target, 1024 * 1024, cancellationToken).ConfigureAwait(false);
            target.Flush(flushToDisk: true);
            return target.Length == length ? length : throw new IOException($"The copy of the database has {target.Length} bytes of {length}.");
        }
        finally
        {
            Volatile.Write(ref _held, false);
            RequestCheckpoint();
            if (source is not null)
            {
                await source.DisposeAsync().ConfigureAwait(false);
            }

            _copying.Release();
        }
    }

    /// <summary>Looks how full the data file is, and makes it smaller when more than half of it is empty.</summary>
    /// <returns>What was gained; null when it was left as it is.</returns>
    /// <exception cref="IOException">The disk refused; the database is as it was.</exception>
    public async Task<Compaction?> CompactIfWorthwhileAsync(CancellationToken cancellationToken)
    {
        DatabaseRoom? room = null;
        await TurnAsync(
            engine =>
            {
                // What was deleted a moment ago may be in the log only.
                if (!_held)
                {
                    engine.Checkpoint();
                }

                room = new(_time.GetUtcNow(), engine.DataLength, DatabasePages.UsedBytes(engine.DataPath));
            },
            cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _measured, room);
        return room!.FileBytes >= SmallestCompacted && room.UsedBytes < room.FileBytes / 2 && HasRoomFor(room.UsedBytes)
            ? await CompactAsync(cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>
    /// Makes the data file as small as it can be: everything is copied into a new one while it is read and written, what changed meanwhile is brought over, and the new one
    /// takes its place. Writers wait for the last changes and two renames only. Whenever the process dies, one of the two is in place, and whole.
    /// </summary>
    /// <returns>What was gained; null when it is being done already, or had to be given up because the disk failed or collections were changed meanwhile.</returns>
    /// <exception cref="IOException">The disk refused; the database is as it was.</exception>
    internal async Task<Compaction?> CompactAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _compacting, 1) == 1)
        {
            return null;
        }

        DatabaseEngine? of = null;
        try
        {
            var start = _time.GetTimestamp();
            await TurnAsync(
                engine =>
                {
                    engine.Recorder.Record();
                    of = engine;
                },
                cancellationToken).ConfigureAwait(false);
            var before = of!.DataLength;

            // LiteDB's transactions belong to threads, so the whole copy is made on one.
            var copy = await Task.Factory.StartNew(() => Copy(of, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            if (copy is null)
            {
                return null;
            }

            TimeSpan? paused = null;
            try
            {
                await TurnAsync(engine => paused = engine == of ? Swap(of, copy) : null, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                if (paused is null)
                {
                    copy.Dispose();
                }
            }

            if (paused is not { } pause)
            {
                return null;
            }

            var done = new Compaction(_time.GetUtcNow(), before, copy.Engine.DataLength, _time.GetElapsedTime(start), pause);
            Volatile.Write(ref _compacted, done);
            Volatile.Write(ref _measured, new(done.At, done.After, done.After));
            LogCompacted(done.Before / 1024, done.After / 1024, done.Took.TotalMilliseconds, done.Paused.TotalMilliseconds);
            return done;
        }
        finally
        {
            of?.Recorder.Forget();
            Interlocked.Exchange(ref _compacting, 0);
        }
    }

    private CompactCopy? Copy(DatabaseEngine of, CancellationToken cancellationToken)
    {
        var copy = CompactCopy.Begin(_folder, _mapper);
        try
        {
            copy.Fill(this, cancellationToken);
            for (var round = 0; round < MostRounds; round++)
            {
                var changes = of.Recorder.Take();
                if (changes.Remade || Volatile.Read(ref _engine) != of)
                {
                    LogGivenUp();
                    copy.Dispose();
                    return null;
                }

                copy.Apply(changes, (name, id) => Read(db => db.GetCollection(name).FindById(id)));
                cancellationToken.ThrowIfCancellationRequested();
                if (changes.Count <= FewChanges)
                {
                    break;
                }
            }

            copy.Finish();
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <summary>On the writer thread. Null when it was given up; the database is as it was then.</summary>
    private TimeSpan? Swap(DatabaseEngine of, CompactCopy copy)
    {
        var start = _time.GetTimestamp();
        var changes = of.Recorder.Take();
        if (changes.Remade || _held)
        {
            LogGivenUp();
            return null;
        }

        copy.Apply(changes, (name, id) => of.Database.GetCollection(name).FindById(id));
        copy.Finish();
        of.Settle();
        _engineLock.EnterWriteLock();
        try
        {
            // From here on a failure has the files opened anew, whichever they are by then.
            _engine = null;
            of.Dispose();
            copy.Engine.TakePlaceOf(DatabaseFileNames.Main);
            _engine = copy.Engine;
        }
        finally
        {
            _engineLock.ExitWriteLock();
        }

        return _time.GetElapsedTime(start);
    }

    private async Task TurnAsync(Action<DatabaseEngine> turn, CancellationToken cancellationToken)
    {
        var pending = new PendingTurn(() => Guarded(turn));
        try
        {
            await _writes.Writer.WriteAsync(pending, cancellationToken).ConfigureAwait(false);
        }
        catch (System.Threading.Channels.ChannelClosedException exception)
        {
            throw new ObjectDisposedException("The database is closed.", exception);
        }

        // Waited for whatever the caller wishes: it may have changed the files.
        await pending.Task.ConfigureAwait(false);
    }

    private bool HasRoomFor(long bytes)
    {
        var free = new DriveInfo(Folder).AvailableFreeSpace;
        if (free < (2 * bytes) + RoomLeft)
        {
            LogNoRoom(free / 1024 / 1024);
            return false;
        }

        return true;
    }

    [LoggerMessage(LogLevel.Information, "The database was made smaller: {Before} KiB before, {After} KiB now. It took {Took:F0} ms; writers waited for {Paused:F0} ms of it")]
    private partial void LogCompacted(long before, long after, double took, double paused);

    [LoggerMessage(LogLevel.Information, "The database was not made smaller this time, because it was changed in its make-up, copied or opened anew meanwhile. The next hour tries again")]
    private partial void LogGivenUp();

    [LoggerMessage(LogLevel.Warning, "The database could be made smaller, but {Free} MiB on its disk are too few for the copy that this takes")]
    private partial void LogNoRoom(long free);
}
