using System.Security.Cryptography;
using System.Text;
using Runner.Engine.Storage;

namespace Runner.Web.Identity.Users;

/// <summary>What signing in does to accounts.</summary>
public sealed partial class UserDirectory
{
    /// <summary>Notes that an account signed in just now, where that can be written down: nobody is kept out for it.</summary>
    /// <exception cref="UserRefusedException">The account is gone.</exception>
    internal async Task<ConsoleUser> SignedInAsync(string id, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        try
        {
            return await ChangeAsync(id, user => user with { LastSignIn = now }, cancellationToken).ConfigureAwait(false);
        }
        catch (StateUnavailableException) when (FindById(id) is { } known)
        {
            return known;
        }
    }

    /// <summary>The account of a person whom an outside provider vouches for; made at the first sign-in, its role and name taken over at every one.</summary>
    /// <param name="issuer">The provider.</param>
    /// <param name="subject">The person's unchanging id there.</param>
    /// <param name="name">The person's name there. Where an account of another kind has it, the provider's host is added.</param>
    internal async Task<ConsoleUser> TakeOverAsync(string issuer, string subject, string name, ConsoleRole role, CancellationToken cancellationToken)
    {
        var id = OutsideId(issuer, subject);
        var shown = Shorten(new string([.. name.Trim().Where(character => !char.IsControl(character))]));
        shown = shown.Length == 0 ? Shorten(subject) : shown;
        await _state.WriteAsync(
            database =>
            {
                var users = database.Collection(Collection);
                var others = users.FindAll().Select(UserDocument.Read).Where(user => user.Id != id).ToList();
                var free = Free(shown, issuer, others);
                var known = users.FindById(id) is { } document ? UserDocument.Read(document) : null;
                var user = known is null
                    ? NewUser(free, role) with { Id = id, Issuer = issuer }
                    : known with { Name = free, Role = role, SecurityStamp = known.Role == role ? known.SecurityStamp : NewStamp() };
                return users.Upsert(UserDocument.Of(user));
            },
            cancellationToken).ConfigureAwait(false);
        Refresh(id);
        return FindById(id)!;
    }

    /// <summary>
    /// Ends sessions and tokens of a person whom an outside provider gives no role any more. The account stays, in case it does again. Also while the cluster does not
    /// answer, for this replica at least; and of an account that another replica made a moment ago.
    /// </summary>
    /// <returns>The account; null where the person has none.</returns>
    internal async Task<ConsoleUser?> EndOutsideAsync(string issuer, string subject, CancellationToken cancellationToken)
    {
        var id = OutsideId(issuer, subject);
        var ended = await _state.WriteAnywayAsync(
            database =>
            {
                var users = database.Collection(Collection);
                return users.FindById(id) is { } document && users.Update(UserDocument.Of(UserDocument.Read(document) with { SecurityStamp = NewStamp() }));
            },
            cancellationToken).ConfigureAwait(false);
        if (ended)
        {
            Refresh(id);
        }

        return ended ? FindById(id) : null;
    }

    /// <summary>Takes a configured password over where it differs from the one taken over last. A disabled administrator is let in again by it.</summary>
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
            await AddAsync(NewUser(name, ConsoleRole.Administrator) with { PasswordHash = hash, ConfiguredPasswordHash = hash }, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await ChangeAsync(
                user.Id,
                known => known with { PasswordHash = hash, ConfiguredPasswordHash = hash, SecurityStamp = NewStamp(), Disabled = false, Role = ConsoleRole.Administrator },
                cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    // The id says nothing about the person, and cannot be that of a local account.
    private static string OutsideId(string issuer, string subject) =>
        "oidc-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{issuer}\n{subject}")).AsSpan(0, 16));

    private static string Free(string name, string issuer, List<ConsoleUser> others)
    {
        var host = Uri.TryCreate(issuer, UriKind.Absolute, out var address) ? address.Host : "outside";
        var candidates = Enumerable.Range(2, int.MaxValue - 2).Select(number => $"{name} ({host} {number})").Prepend($"{name} ({host})").Prepend(name);
        return candidates.First(candidate => !others.Any(other => other.Name.Equals(candidate, StringComparison.OrdinalIgnoreCase)));
    }

    private static string Shorten(string name) => name.Length <= LongestName ? name : name[..LongestName];
}
