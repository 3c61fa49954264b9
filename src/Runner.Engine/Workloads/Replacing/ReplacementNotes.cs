using Runner.Engine.Storage;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>
/// Replacements of workloads that are under way, in the state that replicas share: written before the old one is told to go, and removed when the new one is there or the caller was
/// told that it is not. What is left of a process that died is finished by the next one, or by another replica; what cannot be stays, with the reason, until somebody asks for something else.
/// </summary>
internal sealed class ReplacementNotes
{
    /// <summary>After this time nobody is at work on it any more, whichever replica began.</summary>
    internal static readonly TimeSpan LongestWork = TimeSpan.FromMinutes(2);

    /// <summary>Nobody waits for what was asked for longer ago; a restored backup may be of any age.</summary>
    internal static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly IStateStore _state;
    private readonly TimeProvider _time;
    private readonly string _life = Guid.NewGuid().ToString("N");

    public ReplacementNotes(IStateStore state, TimeProvider time)
    {
        (_state, _time) = (state, time);
        state.ChangedElsewhere += changed =>
        {
            if (changed.Contains(StateCollections.Replacements))
            {
                Changed?.Invoke();
            }
        };
    }

    /// <summary>Raised, on any thread, when a note came, went or changed, here or at another replica. Handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    /// <exception cref="IOException">It cannot be written now.</exception>
    public Task AddAsync(NotedReplacement note)
    {
        (note.Id, note.Life, note.At) = (Guid.NewGuid().ToString("N"), _life, _time.GetUtcNow().UtcDateTime);
        return WriteAsync(notes => notes.Insert(StateMapping<NotedReplacement>.ToDocument(note)));
    }

    /// <returns>False when it was there no more: the workload was stopped meanwhile, perhaps by another replica.</returns>
    /// <exception cref="IOException">It cannot be written now.</exception>
    public Task<bool> EndAsync(string id) => WriteAsync(notes => notes.Delete(id));

    /// <summary>Notes that it will not be made. Nothing happens when it was there no more.</summary>
    /// <param name="problem">Why, in a sentence without anything secret.</param>
    /// <exception cref="IOException">It cannot be written now.</exception>
    public Task GiveUpAsync(string id, string problem) => WriteAsync(notes =>
    {
        if (notes.FindById(id) is not { } document)
        {
            return false;
        }

        document[nameof(NotedReplacement.Problem)] = problem;
        return notes.Update(document);
    });

    /// <summary>Has nobody make a workload any more, whichever replica is about to.</summary>
    /// <exception cref="IOException">There is something to forget and it cannot be written now.</exception>
    public async Task ForgetAsync(WorkloadKey key)
    {
        await _state.FreshenAsync(CancellationToken.None).ConfigureAwait(false);
        await ForgetAsync(All().Where(note => IsOf(note, key))).ConfigureAwait(false);
    }

    /// <summary>Forgets why a workload was not made: it is there now.</summary>
    /// <exception cref="IOException">There is something to forget and it cannot be written now.</exception>
    public Task ForgetProblemAsync(WorkloadKey key) => ForgetAsync(All().Where(note => IsOf(note, key) && note.Problem is not null));

    /// <summary>What is to have the name of a workload, or was to; null for nothing. The newest where it was asked for several times.</summary>
    public NotedReplacement? Find(WorkloadKey key) => All().Where(note => IsOf(note, key)).MaxBy(note => note.At);

    /// <summary>Whether any workload of that name is being replaced, or is to be once somebody gets to it.</summary>
    public bool IsReplaced(string cluster, string name) => All().Any(note => note.Cluster == cluster && note.Name == name && note.Problem is null);

    public bool IsThere(string id) => _state.Read(db => db.GetCollection(StateCollections.Replacements).FindById(id)) is not null;

    /// <summary>What a process that is no more has left, of each workload the newest first.</summary>
    public IReadOnlyList<NotedReplacement> Left(string cluster)
    {
        // With one process whatever another life has begun is left; of several replicas another one may be at work.
        var before = _state.IsShared ? _time.GetUtcNow().UtcDateTime - LongestWork : DateTime.MaxValue;
        return [.. All().Where(note => note.Cluster == cluster && note.Life != _life && note.At <= before && (note.Problem is null || IsForgotten(note))).OrderByDescending(note => note.At)];
    }

    /// <summary>Those of workloads of a kind.</summary>
    public IEnumerable<NotedReplacement> Of(string cluster, WorkloadKind kind) => All().Where(note => note.Cluster == cluster && note.Kind == kind);

    public bool IsForgotten(NotedReplacement note) => note.At < _time.GetUtcNow().UtcDateTime - LongestWait;

    private static bool IsOf(NotedReplacement note, WorkloadKey key) => note.Cluster == key.Cluster && note.Kind == key.Kind && note.Name == key.Name;

    private Task ForgetAsync(IEnumerable<NotedReplacement> forgotten)
    {
        List<string> ids = [.. forgotten.Select(note => note.Id)];
        return ids.Count == 0 ? Task.CompletedTask : WriteAsync(notes => ids.Count(id => notes.Delete(id)));
    }

    private async Task<T> WriteAsync<T>(Func<StateCollection, T> write)
    {
        var result = await _state.WriteAsync(transaction => write(transaction.Collection(StateCollections.Replacements)), CancellationToken.None).ConfigureAwait(false);
        Changed?.Invoke();
        return result;
    }

    private List<NotedReplacement> All() => _state.Read(db => db.GetCollection(StateCollections.Replacements).FindAll().Select(StateMapping<NotedReplacement>.ToObject).ToList());
}
