using System.Collections.Concurrent;
using System.Security.Cryptography;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Auth;

/// <summary>Knows who a bearer token stands for: the administrator, or a service account that was given one.</summary>
internal sealed class Authenticator(string adminToken, ObjectStore store, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Issued> _issued = new(StringComparer.Ordinal);

    /// <summary>Who makes a request.</summary>
    /// <param name="authorization">The <c>Authorization</c> header.</param>
    /// <returns>Null when the credentials are wrong; without any it is <see cref="UserInfo.Anonymous"/>.</returns>
    public UserInfo? Authenticate(string? authorization)
    {
        if (string.IsNullOrEmpty(authorization))
        {
            return UserInfo.Anonymous;
        }

        if (!authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var token = authorization["Bearer ".Length..].Trim();
        if (CryptographicOperations.FixedTimeEquals(System.Text.Encoding.UTF8.GetBytes(token), System.Text.Encoding.UTF8.GetBytes(adminToken)))
        {
            return UserInfo.Admin;
        }

        if (!_issued.TryGetValue(token, out var issued) || issued.Expires < time.GetUtcNow())
        {
            _issued.TryRemove(token, out _);
            return null;
        }

        var account = store.Get(new ObjectKey("", "serviceaccounts", issued.Namespace, issued.Account));
        return account is null || account.Uid != issued.Uid ? null : ServiceAccount(issued);
    }

    /// <summary>A new token of a service account.</summary>
    public (string Token, DateTimeOffset Expires) Issue(StoredObject account, TimeSpan lifetime)
    {
        var token = "embedded." + RandomNumberGenerator.GetHexString(48, lowercase: true);
        var expires = time.GetUtcNow() + lifetime;
        _issued[token] = new Issued(account.Key.Namespace, account.Key.Name, account.Uid, Guid.NewGuid(), expires);
        return (token, expires);
    }

    private static UserInfo ServiceAccount(Issued issued) => new(
        $"system:serviceaccount:{issued.Namespace}:{issued.Account}", issued.Uid,
        ["system:serviceaccounts", $"system:serviceaccounts:{issued.Namespace}", "system:authenticated"])
    {
        Extra = new Dictionary<string, string> { ["authentication.kubernetes.io/credential-id"] = $"JTI={issued.Id}" },
    };

    private sealed record Issued(string Namespace, string Account, string Uid, Guid Id, DateTimeOffset Expires);
}
