namespace Runner.Engine.Storage;

/// <summary>A write of the state on its way to the cluster.</summary>
internal abstract class SharedWrite
{
    /// <summary>Runs the write and keeps its outcome. May be repeated: the last one counts.</summary>
    public abstract void Run(StateTransaction transaction);

    /// <summary>Tells the caller that it was carried out.</summary>
    public abstract void Complete();

    /// <summary>Tells the caller that it was not.</summary>
    public abstract void Fail(Exception exception);
}

internal sealed class SharedWrite<T>(Func<StateTransaction, T> write, CancellationToken cancellationToken) : SharedWrite
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;

    public Task<T> Task => _done.Task;

    public override void Run(StateTransaction transaction)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _result = write(transaction);
    }

    public override void Complete() => _done.TrySetResult(_result);

    public override void Fail(Exception exception)
    {
        if (exception is OperationCanceledException canceled && cancellationToken.IsCancellationRequested)
        {
            _done.TrySetCanceled(canceled.CancellationToken);
        }
        else
        {
            _done.TrySetException(exception);
        }
    }
}
