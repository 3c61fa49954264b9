using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>
/// What the cluster cannot know and every replica of the runner must agree on: accounts, sessions, tokens, keys, saved configurations, events for the hub. With one
/// process it is its <see cref="Database"/>; with several it is <see cref="SharedState"/>, which each of them holds a copy of in its own database.
/// </summary>
public interface IStateStore
{
    /// <summary>Whether other replicas see and change it too.</summary>
    bool IsShared { get; }

    /// <summary>Raised, on any thread, after something other than a write of this process changed collections, named by the argument. Handlers must be quick and must not throw.</summary>
    event Action<IReadOnlySet<string>>? ChangedElsewhere;

    /// <summary>Reads this process's copy on the calling thread. The result must not be lazy.</summary>
    /// <exception cref="IOException">The disk failed and the database could not be opened again yet.</exception>
    T Read<T>(Func<ILiteDatabase, T> read);

    /// <summary>
    /// Runs a write in a transaction, and returns when it cannot be lost any more. An exception of the write undoes it and is thrown to the caller.
    /// </summary>
    /// <param name="write">May be run several times, each time on what is newest; its result counts when it was carried out. It must do nothing but read and change the transaction.</param>
    /// <exception cref="IOException">It cannot be written now, for the disk or (<see cref="StateUnavailableException"/>) for the cluster.</exception>
    Task<T> WriteAsync<T>(Func<StateTransaction, T> write, CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="WriteAsync"/>, but done here alone where the cluster does not answer, and handed on when it does: for what must not wait for the cluster
    /// and cannot contradict what others write meanwhile, such as a new session or an entry of the audit log.
    /// </summary>
    /// <exception cref="IOException">The disk refused.</exception>
    Task<T> WriteAnywayAsync<T>(Func<StateTransaction, T> write, CancellationToken cancellationToken);

    /// <summary>Returns when it is known what the state is: at once with one process, after the first answer of the cluster with several.</summary>
    Task WhenReadyAsync(CancellationToken cancellationToken);

    /// <summary>Takes over what other replicas have written until now, where the cluster answers soon. For what was not found and may have been written elsewhere a moment ago.</summary>
    Task FreshenAsync(CancellationToken cancellationToken);
}

/// <summary>The cluster keeps the state and does not answer: nothing was changed, as far as can be known.</summary>
public sealed class StateUnavailableException(LocalText problem, Exception? inner = null) : IOException(problem.English, inner), IExplained
{
    /// <inheritdoc/>
    public LocalText Problem { get; } = problem;
}
