using LiteDB;
using LiteDB.Engine;

namespace Runner.Engine.Storage;

/// <summary>One opening of the database: LiteDB over its two files. Thrown away and opened anew after a failure of the disk.</summary>
internal sealed class DatabaseEngine : IDisposable
{
    private const long PageSize = 8192;

    private readonly DatabaseFiles _files;
    private readonly LiteEngine _engine;

    private DatabaseEngine(DatabaseFiles files, LiteEngine engine, BsonMapper mapper)
    {
        _files = files;
        _engine = engine;
        Database = new LiteDatabase(engine, mapper);
    }

    public LiteDatabase Database { get; }

    /// <summary>Length of the log in bytes.</summary>
    public long LogLength => _files.Log.Length;

    /// <summary>Opens the files, carries what the log holds over to the data file and reads every document once.</summary>
    /// <exception cref="DatabaseDamagedException">The files are not a whole database.</exception>
    /// <exception cref="IOException">The disk refused.</exception>
    public static DatabaseEngine Open(string folder, BsonMapper mapper)
    {
        var files = new DatabaseFiles(folder);
        DatabaseEngine? engine = null;
        try
        {
            if (files.Data.Length == 0 && files.Log.Length > 0)
            {
                throw new InvalidDataException("the data file is empty while its log is not");
            }

            engine = new DatabaseEngine(files, new LiteEngine(new EngineSettings { DataStream = files.Data, LogStream = files.Log }), mapper);
            engine.Prepare();
            return engine;
        }
        catch (Exception exception)
        {
            var disk = files.Failure;
            engine?.Dispose();
            files.Dispose();
            if (disk is not null || exception is (IOException and not EndOfStreamException) or UnauthorizedAccessException)
            {
                throw;
            }

            throw new DatabaseDamagedException(
                $"The database '{Path.Combine(Path.GetFullPath(folder), DatabaseFiles.DataFileName)}' is damaged ({exception.Message.TrimEnd('.')}). " +
                $"The files are where they were. Put a copy of {DatabaseFiles.DataFileName} and {DatabaseFiles.LogFileName} back, or move both away to start with an empty one: " +
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

    public void Dispose()
    {
        Database.Dispose();
        _files.Dispose();
    }

    private void Prepare()
    {
        Database.UtcDate = true;

        // Zero turns LiteDB's own checkpoints off, which readers would run in the middle of anything.
        Database.CheckpointSize = 0;
        Checkpoint();

        var pages = (int)Facts()["lastPageID"] + 1L;
        if (_files.Data.Length < pages * PageSize)
        {
            throw new InvalidDataException($"the data file has {_files.Data.Length} bytes of {pages * PageSize}");
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
