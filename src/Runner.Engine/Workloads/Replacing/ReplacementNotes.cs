using Runner.Engine.Storage;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>
/// Replacements of services that are under way, in the state that replicas share: written before the old one is told to go, and removed when the new one is there or the caller was
/// told that it is not. What is left of a process that died is finished by the next one, or by another replica.
/// </summary>
internal sealed class ReplacementNotes(IStateStore state, TimeProvider time)
{
    /// <summary>After this time nobody is at work on it any more, whichever replica began.</summary>
    internal static readonly TimeSpan LongestWork = TimeSpan.FromMinutes(2);

    /// <summary>Nobody waits for what was asked for longer ago; a restored backup may be of any age.</summary>
    internal static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly string _life = Guid.NewGuid().ToString("N");

    /// <exception cref="IOException">It cannot be written now.</exception>
    public Task AddAsync(NotedReplacement note)
    {
        (note.Id, note.Life, note.At) = (Guid.NewGuid().ToString("N"), _life, time.GetUtcNow().UtcDateTime);
        return state.WriteAsync(transaction => transaction.Collection(StateCollections.Replacements).Insert(StateMapping<NotedReplacement>.ToDocument(note)), CancellationToken.None);
    }

    /// <returns>False when it was there no more: the service was stopped meanwhile, perhaps by another replica.</returns>
    /// <exception cref="IOException">It cannot be written now.</exception>
    public Task<bool> EndAsync(string id) => state.WriteAsync(transaction => transaction.Collection(StateCollections.Replacements).Delete(id), CancellationToken.None);

    /// <summary>Has nobody make a service any more, whichever replica is about to.</summary>
    /// <exception cref="IOException">There is something to forget and it cannot be written now.</exception>
    public async Task ForgetAsync(string cluster, string service)
    {
        await state.FreshenAsync(CancellationToken.None).ConfigureAwait(false);
        List<string> ids = [.. All().Where(note => note.Cluster == cluster && note.Name == service).Select(note => note.Id)];
        if (ids.Count > 0)
        {
            await state.WriteAsync(transaction => ids.Count(id => transaction.Collection(StateCollections.Replacements).Delete(id)), CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Whether a service is being replaced, or is to be once somebody gets to it.</summary>
    public bool IsReplaced(string cluster, string service) => All().Any(note => note.Cluster == cluster && note.Name == service);

    public bool IsThere(string id) => state.Read(db => db.GetCollection(StateCollections.Replacements).FindById(id)) is not null;

    /// <summary>What a process that is no more has left, of each service the newest first.</summary>
    public IReadOnlyList<NotedReplacement> Left(string cluster)
    {
        // With one process whatever another life has begun is left; of several replicas another one may be at work.
        var before = state.IsShared ? time.GetUtcNow().UtcDateTime - LongestWork : DateTime.MaxValue;
        return [.. All().Where(note => note.Cluster == cluster && note.Life != _life && note.At <= before).OrderByDescending(note => note.At)];
    }

    public bool IsForgotten(NotedReplacement note) => note.At < time.GetUtcNow().UtcDateTime - LongestWait;

    private List<NotedReplacement> All() => state.Read(db => db.GetCollection(StateCollections.Replacements).FindAll().Select(StateMapping<NotedReplacement>.ToObject).ToList());
}
