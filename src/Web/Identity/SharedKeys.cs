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
    private readonly DirectoryInfo _folder;
    private readonly Lock _lock = new();
    private ConfigurationReloadToken _reload = new();

    public SharedKeys(SharedState state, DirectoryInfo folder)
    {
        _state = state;
        _folder = folder;
        state.AtBeginning(transaction =>
        {
            var keys = transaction.Collection(StateCollections.Keys);
            keys.DeleteMany(Query.GTE("_id", ""));
            foreach (var file in Files())
            {
                keys.Upsert(Document(file.Name, File.ReadAllBytes(file.FullName)));
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

    /// <summary>Fires at the next change.</summary>
    public IChangeToken ChangeToken => Volatile.Read(ref _reload);

    /// <summary>Gives a new key to everybody. When it returns nobody can lose it.</summary>
    /// <exception cref="IOException">It cannot be written now.</exception>
    public void Add(string name, byte[] bytes)
    {
        if (_state.Status.IsKnown)
        {
            _state.WriteAsync(transaction => transaction.Collection(StateCollections.Keys).Upsert(Document(name, bytes)), CancellationToken.None).GetAwaiter().GetResult();
        }

        // Before the state is known nobody can tell whether it is needed: it begins with it, or others take its place.
        SecretFile.Write(Path.Combine(_folder.FullName, name), bytes);
    }

    /// <summary>Gives what was made or thrown away in the folder to everybody. Where another replica has made the same at the same time, its own comes back.</summary>
    /// <exception cref="IOException">It cannot be written now.</exception>
    public async Task PublishAsync(IReadOnlyCollection<string> made, IReadOnlyCollection<string> gone, CancellationToken cancellationToken)
    {
        var added = made.Where(name => File.Exists(Path.Combine(_folder.FullName, name))).Select(name => Document(name, File.ReadAllBytes(Path.Combine(_folder.FullName, name)))).ToList();
        await _state.WriteAsync(
            transaction =>
            {
                var keys = transaction.Collection(StateCollections.Keys);
                foreach (var document in added.Where(document => keys.FindById(document["_id"]) is null))
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

    /// <summary>Makes the folder what the state says. A kind of key of which the state has none stays.</summary>
    private void TakeOver()
    {
        var changed = false;
        lock (_lock)
        {
            var shared = _state.Read(db => db.GetCollection(StateCollections.Keys).FindAll().ToList()).ToDictionary(document => document["_id"].AsString, document => document["data"].AsBinary);
            foreach (var (name, bytes) in shared.Where(pair => Path.GetFileName(pair.Key) == pair.Key))
            {
                var path = Path.Combine(_folder.FullName, name);
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

    private List<FileInfo> Files() => [.. _folder.EnumerateFiles().Where(file => GroupOf(file.Name) is not null && file.Extension is ".xml" or ".pfx")];

    private static string? GroupOf(string name) => Groups.FirstOrDefault(group => name.StartsWith(group, StringComparison.Ordinal));

    private static BsonDocument Document(string name, byte[] bytes) => new() { ["_id"] = name, ["data"] = bytes };
}

/// <summary>The keys of Data Protection: read from the folder, written to every replica's.</summary>
internal sealed class SharedKeyRepository(SharedKeys keys, FileSystemXmlRepository files) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() => files.GetAllElements();

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
