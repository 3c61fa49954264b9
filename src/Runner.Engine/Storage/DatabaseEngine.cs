using LiteDB;
using LiteDB.Engine;

namespace Runner.Engine.Storage;

/// <summary>One opening of the database: LiteDB over its two files. Thrown away and opened anew after a failure of the disk.</summary>
internal sealed class DatabaseEngine : IDisposable
{
    private readonly DatabaseFiles _files;
    private readonly RecordingEngine _engine;

    private DatabaseEngine(DatabaseFiles files, LiteEngine engine, BsonMapper mapper)
    {
        _files = files;
        _engine = new(engine);
        Database = new LiteDatabase(_engine, mapper);
    }

    public LiteDatabase Database { get; }

    /// <summary>Notes which documents change.</summary>
    public RecordingEngine Recorder => _engine;

    /// <summary>Length of the log in bytes.</summary>
    public long LogLength => _files.Log.Length;

    /// <summary>Length of the data file in bytes.</summary>
    public long DataLength => _files.Data.Length;

    /// <summary>The data file. It changes during <see cref="Checkpoint"/> only.</summary>
    public string DataPath => _files.DataPath;

    /// <summary>Opens the files and reads every document once.</summary>
    /// <param name="check">Looks at the database before anything is written; what it throws is passed on.</param>
    /// <exception cref="DatabaseDamagedException">The files are not a whole database.</exception>
    /// <exception cref="IOException">The disk refused.</exception>
    public static DatabaseEngine Open(string folder, BsonMapper mapper, DatabaseFileNames? names = null, Action<ILiteDatabase>? check = null) =>
        Open(folder, mapper, names ?? DatabaseFileNames.Main, checkpoint: true, check);

    /// <summary>
    /// Opens the files again after a failure of the disk. What the log holds stays there, and is read from there: where a full disk keeps it from being carried over,
    /// nothing is hidden from readers.
    /// </summary>
    public static DatabaseEngine Reopen(string folder, BsonMapper mapper) => Open(folder, mapper, DatabaseFileNames.Main, checkpoint: false, check: null);

    private static DatabaseEngine Open(string folder, BsonMapper mapper, DatabaseFileNames names, bool checkpoint, Action<ILiteDatabase>? check)
    {
        var files = new DatabaseFiles(folder, names);
        DatabaseEngine? engine = null;
        try
        {
            if (files.Data.Length == 0 && files.Log.Length > 0)
            {
                throw new InvalidDataException("the data file is empty while its log is not");
            }

            engine = new DatabaseEngine(files, new LiteEngine(new EngineSettings { DataStream = files.Data, LogStream = files.Log }), mapper);
            check?.Invoke(engine.Database);
            engine.Prepare(checkpoint);
            return engine;
        }
        catch (Exception exception)
        {
            var disk = files.Failure;
            engine?.Dispose();
            files.Dispose();
            if (disk is not null || exception is DataFormatException or (IOException and not EndOfStreamException) or UnauthorizedAccessException)
            {
                throw;
            }

            throw new DatabaseDamagedException(
                $"The database '{Path.Combine(Path.GetFullPath(folder), names.Data)}' is damaged ({exception.Message.TrimEnd('.')}). " +
                $"The files are where they were. Restore a backup ('restore FILE'), or move {names.Data} and {names.Log} away to start with an empty one: " +
                "workloads are read from the clusters again; users, history and events that were not sent yet are lost.",
                exception);
        }
    }

    /// <summary>Returns when every commit so far is on the disk.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Persist() => _files.Persist((int)Facts()["logFileSize"]);

    /// <summary>Carries the log over to the data file and empties it. Waits for readers.</summary>
    /// <exception cref="IOException">The disk refused; nothing is lost.</exception>
    public void Checkpoint()
    {
        Persist();
        _engine.Checkpoint();
        _files.Emptied();
    }

    /// <summary>Brings everything to the data file, which is a whole database by itself then, and the emptied log to the disk.</summary>
    /// <exception cref="IOException">The disk refused; nothing is lost.</exception>
    public void Settle()
    {
        Checkpoint();
        _files.Log.Sync();
        _files.Emptied();
        if (LogLength > 0)
        {
            throw new IOException($"The log of the database could not be carried over wholly: {LogLength} bytes are left.");
        }
    }

    /// <summary>Takes the place of the database's own files. Another engine that had them open must be closed, and both logs empty.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void TakePlaceOf(DatabaseFileNames names) => _files.TakePlaceOf(names);

    public void Dispose()
    {
        Database.Dispose();
        _files.Dispose();
    }

    private void Prepare(bool checkpoint)
    {
        Database.UtcDate = true;

        // Zero turns LiteDB's own checkpoints off, which readers would run in the middle of anything.
        Database.CheckpointSize = 0;
        if (!checkpoint)
        {
            return;
        }

        Checkpoint();
        var pages = (int)Facts()["lastPageID"] + 1L;
        if (_files.Data.Length < pages * DatabasePages.PageSize)
        {
            throw new InvalidDataException($"the data file has {_files.Data.Length} bytes of {pages * DatabasePages.PageSize}");
        }

        foreach (var collection in Database.GetCollectionNames().ToList())
        {
            _ = Database.GetCollection(collection).Query().ToEnumerable().Count();
        }
    }

    private BsonDocument Facts()
    {
        using var reader = _engine.Query("$database", new Query());
        reader.Read();
        return reader.Current.AsDocument;
    }
}
