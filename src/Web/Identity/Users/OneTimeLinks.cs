using System.Security.Cryptography;
using System.Text;
using LiteDB;
using Runner.Engine.Storage;

namespace Runner.Web.Identity.Users;

/// <summary>What a one-time link is good for.</summary>
internal enum LinkPurpose
{
    /// <summary>Signs in: the link of the first start.</summary>
    SignIn,

    /// <summary>Lets a password be chosen: for new accounts and forgotten passwords.</summary>
    Password,
}

/// <summary>Links that work once, for a day. Only their hashes are kept; a new one for an account makes the older ones useless.</summary>
internal sealed class OneTimeLinks(IStateStore state, TimeProvider time)
{
    private const string Collection = "one_time_links";

    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    /// <summary>Makes the link's secret for an account.</summary>
    public async Task<string> CreateAsync(string userId, LinkPurpose purpose, CancellationToken cancellationToken)
    {
        var secret = RandomNumberGenerator.GetHexString(40, lowercase: true);
        var now = time.GetUtcNow();
        var document = new BsonDocument { ["_id"] = Hash(secret), ["user"] = userId, ["purpose"] = purpose.ToString(), ["until"] = (now + Lifetime).UtcDateTime };
        await state.WriteAsync(
            db =>
            {
                var links = db.Collection(Collection);
                links.DeleteMany(Query.Or(Query.EQ("user", userId), Query.LT("until", now.UtcDateTime)));
                return links.Insert(document);
            },
            cancellationToken).ConfigureAwait(false);
        return secret;
    }

    /// <summary>The account that the secret would be taken for, without using it up; null when it would not be taken.</summary>
    public async Task<string?> UserOfAsync(string secret, LinkPurpose purpose, CancellationToken cancellationToken)
    {
        // It may have been made at another replica a moment ago.
        await state.FreshenAsync(cancellationToken).ConfigureAwait(false);
        return state.Read(db => UserOf(db.GetCollection(Collection).FindById(Hash(secret)), purpose));
    }

    /// <summary>Uses the secret up.</summary>
    /// <returns>The account it was made for; null when it is unknown, used, too old or for something else.</returns>
    public async Task<string?> RedeemAsync(string secret, LinkPurpose purpose, CancellationToken cancellationToken)
    {
        var id = Hash(secret);
        await state.FreshenAsync(cancellationToken).ConfigureAwait(false);
        return await state.WriteAsync(
            db =>
            {
                var links = db.Collection(Collection);
                var user = UserOf(links.FindById(id), purpose);
                if (user is not null)
                {
                    links.Delete(id);
                }

                return user;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private string? UserOf(BsonDocument? link, LinkPurpose purpose) =>
        link is not null && link["purpose"].AsString == purpose.ToString() && link["until"].AsDateTime.ToUniversalTime() > time.GetUtcNow().UtcDateTime ? link["user"].AsString : null;

    private static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
