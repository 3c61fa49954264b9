using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.SignIn;

/// <summary>What lies between password and code: a sealed note in the form that says whose password was right, good for a few minutes and as long as the account does not change.</summary>
internal sealed class SecondStep(IDataProtectionProvider protection, UserDirectory users, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly IDataProtector _protector = protection.CreateProtector("Runner.Web.Identity.SecondStep");

    public string Begin(ConsoleUser user) =>
        _protector.Protect(string.Join('\n', user.Id, user.SecurityStamp, time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));

    /// <summary>The account whose password was right; null where the note is forged, too old, or about an account that has changed since.</summary>
    public ConsoleUser? UserOf(string pending)
    {
        try
        {
            return _protector.Unprotect(pending).Split('\n') is [var id, var stamp, var at]
                && users.FindById(id) is { Disabled: false } user && user.SecurityStamp == stamp
                && time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(long.Parse(at, CultureInfo.InvariantCulture)) < Patience
                    ? user
                    : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
