using System.Collections.Immutable;
using System.Security.Cryptography;
using LiteDB;
using Runner.Engine.Storage;

namespace Runner.Web.Identity.Users;

/// <summary>The local accounts. Kept in memory and in the database: every request asks for its user, none may cost a disk read.</summary>
public sealed class UserDirectory
{
    /// <summary>Longest name of an account, in characters.</summary>
    public const int LongestName = 100;

    private const string Collection = "users";

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly Lock _refresh = new();
    private ImmutableDictionary<string, ConsoleUser> _users;

    /// <summary>Loads the accounts from <paramref name="database"/>.</summary>
    public UserDirectory(Database database, TimeProvider time)
    {
        _database = database;
        _time = time;
        _users = database.Read(db => db.GetCollection(Collection).FindAll().Select(FromDocument).ToList()).ToImmutableDictionary(user => user.Id);
    }

    /// <summary>All accounts by name.</summary>
    public IReadOnlyList<ConsoleUser> All => [.. Volatile.Read(ref _users).Values.OrderBy(user => user.Name, StringComparer.OrdinalIgnoreCase)];

    public ConsoleUser? FindById(string id) => Volatile.Read(ref _users).GetValueOrDefault(id);

    public ConsoleUser? FindByName(string name) =>
        Volatile.Read(ref _users).Values.FirstOrDefault(user => user.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The account with that name and password, or null. Takes as long for an unknown name as for a wrong password.</summary>
    public ConsoleUser? Authenticate(string name, string password)
    {
        var user = FindByName(name);
        return Passwords.Verify(user?.PasswordHash, password) ? user : null;
    }

    /// <summary>Creates an account.</summary>
    /// <exception cref="InvalidOperationException">The name is taken, empty or too long.</exception>
    public Task<ConsoleUser> CreateAsync(string name, string password, ConsoleRole role, CancellationToken cancellationToken) =>
        CreateAsync(name, Passwords.Hash(password), "", role, cancellationToken);

    /// <summary>Sets a password and ends all sessions of the account.</summary>
    public Task<ConsoleUser> SetPasswordAsync(string id, string password, CancellationToken cancellationToken)
    {
        var hash = Passwords.Hash(password);
        return ChangeAsync(id, user => user with { PasswordHash = hash, SecurityStamp = NewStamp() }, cancellationToken);
    }

    /// <summary>Sets the role and ends all sessions of the account.</summary>
    public Task<ConsoleUser> SetRoleAsync(string id, ConsoleRole role, CancellationToken cancellationToken) =>
        ChangeAsync(id, user => user with { Role = role, SecurityStamp = NewStamp() }, cancellationToken);

    /// <summary>Ends all sessions of the account.</summary>
    public Task<ConsoleUser> EndSessionsAsync(string id, CancellationToken cancellationToken) =>
        ChangeAsync(id, user => user with { SecurityStamp = NewStamp() }, cancellationToken);

    /// <summary>Removes the account; nothing happens when it is gone already.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        await _database.WriteAsync(database => database.GetCollection(Collection).Delete(id), cancellationToken).ConfigureAwait(false);
        Refresh(id);
    }

    /// <summary>Takes a configured password over where it differs from the one taken over last.</summary>
    /// <returns>True when it was taken over.</returns>
    internal async Task<bool> ApplyConfiguredPasswordAsync(string name, string password, CancellationToken cancellationToken)
    {
        var user = FindByName(name);
        if (user is not null && Passwords.Verify(user.ConfiguredPasswordHash, password))
        {
            return false;
        }

        var hash = Passwords.Hash(password);
        if (user is null)
        {
            await CreateAsync(name, hash, hash, ConsoleRole.Administrator, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await ChangeAsync(
                user.Id, known => known with { PasswordHash = hash, ConfiguredPasswordHash = hash, SecurityStamp = NewStamp() }, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private async Task<ConsoleUser> CreateAsync(string name, string hash, string configuredHash, ConsoleRole role, CancellationToken cancellationToken)
    {
        var trimmed = name.Trim();
        if (trimmed.Length is 0 or > LongestName)
        {
            throw new InvalidOperationException($"A user name has 1 to {LongestName} characters.");
        }

        var user = new ConsoleUser
        {
            Id = Guid.NewGuid().ToString("N"),
            Name = trimmed,
            Role = role,
            SecurityStamp = NewStamp(),
            PasswordHash = hash,
            ConfiguredPasswordHash = configuredHash,
            CreatedAt = _time.GetUtcNow(),
        };
        await _database.WriteAsync(
            database =>
            {
                // Asked on the writer thread, so that two at once cannot both find the name free.
                var known = database.GetCollection(Collection).FindAll().Select(FromDocument).ToList();
                return known.Any(other => other.Name.Equals(trimmed, StringComparison.OrdinalIgnoreCase))
                    ? throw new InvalidOperationException($"There is a user '{trimmed}' already. Choose another name.")
                    : database.GetCollection(Collection).Insert(ToDocument(user));
            },
            cancellationToken).ConfigureAwait(false);
        Refresh(user.Id);
        return user;
    }

    private async Task<ConsoleUser> ChangeAsync(string id, Func<ConsoleUser, ConsoleUser> change, CancellationToken cancellationToken)
    {
        var changed = await _database.WriteAsync(
            database =>
            {
                var users = database.GetCollection(Collection);
                var user = users.FindById(id) is { } document ? change(FromDocument(document)) : throw new InvalidOperationException("That user is gone. Reload the list of users.");
                users.Update(ToDocument(user));
                return user;
            },
            cancellationToken).ConfigureAwait(false);
        Refresh(id);
        return changed;
    }

    /// <summary>Takes over what the disk says once it is there. Under a lock, so that of two changes the later one stays in memory too.</summary>
    private void Refresh(string id)
    {
        lock (_refresh)
        {
            var document = _database.Read(database => database.GetCollection(Collection).FindById(id));
            _users = document is null ? _users.Remove(id) : _users.SetItem(id, FromDocument(document));
        }
    }

    private static string NewStamp() => RandomNumberGenerator.GetHexString(32);

    private static BsonDocument ToDocument(ConsoleUser user) => new()
    {
        ["_id"] = user.Id,
        ["name"] = user.Name,
        ["role"] = user.Role.ToString(),
        ["stamp"] = user.SecurityStamp,
        ["hash"] = user.PasswordHash,
        ["configured"] = user.ConfiguredPasswordHash,
        ["created"] = user.CreatedAt.UtcDateTime,
    };

    private static ConsoleUser FromDocument(BsonDocument document) => new()
    {
        Id = document["_id"].AsString,
        Name = document["name"].AsString,
        Role = Enum.Parse<ConsoleRole>(document["role"].AsString),
        SecurityStamp = document["stamp"].AsString,
        PasswordHash = document["hash"].AsString,
        ConfiguredPasswordHash = document["configured"].AsString,
        CreatedAt = new DateTimeOffset(document["created"].AsDateTime.ToUniversalTime()),
    };
}
