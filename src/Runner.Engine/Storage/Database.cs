using System.Threading.Channels;
using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>
/// The one LiteDB file of the process. LiteDB's locks belong to threads, so every write runs on one thread of its own, fed by a bounded
/// channel, inside one transaction each; reads run on the caller's thread and must materialise what they return.
/// </summary>
public sealed class Database : IAsyncDisposable
{
    private readonly LiteDatabase _database;
    private readonly FileStream _lockFile;
    private readonly Channel<Action> _writes = Channel.CreateBounded<Action>(new BoundedChannelOptions(1024) { SingleReader = true });
    private readonly Thread _writer;

    private Database(LiteDatabase database, FileStream lockFile)
    {
        _database = database;
        _lockFile = lockFile;
        _writer = new Thread(WriteLoop) { IsBackground = true, Name = "database writer" };
        _writer.Start();
    }

    /// <summary>Opens or creates the database in a data folder that no other process uses.</summary>
    /// <exception cref="InvalidOperationException">Another process holds the folder.</exception>
    public static Database Open(string dataFolder)
    {
        Directory.CreateDirectory(dataFolder);
        FileStream lockFile;
        try
        {
            lockFile = new FileStream(Path.Combine(dataFolder, "runner.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new InvalidOperationException(
                $"The data folder '{Path.GetFullPath(dataFolder)}' is in use by another runner. Stop that one, or give this one a folder of its own with RUNNER_DATA_DIR.", exception);
        }

        var database = new LiteDatabase(new ConnectionString { Filename = Path.Combine(dataFolder, "runner.db"), Connection = ConnectionType.Direct })
        {
            UtcDate = true,
        };
        return new Database(database, lockFile);
    }

    /// <summary>Runs a write on the writer thread in a transaction, and returns when it is committed.</summary>
    public async Task<T> WriteAsync<T>(Func<ILiteDatabase, T> write, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _writes.Writer.WriteAsync(
            () =>
            {
                try
                {
                    _database.BeginTrans();
                    var result = write(_database);
                    _database.Commit();
                    done.TrySetResult(result);
                }
#pragma warning disable CA1031 // Handed to the caller.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    _database.Rollback();
                    done.TrySetException(exception);
                }
            },
            cancellationToken).ConfigureAwait(false);
        return await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads on the calling thread. The result must not be lazy: end every query with <c>ToList()</c>, <c>FirstOrDefault()</c> or the like.</summary>
    public T Read<T>(Func<ILiteDatabase, T> read) => read(_database);

    public async ValueTask DisposeAsync()
    {
        _writes.Writer.TryComplete();
        await Task.Run(_writer.Join).ConfigureAwait(false);
        _database.Dispose();
        await _lockFile.DisposeAsync().ConfigureAwait(false);
    }

    private void WriteLoop()
    {
        while (_writes.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_writes.Reader.TryRead(out var write))
            {
                write();
            }
        }
    }
}
