using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using OtpNet;
using QRCoder;

namespace Runner.Web.Identity.Users;

/// <summary>A shared secret that an authenticator app takes up, before it is confirmed with a first code.</summary>
/// <param name="Secret">In base 32, for typing.</param>
/// <param name="Picture">The QR code as SVG.</param>
public sealed record TotpOffer(string Secret, string Picture)
{
    /// <summary>Without the secret.</summary>
    public override string ToString() => nameof(TotpOffer);
}

/// <summary>With what a second factor was shown.</summary>
public enum FactorTaken
{
    Code,
    RecoveryCode,
}

/// <summary>
/// The second factor of local accounts: time-based one-time passwords (RFC 6238: SHA-1, 6 digits, 30 seconds, as authenticator apps do it), and recovery codes
/// for when the app is lost. The shared secret is kept encrypted, the codes hashed; each code is taken once.
/// </summary>
public sealed class SecondFactor
{
    private const int SecretBytes = 20;
    private const int Codes = 10;
    private const string CodeAlphabet = "bcdfghjkmnpqrstvwxz23456789";
    private const string AppName = "CSGHub Runner";

    // One step back and one ahead, for clocks that are a little off and people who type slowly.
    private static readonly VerificationWindow Window = new(previous: 1, future: 1);

    private readonly UserDirectory _users;
    private readonly TimeProvider _time;
    private readonly IDataProtector _protector;

    public SecondFactor(UserDirectory users, TimeProvider time, IDataProtectionProvider protection)
    {
        _users = users;
        _time = time;
        _protector = protection.CreateProtector("Runner.Web.Identity.SecondFactor");
    }

    /// <summary>Makes a secret for an account. Nothing is stored until <see cref="ConfirmAsync"/>.</summary>
    public static TotpOffer Offer(ConsoleUser user)
    {
        var secret = Base32Encoding.ToString(RandomNumberGenerator.GetBytes(SecretBytes)).TrimEnd('=');
        var address = $"otpauth://totp/{Uri.EscapeDataString(AppName)}:{Uri.EscapeDataString(user.Name)}?secret={secret}&issuer={Uri.EscapeDataString(AppName)}";
        using var generator = new QRCodeGenerator();
        using var data = generator.CreateQrCode(address, QRCodeGenerator.ECCLevel.M);
        using var picture = new SvgQRCode(data);
        return new TotpOffer(secret, picture.GetGraphic(4, "#000", "#fff", drawQuietZones: true, SvgQRCode.SizingMode.ViewBoxAttribute));
    }

    /// <summary>Takes the secret into use once the app has shown a right code.</summary>
    /// <returns>The recovery codes, to be shown once.</returns>
    /// <exception cref="UserRefusedException">The code is not right, or the account is not local.</exception>
    public async Task<IReadOnlyList<string>> ConfirmAsync(string userId, TotpOffer offer, string code, CancellationToken cancellationToken)
    {
        if (!new Totp(Base32Encoding.ToBytes(offer.Secret)).VerifyTotp(_time.GetUtcNow().UtcDateTime, Bare(code), out var step, Window))
        {
            throw new UserRefusedException(UserRefusal.CodeWrong, "The code is not right. Wait for the next one; is the clock of the device right?");
        }

        var codes = Enumerable.Range(0, Codes).Select(_ => RandomNumberGenerator.GetString(CodeAlphabet, 6) + "-" + RandomNumberGenerator.GetString(CodeAlphabet, 6)).ToList();
        var secret = _protector.Protect(offer.Secret);
        await _users.ChangeAsync(
            userId,
            user => user.IsLocal
                ? user with { TotpSecret = secret, TotpStep = step, RecoveryHashes = [.. codes.Select(Hash)] }
                : throw new UserRefusedException(UserRefusal.NotLocal, "The account belongs to an outside provider: its second factor is set up there."),
            cancellationToken).ConfigureAwait(false);
        return codes;
    }

    /// <summary>Whether the code is right; then it is used up. Of two requests with the same code one is refused.</summary>
    /// <param name="code">From the app, or a recovery code.</param>
    /// <returns>What was taken; null when nothing was.</returns>
    public async Task<FactorTaken?> VerifyAsync(string userId, string code, CancellationToken cancellationToken)
    {
        var bare = Bare(code);
        var now = _time.GetUtcNow().UtcDateTime;
        var taken = FactorTaken.Code;
        try
        {
            await _users.ChangeAsync(userId, user => Take(user, bare, now, out taken), cancellationToken).ConfigureAwait(false);
            return taken;
        }
        catch (UserRefusedException)
        {
            return null;
        }
    }

    /// <summary>Takes the second factor away.</summary>
    public Task RemoveAsync(string userId, CancellationToken cancellationToken) =>
        _users.ChangeAsync(userId, user => user with { TotpSecret = "", TotpStep = 0, RecoveryHashes = [] }, cancellationToken);

    private ConsoleUser Take(ConsoleUser user, string code, DateTime now, out FactorTaken taken)
    {
        var hash = Hash(code);
        if (user.RecoveryHashes.Contains(hash))
        {
            taken = FactorTaken.RecoveryCode;
            return user with { RecoveryHashes = [.. user.RecoveryHashes.Where(known => known != hash)] };
        }

        taken = FactorTaken.Code;
        return user.HasSecondFactor && new Totp(Base32Encoding.ToBytes(_protector.Unprotect(user.TotpSecret))).VerifyTotp(now, code, out var step, Window) && step > user.TotpStep
            ? user with { TotpStep = step }
            : throw new UserRefusedException(UserRefusal.CodeWrong, "The code is not right.");
    }

    private static string Bare(string code) => new([.. code.Where(char.IsAsciiLetterOrDigit).Select(char.ToLowerInvariant)]);

    // Of random codes of 57 bits a plain hash cannot be turned back by trying.
    private static string Hash(string code) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Bare(code))));
}
