using System.Security.Cryptography;
using System.Text;
using LiteDB;
using Runner.Engine.Storage;

namespace Runner.Web.Identity.Users;

/// <summary>The sign-in link of the first start: works once, for a day. Only its hash is kept.</summary>
internal sealed class FirstSignIn(Database database, TimeProvider time)
{
    private const string Collection = "first_sign_in";

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    /// <summary>Makes the link's secret for an account.</summary>
    public async Task<string> CreateAsync(string userId, CancellationToken cancellationToken)
    {
        var secret = RandomNumberGenerator.GetHexString(40, lowercase: true);
        var document = new BsonDocument { ["_id"] = Hash(secret), ["user"] = userId, ["until"] = (time.GetUtcNow() + Lifetime).UtcDateTime };
        await database.WriteAsync(db => db.GetCollection(Collection).Insert(document), cancellationToken).ConfigureAwait(false);
        return secret;
    }

    /// <summary>Uses the secret up.</summary>
    /// <returns>The account it was made for; null when it is unknown, used or too old.</returns>
    public Task<string?> RedeemAsync(string secret, CancellationToken cancellationToken)
    {
        var id = Hash(secret);
        return database.WriteAsync(
            db =>
            {
                var links = db.GetCollection(Collection);
                var link = links.FindById(id);
                links.Delete(id);
                return link is not null && link["until"].AsDateTime.ToUniversalTime() > time.GetUtcNow().UtcDateTime ? link["user"].AsString : null;
            },
            cancellationToken);
    }

    private static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
