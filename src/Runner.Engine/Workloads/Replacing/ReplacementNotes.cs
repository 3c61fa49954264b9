using System.Collections.Concurrent;
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
    private readonly Lock _lock = new();

    /// <summary>What could not be written of notes, by their id: the uid of what was made, or null for one that is over. It counts all the same.</summary>
    private readonly ConcurrentDictionary<string, string?> _unwritten = new(StringComparer.Ordinal);

    private HashSet<WorkloadKey> _known;

    public ReplacementNotes(IStateStore state, TimeProvider time)
    {
        (_state, _time) = (state, time);
        _known = Keys() ?? [];
        state.ChangedElsewhere += changed =>
        {
            if (changed.Contains(StateCollections.Replacements))
            {
                Tell();
            }
        };
    }

    /// <summary>
    /// Raised, on any thread, when a note came, went or changed, here or at another replica, with the workloads of which that may be. Their namespace is left empty, as notes do not
    /// have it. Handlers must be quick and must not throw.
    /// </summary>
    public event Action<IReadOnlyCollection<WorkloadKey>>? Changed;

    /// <exception cref="IOException">It cannot be written now.</exception>
    public Task AddAsync(NotedReplacement note)
    {
        (note.Id, note.Life, note.At) = (Guid.NewGuid().ToString("N"), _life, _time.GetUtcNow().UtcDateTime);
        return WriteAsync(notes => notes.Insert(StateMapping<NotedReplacement>.ToDocument(note)));
    }

    /// <summary>Removes a note.</summary>
    /// <exception cref="IOException">It cannot be written now. It counts as over from now on all the same, and is one of <see cref="Over"/>.</exception>
    public Task EndAsync(string id) => EndAsync([id]);

    /// <summary>Notes that it is made.</summary>
    /// <param name="uid">Of what was made.</param>
    /// <returns>False when the workload was stopped meanwhile, perhaps at another replica. Whoever is at it for so long that somebody else has finished it finds no note, which is well.</returns>
    /// <exception cref="IOException">It cannot be written now. It counts as made from now on all the same.</exception>
    public async Task<bool> MadeAsync(string id, string uid)
    {
        try
        {
            return await WriteAsync(notes =>
            {
                if (notes.FindById(id) is not { } document)
                {
                    return true;
                }

                if (StateMapping<NotedReplacement>.ToObject(document).IsStopped)
                {
                    notes.Delete(id);
                    return false;
                }

                document[nameof(NotedReplacement.Made)] = uid;
                return notes.Update(document);
            }).ConfigureAwait(false);
        }
        catch (IOException)
        {
            _unwritten[id] = uid;
            throw;
        }
    }

    /// <summary>Notes that it will not be made. Nothing happens when it was there no more.</summary>
    /// <param name="problem">Why, in a sentence without anything secret.</param>
    /// <exception cref="IOException">It cannot be written now.</exception>
    public Task GiveUpAsync(string id, string problem) => SetAsync(id, nameof(NotedReplacement.Problem), problem);

    /// <summary>Has nobody make a workload any more, whichever replica is about to.</summary>
    /// <exception cref="IOException">There is something to forget and it cannot be written now.</exception>
    public async Task ForgetAsync(WorkloadKey key)
    {
        await _state.FreshenAsync(CancellationToken.None).ConfigureAwait(false);
        List<string> ids = [.. Written().Where(note => IsOf(note, key) && !note.IsStopped).Select(note => note.Id)];
        if (ids.Count > 0)
        {
            await WriteAsync(notes => ids.Count(id => Stop(notes, id))).ConfigureAwait(false);
        }
    }

    /// <summary>Forgets why a workload was not made: it is there now.</summary>
    /// <exception cref="IOException">As in <see cref="EndAsync(string)"/>.</exception>
    public async Task ForgetProblemAsync(WorkloadKey key)
    {
        List<string> ids = [.. All().Where(note => IsOf(note, key) && note.Problem is not null).Select(note => note.Id)];
        if (ids.Count > 0)
        {
            await EndAsync(ids).ConfigureAwait(false);
        }
    }

    /// <summary>What is to have the name of a workload in place of another one, or was to; null for nothing. The newest where it was asked for several times.</summary>
    public NotedReplacement? Find(WorkloadKey key) => All().Where(note => IsOf(note, key) && !note.IsFirst).MaxBy(note => note.At);

    /// <summary>Whether any workload of that name is being replaced, or is to be once somebody gets to it.</summary>
    public bool IsReplaced(string cluster, string name) => All().Any(note => note.Cluster == cluster && note.Name == name && note.Problem is null);

    /// <summary>All of a cluster, those of other replicas as they are now.</summary>
    public async Task<IReadOnlyList<NotedReplacement>> FreshAsync(string cluster)
    {
        await _state.FreshenAsync(CancellationToken.None).ConfigureAwait(false);
        return [.. Written().Where(note => note.Cluster == cluster && !note.IsStopped)];
    }

    /// <summary>Whether anything is noted of a workload, without a look at the disk.</summary>
    public bool Knows(WorkloadKey key) => Volatile.Read(ref _known).Contains(key with { Namespace = "" });

    public bool IsThere(string id) => All().Exists(note => note.Id == id);

    /// <summary>Notes that are over and could not be removed, or that whoever was stopped has left.</summary>
    public IReadOnlyList<NotedReplacement> Over(string cluster)
    {
        var before = _time.GetUtcNow().UtcDateTime - LongestWork;
        return [.. Written().Where(note => note.Cluster == cluster && (note.IsStopped ? note.At <= before : _unwritten.TryGetValue(note.Id, out var made) && made is null))];
    }

    /// <summary>What a process that is no more has left, of each workload the newest first.</summary>
    public IReadOnlyList<NotedReplacement> Left(string cluster)
    {
        // With one process whatever another life has begun is left; of several replicas another one may be at work.
        var before = _state.IsShared ? _time.GetUtcNow().UtcDateTime - LongestWork : DateTime.MaxValue;
        return [.. All().Where(note => note.Cluster == cluster && note.Life != _life && note.At <= before && note.Made is null && (note.Problem is null || IsForgotten(note))).OrderByDescending(note => note.At)];
    }

    /// <summary>Those of what is made.</summary>
    public IReadOnlyList<NotedReplacement> Made(string cluster) => [.. All().Where(note => note.Cluster == cluster && note.Made is not null)];

    /// <summary>Those of workloads of a kind.</summary>
    public IEnumerable<NotedReplacement> Of(string cluster, WorkloadKind kind) => All().Where(note => note.Cluster == cluster && note.Kind == kind);

    public bool IsForgotten(NotedReplacement note) => note.At < _time.GetUtcNow().UtcDateTime - LongestWait;

    private static bool IsOf(NotedReplacement note, WorkloadKey key) => note.Cluster == key.Cluster && note.Kind == key.Kind && note.Name == key.Name;

    /// <summary>Somebody may be at work on what is neither made nor given up: he is to know.</summary>
    private static bool Stop(StateCollection notes, string id)
    {
        if (notes.FindById(id) is not { } document)
        {
            return false;
        }

        if (StateMapping<NotedReplacement>.ToObject(document) is not { Made: null, Problem: null })
        {
            return notes.Delete(id);
        }

        document[nameof(NotedReplacement.IsStopped)] = true;
        return notes.Update(document);
    }

    private Task<bool> SetAsync(string id, string field, string value) => WriteAsync(notes =>
    {
        if (notes.FindById(id) is not { } document)
        {
            return false;
        }

        document[field] = value;
        return notes.Update(document);
    });

    private async Task EndAsync(IReadOnlyList<string> ids)
    {
        try
        {
            await WriteAsync(notes => ids.Count(id => notes.Delete(id))).ConfigureAwait(false);
            foreach (var id in ids)
            {
                _unwritten.TryRemove(id, out _);
            }
        }
        catch (IOException)
        {
            foreach (var id in ids)
            {
                _unwritten[id] = null;
            }

            Tell();
            throw;
        }
    }

    private async Task<T> WriteAsync<T>(Func<StateCollection, T> write)
    {
        var result = await _state.WriteAsync(transaction => write(transaction.Collection(StateCollections.Replacements)), CancellationToken.None).ConfigureAwait(false);
        Tell();
        return result;
    }

    private void Tell()
    {
        HashSet<WorkloadKey> changed;
        lock (_lock)
        {
            var before = _known;
            var now = Keys() ?? before;
            Volatile.Write(ref _known, now);
            changed = [.. before, .. now];
        }

        Changed?.Invoke(changed);
    }

    /// <returns>Null while the disk does not answer.</returns>
    private HashSet<WorkloadKey>? Keys()
    {
        try
        {
            return [.. All().Select(note => note.KeyIn(""))];
        }
        catch (IOException)
        {
            return null;
        }
    }

    private List<NotedReplacement> All()
    {
        var notes = Written();
        notes.RemoveAll(note => note.IsStopped);
        foreach (var note in _unwritten.IsEmpty ? [] : notes.ToList())
        {
            if (_unwritten.TryGetValue(note.Id, out var made))
            {
                note.Made = made;
                _ = made is null && notes.Remove(note);
            }
        }

        return notes;
    }

    private List<NotedReplacement> Written() => _state.Read(db => db.GetCollection(StateCollections.Replacements).FindAll().Select(StateMapping<NotedReplacement>.ToObject).ToList());
}
