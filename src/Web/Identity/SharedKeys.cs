using System.Xml.Linq;
using LiteDB;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Primitives;
using Runner.Engine.Storage;
using Runner.Web.Hosting;

namespace Runner.Web.Identity;

/// <summary>
/// Keeps the key folder of every replica the same: what seals cookies and second factors and signs tokens is in the shared state, and each replica has it in files as
/// well, so that a folder that is used alone again has everything. Where the state begins, the folder's own keys go into it; a replica that comes later gives its own up.
/// </summary>
internal sealed class SharedKeys
{
    private static readonly string[] Groups = ["key-", "token-signing-", "token-encryption-"];

    private readonly SharedState _state;
    private readonly KeyFolder _folder;
    private ConfigurationReloadToken _reload = new();

    public SharedKeys(SharedState state, KeyFolder folder)
    {
        _state = state;
        _folder = folder;
        state.AtBeginning(transaction =>
        {
            var keys = transaction.Collection(StateCollections.Keys);
            keys.DeleteMany(Query.GTE("_id", ""));
            foreach (var document in Documents())
            {
                keys.Upsert(document);
            }
        });
        state.ChangedElsewhere += changed =>
        {
            if (changed.Contains(StateCollections.Keys))
            {
                TakeOver();
            }
        };
    }

    /// <summary>Raised, on any thread, when files have come or gone. Handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    /// <summary>Raised, on any thread, when it may have become possible to share. Handlers must be quick and must not throw.</summary>
    public event Action? Reachable
    {
        add => _state.StatusChanged += value;
        remove => _state.StatusChanged -= value;
    }

    /// <summary>Whether it is settled what the state is: before, the folder may be ahead of this replica's copy of it.</summary>
    public bool IsSettled => _state.WhenReadyAsync(CancellationToken.None).IsCompletedSuccessfully;

    /// <summary>Fires at the next change.</summary>
    public IChangeToken ChangeToken => Volatile.Read(ref _reload);

    /// <summary>Gives a new key to everybody. When it returns nobody can lose it.</summary>
    /// <exception cref="IOException">It cannot be written now.</exception>
    public void Add(string name, byte[] bytes)
    {
        var known = _state.Status.IsKnown;
        if (known)
        {
            _state.WriteAsync(transaction => transaction.Collection(StateCollections.Keys).Upsert(Document(name, bytes)), CancellationToken.None).GetAwaiter().GetResult();
        }

        lock (_folder.Lock)
        {
            SecretFile.Write(_folder.File(name), bytes);
        }

        // Before the state is known nobody can tell whether it is needed: it begins with it, or others take its place. What was late for that is given to everybody here, or
        // by whoever sees that the state has become known and finds it in the folder.
        if (!known && _state.Status.IsKnown)
        {
            ShareAsync([], CancellationToken.None).GetAwaiter().GetResult();
        }
    }

    /// <summary>
    /// Gives what is in this folder alone, and what was thrown away in it, to everybody. Where another replica has made the same at the same time, its own comes back.
    /// </summary>
    /// <exception cref="IOException">It cannot be written now.</exception>
    public async Task ShareAsync(IReadOnlyCollection<string> gone, CancellationToken cancellationToken)
    {
        var shared = _state.Read(db => db.GetCollection(StateCollections.Keys).FindAll().Select(document => document["_id"].AsString).ToHashSet(StringComparer.Ordinal));
        var own = Documents().Where(document => !shared.Contains(document["_id"].AsString)).ToList();
        if (own.Count == 0 && !shared.Overlaps(gone))
        {
            return;
        }

        await _state.WriteAsync(
            transaction =>
            {
                var keys = transaction.Collection(StateCollections.Keys);
                foreach (var document in own.Where(document => keys.FindById(document["_id"]) is null))
                {
                    keys.Insert(document);
                }

                return gone.Count(name => keys.Delete(name));
            },
            cancellationToken).ConfigureAwait(false);
        TakeOver();
    }

    /// <summary>Names of the files in the folder.</summary>
    public IReadOnlySet<string> Names() => Files().Select(file => file.Name).ToHashSet(StringComparer.Ordinal);

    /// <summary>Takes over what may have been missed. A replica that is alone knows of nothing that could count more than its folder.</summary>
    public void CatchUp()
    {
        if (!_state.Status.IsAlone)
        {
            TakeOver();
        }
    }

    /// <summary>Makes the folder what the state says. A kind of key of which the state has none stays.</summary>
    private void TakeOver()
    {
        var changed = false;
        lock (_folder.Lock)
        {
            var shared = _state.Read(db => db.GetCollection(StateCollections.Keys).FindAll().ToList()).ToDictionary(document => document["_id"].AsString, document => document["data"].AsBinary);
            foreach (var (name, bytes) in shared.Where(pair => Path.GetFileName(pair.Key) == pair.Key))
            {
                var path = _folder.File(name);
                if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes))
                {
                    SecretFile.Write(path, bytes);
                    changed = true;
                }
            }

            foreach (var file in Files().Where(file => !shared.ContainsKey(file.Name) && shared.Keys.Any(name => GroupOf(name) == GroupOf(file.Name))))
            {
                file.Delete();
                changed = true;
            }
        }

        if (changed)
        {
            Interlocked.Exchange(ref _reload, new ConfigurationReloadToken()).OnReload();
            Changed?.Invoke();
        }
    }

    private List<BsonDocument> Documents()
    {
        lock (_folder.Lock)
        {
            return [.. Files().Select(file => Document(file.Name, File.ReadAllBytes(file.FullName)))];
        }
    }

    private List<FileInfo> Files() => [.. _folder.Directory.EnumerateFiles().Where(file => GroupOf(file.Name) is not null && file.Extension is ".xml" or ".pfx")];

    private static string? GroupOf(string name) => Groups.FirstOrDefault(group => name.StartsWith(group, StringComparison.Ordinal));

    private static BsonDocument Document(string name, byte[] bytes) => new() { ["_id"] = name, ["data"] = bytes };
}

/// <summary>The keys of Data Protection: read from the folder, written to every replica's.</summary>
internal sealed class SharedKeyRepository(SharedKeys keys, KeyFolder folder, ILoggerFactory loggers) : IXmlRepository
{
    private readonly FileSystemXmlRepository _files = new(folder.Directory, loggers);

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        lock (folder.Lock)
        {
            return _files.GetAllElements();
        }
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var stream = new MemoryStream();
        element.Save(stream);
        keys.Add(friendlyName + ".xml", stream.ToArray());
    }
}

/// <summary>Makes Data Protection look at its keys again when another replica has brought one.</summary>
internal sealed class SharedKeyManager(IKeyManager inner, SharedKeys keys) : IKeyManager
{
    public IKey CreateNewKey(DateTimeOffset activationDate, DateTimeOffset expirationDate) => inner.CreateNewKey(activationDate, expirationDate);

    public IReadOnlyCollection<IKey> GetAllKeys() => inner.GetAllKeys();

    public CancellationToken GetCacheExpirationToken()
    {
        // Not disposed of: it lives as long as the ring of keys that was read with it.
        var either = CancellationTokenSource.CreateLinkedTokenSource(inner.GetCacheExpirationToken());
        keys.ChangeToken.RegisterChangeCallback(state => ((CancellationTokenSource)state!).Cancel(), either);
        return either.Token;
    }

    public void RevokeAllKeys(DateTimeOffset revocationDate, string? reason = null) => inner.RevokeAllKeys(revocationDate, reason);

    public void RevokeKey(Guid keyId, string? reason = null) => inner.RevokeKey(keyId, reason);
}
