using System.Collections.Immutable;
using System.Security.Cryptography;
using LiteDB;
using Runner.Engine.Storage;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.Sessions;

/// <summary>
/// Who is signed in where. A cookie alone is no session: what is ended here is over at the next request, and an open page learns of it at once. Kept in memory
/// and in the database.
/// </summary>
public sealed class SessionRegistry : IPrunable
{
    /// <summary>How long a session lasts after its last use.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromHours(12);

    /// <summary>How long a session lasts however much it is used.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    // A use is written down no more often than this.
    private static readonly TimeSpan Grain = TimeSpan.FromMinutes(5);

    private const string Collection = "sessions";

    private readonly IStateStore _state;
    private readonly TimeProvider _time;
    private readonly Lock _refresh = new();
    private ImmutableDictionary<string, SessionRecord> _sessions;

    public SessionRegistry(IStateStore state, TimeProvider time)
    {
        _state = state;
        _time = time;
        _sessions = Load();
        state.ChangedElsewhere += changed =>
        {
            if (changed.Contains(Collection))
            {
                Follow();
            }
        };
    }

    /// <summary>Raised on any thread when a session began or was ended.</summary>
    public event Action? Changed;

    /// <inheritdoc/>
    public string What => "sessions";

    /// <inheritdoc/>
    public TimeSpan KeptFor => Idle;

    /// <summary>Sessions that last, the one used last first.</summary>
    public IReadOnlyList<SessionRecord> All => [.. Volatile.Read(ref _sessions).Values.Where(Lasts).OrderByDescending(session => session.LastSeen)];

    /// <summary>The session; null when it has ended.</summary>
    public SessionRecord? Find(string id) => Volatile.Read(ref _sessions).GetValueOrDefault(id) is { } session && Lasts(session) ? session : null;

    /// <summary>The session, though another replica began it a moment ago; null when it has ended.</summary>
    public async Task<SessionRecord?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (Find(id) is null && !Volatile.Read(ref _sessions).ContainsKey(id))
        {
            await _state.FreshenAsync(cancellationToken).ConfigureAwait(false);
        }

        return Find(id);
    }

    public async Task<SessionRecord> StartAsync(ConsoleUser user, string remoteAddress, string client, SignInMethod method, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var session = new SessionRecord(RandomNumberGenerator.GetHexString(40, lowercase: true), user.Id, now, now, remoteAddress, client, method, user.SecurityStamp);
        await _state.WriteAnywayAsync(db => db.Collection(Collection).Insert(ToDocument(session)), cancellationToken).ConfigureAwait(false);
        lock (_refresh)
        {
            ImmutableInterlocked.TryAdd(ref _sessions, session.Id, session);
        }

        Changed?.Invoke();
        return session;
    }

    /// <summary>Notes that a session is in use.</summary>
    public async Task TouchAsync(SessionRecord session, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        if (now - session.LastSeen < Grain)
        {
            return;
        }

        // Only one that is still there: a request that is under way must not bring an ended session back.
        var seen = session with { LastSeen = now };
        if (ImmutableInterlocked.TryUpdate(ref _sessions, session.Id, seen, session))
        {
            try
            {
                await _state.WriteAsync(db => db.Collection(Collection).Update(ToDocument(seen)), cancellationToken).ConfigureAwait(false);
            }
            catch (StateUnavailableException)
            {
                // A few minutes less on the list; nobody is kept waiting for it.
            }
        }
    }

    /// <summary>Ends a session; nothing happens when it has ended already.</summary>
    public async Task EndAsync(string id, CancellationToken cancellationToken)
    {
        await _state.WriteAnywayAsync(db => db.Collection(Collection).Delete(id), cancellationToken).ConfigureAwait(false);
        lock (_refresh)
        {
            ImmutableInterlocked.TryRemove(ref _sessions, id, out _);
        }

        Changed?.Invoke();
    }

    /// <inheritdoc/>
    public async Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var over = Volatile.Read(ref _sessions).Values.Where(session => !Lasts(session)).Select(session => session.Id).ToList();
        if (over.Count > 0)
        {
            await _state.WriteAsync(db => over.Count(id => db.Collection(Collection).Delete(id)), cancellationToken).ConfigureAwait(false);
            ImmutableInterlocked.Update(ref _sessions, (known, ended) => known.RemoveRange(ended), over);
            Changed?.Invoke();
        }

        return over.Count;
    }

    /// <summary>Takes over what another replica wrote. Under a lock: what was read before a session was ended here must not come after it and bring the session back.</summary>
    private void Follow()
    {
        lock (_refresh)
        {
            Volatile.Write(ref _sessions, Load());
        }

        Changed?.Invoke();
    }

    private ImmutableDictionary<string, SessionRecord> Load() =>
        _state.Read(db => db.GetCollection(Collection).FindAll().Select(FromDocument).ToList()).ToImmutableDictionary(session => session.Id);

    private bool Lasts(SessionRecord session)
    {
        var unused = _time.GetUtcNow() - session.LastSeen;

        // One that was used far in the future began by a clock that was wrong, and would last until long after that.
        return unused < Idle && unused > -Idle && _time.GetUtcNow() - session.StartedAt < Longest;
    }

    private static BsonDocument ToDocument(SessionRecord session) => new()
    {
        ["_id"] = session.Id,
        ["user"] = session.UserId,
        ["started"] = session.StartedAt.UtcDateTime,
        ["seen"] = session.LastSeen.UtcDateTime,
        ["remote"] = session.RemoteAddress,
        ["client"] = session.Client,
        ["method"] = session.Method.ToString(),
        ["stamp"] = session.Stamp,
    };

    private static SessionRecord FromDocument(BsonDocument document) => new(
        document["_id"].AsString,
        document["user"].AsString,
        new DateTimeOffset(document["started"].AsDateTime.ToUniversalTime()),
        new DateTimeOffset(document["seen"].AsDateTime.ToUniversalTime()),
        document["remote"].AsString,
        document["client"].AsString,
        Enum.Parse<SignInMethod>(document["method"].AsString),
        document["stamp"].AsString);
}
