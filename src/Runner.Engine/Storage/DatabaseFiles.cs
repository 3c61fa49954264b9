namespace Runner.Engine.Storage;

/// <summary>
/// The data file and the log of the database. After a failed write nothing reaches either file until they are opened anew, cut back to
/// what was last known to be on the disk.
/// </summary>
internal sealed class DatabaseFiles : IDisposable
{
    private readonly object _changed = new();
    private readonly string _folder;
    private DatabaseFileNames _names;
    private Exception? _failure;
    private long _durableLogLength;

    public DatabaseFiles(string folder, DatabaseFileNames names)
    {
        (_folder, _names) = (folder, names);
        Data = new DurableStream(DataPath, this, syncOnFlush: true);
        try
        {
            Log = new DurableStream(LogPath, this, syncOnFlush: false);
        }
        catch
        {
            Data.Dispose();
            throw;
        }

        _durableLogLength = Log.Length;
    }

    public DurableStream Data { get; }

    public DurableStream Log { get; }

    public string DataPath => Path.Combine(_folder, _names.Data);

    private string LogPath => Path.Combine(_folder, _names.Log);

    /// <summary>What went wrong with the disk, or null.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>Notes a failure; the first one counts.</summary>
    public void Fail(Exception exception)
    {
        Interlocked.CompareExchange(ref _failure, exception, null);
        Wrote();
    }

    /// <summary>Wakes <see cref="Persist"/>.</summary>
    public void Wrote()
    {
        lock (_changed)
        {
            Monitor.PulseAll(_changed);
        }
    }

    /// <summary>Waits until LiteDB has written the log up to a length, and then until it is on the disk.</summary>
    /// <exception cref="IOException">The disk refused; what was to be persisted is not.</exception>
    public void Persist(long logLength)
    {
        lock (_changed)
        {
            while (Log.Length < logLength && Failure is null)
            {
                Monitor.Wait(_changed);
            }
        }

        if (Log.Length != Interlocked.Read(ref _durableLogLength))
        {
            Log.Sync();
        }

        ThrowIfFailed();
        Interlocked.Exchange(ref _durableLogLength, Log.Length);
    }

    /// <summary>Says that LiteDB has carried the log over to the data file and emptied it.</summary>
    /// <exception cref="IOException">The disk refused; the log is still there.</exception>
    public void Emptied()
    {
        ThrowIfFailed();
        Interlocked.Exchange(ref _durableLogLength, Log.Length);
    }

    /// <summary>Takes the place of other files, which nobody has open any more. Both logs must be empty: only then any moment of this is a whole database.</summary>
    /// <exception cref="IOException">The disk refused. The files in that place are whole, whichever they are.</exception>
    public void TakePlaceOf(DatabaseFileNames names)
    {
        File.Move(DataPath, Path.Combine(_folder, names.Data), overwrite: true);
        File.Move(LogPath, Path.Combine(_folder, names.Log), overwrite: true);
        _names = names;
        FolderSync.ToDisk(_folder);
    }

    /// <summary>Closes both files; after a failure cuts off what the log holds beyond the last <see cref="Persist"/>, because it was never acknowledged.</summary>
    public void Dispose()
    {
        Data.Dispose();
        Log.Dispose();
        if (Failure is not null)
        {
            using var log = File.OpenHandle(LogPath, FileMode.OpenOrCreate, FileAccess.ReadWrite);
            if (RandomAccess.GetLength(log) > _durableLogLength)
            {
                RandomAccess.SetLength(log, _durableLogLength);
            }
        }
    }

    private void ThrowIfFailed()
    {
        if (Failure is { } failure)
        {
            throw DatabaseRefusedException.Of(failure);
        }
    }
}
