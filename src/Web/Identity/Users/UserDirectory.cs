using System.Collections.Immutable;
using System.Security.Cryptography;
using LiteDB;
using Runner.Engine.Storage;

namespace Runner.Web.Identity.Users;

/// <summary>The accounts. Kept in memory and in the database: every request asks for its user, none may cost a disk read.</summary>
public sealed partial class UserDirectory
{
    /// <summary>Longest name of an account, in characters.</summary>
    public const int LongestName = 100;

    private const string Collection = StateCollections.Users;

    private readonly IStateStore _state;
    private readonly TimeProvider _time;
    private readonly Lock _refresh = new();
    private ImmutableDictionary<string, ConsoleUser> _users;

    /// <summary>Loads the accounts from <paramref name="state"/>.</summary>
    public UserDirectory(IStateStore state, TimeProvider time)
    {
        _state = state;
        _time = time;
        _users = Load();
        state.ChangedElsewhere += Follow;
    }

    /// <summary>Raised on any thread when an account was added, changed or removed.</summary>
    public event Action? Changed;

    /// <summary>All accounts by name.</summary>
    public IReadOnlyList<ConsoleUser> All => [.. Volatile.Read(ref _users).Values.OrderBy(user => user.Name, StringComparer.OrdinalIgnoreCase)];

    public ConsoleUser? FindById(string id) => Volatile.Read(ref _users).GetValueOrDefault(id);

    public ConsoleUser? FindByName(string name) =>
        Volatile.Read(ref _users).Values.FirstOrDefault(user => user.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The local account with that name and password, or null. Takes as long for an unknown name as for a wrong password.</summary>
    public ConsoleUser? Authenticate(string name, string password)
    {
        var user = FindByName(name);
        return Passwords.Verify(user?.PasswordHash, password) && user is { Disabled: false, IsLocal: true } ? user : null;
    }

    /// <summary>Creates a local account.</summary>
    /// <exception cref="UserRefusedException">The name is taken, empty or too long.</exception>
    public Task<ConsoleUser> CreateAsync(string name, string password, ConsoleRole role, CancellationToken cancellationToken) =>
        AddAsync(NewUser(name, role) with { PasswordHash = Passwords.Hash(password) }, cancellationToken);

    /// <summary>Creates a local account that nobody can sign in with until a password is set.</summary>
    /// <inheritdoc cref="CreateAsync" path="/exception"/>
    public Task<ConsoleUser> InviteAsync(string name, ConsoleRole role, CancellationToken cancellationToken) => AddAsync(NewUser(name, role), cancellationToken);

    /// <summary>Sets a password and ends all sessions of the account.</summary>
    public Task<ConsoleUser> SetPasswordAsync(string id, string password, CancellationToken cancellationToken)
    {
        var hash = Passwords.Hash(password);
        return ChangeAsync(
            id,
            user => user.IsLocal
                ? user with { PasswordHash = hash, SecurityStamp = NewStamp() }
                : throw new UserRefusedException(UserRefusal.NotLocal, "The account belongs to an outside provider: its password is changed there."),
            cancellationToken);
    }

    /// <summary>Sets the role and ends all sessions of the account.</summary>
    /// <exception cref="UserRefusedException">It is the last administrator.</exception>
    public Task<ConsoleUser> SetRoleAsync(string id, ConsoleRole role, CancellationToken cancellationToken) =>
        ChangeAsync(id, user => user with { Role = role, SecurityStamp = NewStamp() }, cancellationToken);

    /// <summary>Disables the account and ends its sessions, or lets it in again.</summary>
    /// <exception cref="UserRefusedException">It is the last administrator.</exception>
    public Task<ConsoleUser> SetDisabledAsync(string id, bool disabled, CancellationToken cancellationToken) =>
        ChangeAsync(id, user => user with { Disabled = disabled, SecurityStamp = NewStamp() }, cancellationToken);

    /// <summary>Ends all sessions of the account.</summary>
    public Task<ConsoleUser> EndSessionsAsync(string id, CancellationToken cancellationToken) =>
        ChangeAsync(id, user => user with { SecurityStamp = NewStamp() }, cancellationToken);

    /// <summary>Removes the account; nothing happens when it is gone already.</summary>
    /// <exception cref="UserRefusedException">It is the last administrator.</exception>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        await _state.WriteAsync(
            database =>
            {
                var users = database.Collection(Collection);
                if (users.FindById(id) is { } document)
                {
                    KeepAdministrator(users, UserDocument.Read(document), null);
                }

                return users.Delete(id);
            },
            cancellationToken).ConfigureAwait(false);
        Refresh(id);
    }

    /// <summary>Changes an account on the writer thread: what the change is made from is what is stored, whatever happens at the same time.</summary>
    /// <param name="change">May throw; then nothing changes.</param>
    internal async Task<ConsoleUser> ChangeAsync(string id, Func<ConsoleUser, ConsoleUser> change, CancellationToken cancellationToken)
    {
        var changed = await _state.WriteAsync(
            database =>
            {
                var users = database.Collection(Collection);
                var before = users.FindById(id) is { } document
                    ? UserDocument.Read(document)
                    : throw new UserRefusedException(UserRefusal.Gone, "That user is gone. Reload the list of users.");
                var after = change(before);
                KeepAdministrator(users, before, after);
                users.Update(UserDocument.Of(after));
                return after;
            },
            cancellationToken).ConfigureAwait(false);
        Refresh(id);
        return changed;
    }

    /// <summary>Refuses what would leave nobody who can administrate.</summary>
    /// <exception cref="UserRefusedException">It would.</exception>
    internal static void KeepAdministrator(StateCollection users, BsonDocument before, BsonDocument? after) =>
        KeepAdministrator(users, UserDocument.Read(before), after is null ? null : UserDocument.Read(after));

    internal static string NewStamp() => RandomNumberGenerator.GetHexString(32);

    private ConsoleUser NewUser(string name, ConsoleRole role) => new()
    {
        Id = Guid.NewGuid().ToString("N"),
        Name = name.Trim(),
        Role = role,
        SecurityStamp = NewStamp(),
        CreatedAt = _time.GetUtcNow(),
    };

    private async Task<ConsoleUser> AddAsync(ConsoleUser user, CancellationToken cancellationToken)
    {
        if (user.Name.Length is 0 or > LongestName || user.Name.Any(char.IsControl))
        {
            throw new UserRefusedException(UserRefusal.NameInvalid, $"A user name has 1 to {LongestName} characters.");
        }

        await _state.WriteAsync(
            database =>
            {
                // Asked on the writer thread, so that two at once cannot both find the name free.
                var known = database.Collection(Collection).FindAll().ConvertAll(UserDocument.Read);
                return known.Any(other => other.Name.Equals(user.Name, StringComparison.OrdinalIgnoreCase))
                    ? throw new UserRefusedException(UserRefusal.NameTaken, $"There is a user '{user.Name}' already. Choose another name.")
                    : database.Collection(Collection).Insert(UserDocument.Of(user));
            },
            cancellationToken).ConfigureAwait(false);
        Refresh(user.Id);
        return user;
    }

    // One that an outside provider vouches for does not count: with the provider down nobody could come in.
    private static void KeepAdministrator(StateCollection users, ConsoleUser before, ConsoleUser? after)
    {
        if (before.IsLocalAdministrator && after?.IsLocalAdministrator != true
            && !users.FindAll().ConvertAll(UserDocument.Read).Exists(other => other.Id != before.Id && other.IsLocalAdministrator))
        {
            throw new UserRefusedException(
                UserRefusal.LastAdministrator, $"'{before.Name}' is the last local administrator. Make somebody else one first, or nobody could change anything any more.");
        }
    }

    private ImmutableDictionary<string, ConsoleUser> Load() =>
        _state.Read(db => db.GetCollection(Collection).FindAll().Select(UserDocument.Read).ToList()).ToImmutableDictionary(user => user.Id);

    /// <summary>Takes over what another replica wrote.</summary>
    private void Follow(IReadOnlySet<string> changed)
    {
        if (!changed.Contains(Collection))
        {
            return;
        }

        lock (_refresh)
        {
            _users = Load();
        }

        Changed?.Invoke();
    }

    /// <summary>Takes over what the disk says once it is there. Under a lock, so that of two changes the later one stays in memory too.</summary>
    private void Refresh(string id)
    {
        lock (_refresh)
        {
            var document = _state.Read(database => database.GetCollection(Collection).FindById(id));
            _users = document is null ? _users.Remove(id) : _users.SetItem(id, UserDocument.Read(document));
        }

        Changed?.Invoke();
    }
}
