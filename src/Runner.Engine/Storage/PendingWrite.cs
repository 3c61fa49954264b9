using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>A write on its way to the writer thread.</summary>
internal abstract class PendingWrite
{
    /// <summary>A write of nothing, to wake the writer.</summary>
    public static PendingWrite Nothing { get; } = new PendingWrite<bool>(null, CancellationToken.None);

    /// <summary>Whether anything reaches the disk by it.</summary>
    public abstract bool Writes { get; }

    /// <summary>Runs the write in a transaction of its own and keeps its outcome. Lets through only what makes the whole engine useless.</summary>
    public abstract void Run(ILiteDatabase database);

    /// <summary>Tells the caller, once it is known whether the commits are on the disk.</summary>
    /// <param name="failure">Why they are not, or null.</param>
    public abstract void Complete(Exception? failure);
}

internal sealed class PendingWrite<T>(Func<ILiteDatabase, T>? write, CancellationToken cancellationToken) : PendingWrite
{
    /// <summary>LiteDB's code for a broken assertion, after which it has closed itself.</summary>
    private const int EngineBroken = 999;

    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;
    private Exception? _exception;

    public Task<T> Task => _done.Task;

    public override bool Writes => write is not null;

    public override void Run(ILiteDatabase database)
    {
        if (write is null || cancellationToken.IsCancellationRequested)
        {
            _exception = new OperationCanceledException(cancellationToken);
            return;
        }

        try
        {
            database.BeginTrans();
            _result = write(database);
            database.Commit();
        }
#pragma warning disable CA1031 // Handed to the caller.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _exception = exception;
            if (exception is LiteException { ErrorCode: EngineBroken })
            {
                throw;
            }

            database.Rollback();
        }
    }

    public override void Complete(Exception? failure)
    {
        if (_exception is OperationCanceledException canceled)
        {
            _done.TrySetCanceled(canceled.CancellationToken);
        }
        else if ((_exception ?? failure) is { } exception)
        {
            _done.TrySetException(exception);
        }
        else
        {
            _done.TrySetResult(_result);
        }
    }
}

/// <summary>Something that has the writer thread and the files for itself for a moment. What was written before it is on the disk.</summary>
internal sealed class PendingTurn(Func<Exception?> turn) : PendingWrite
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Task => _done.Task;

    public override bool Writes => false;

    public override void Run(ILiteDatabase database)
    {
    }

    public override void Complete(Exception? failure)
    {
        if ((failure ?? turn()) is { } exception)
        {
            _done.TrySetException(exception);
        }
        else
        {
            _done.TrySetResult();
        }
    }
}
