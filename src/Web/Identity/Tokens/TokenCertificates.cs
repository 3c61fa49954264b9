using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Runner.Web.Hosting;

namespace Runner.Web.Identity.Tokens;

/// <summary>What a certificate is for.</summary>
internal enum TokenKeyUse
{
    Signing,
    Encryption,
}

/// <summary>
/// The certificates that sign and encrypt tokens, in the key folder, so that tokens outlive a restart. Each is used for <see cref="Period"/>; its successor is made
/// and published <see cref="Ahead"/> of that, so that whoever keeps our public keys knows it in time, and it is kept for <see cref="Overlap"/> after, until the last
/// token that it signed has ended.
/// </summary>
internal sealed class TokenCertificates
{
    public static readonly TimeSpan Period = TimeSpan.FromDays(90);
    public static readonly TimeSpan Ahead = TimeSpan.FromDays(7);

    /// <summary>Longer than a refresh token lives.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromDays(15);

    private readonly KeyFolder _folder;
    private readonly TimeProvider _time;
    private Certificates _current;

    /// <summary>Loads the certificates, and makes what is missing.</summary>
    /// <exception cref="StartRefusedException">A file is there but no certificate with a private key.</exception>
    public TokenCertificates(KeyFolder folder, TimeProvider time)
    {
        _folder = folder;
        _time = time;
        _current = Renew();
    }

    /// <summary>Valid now and soon, the one to use now first.</summary>
    public IReadOnlyList<X509Certificate2> Of(TokenKeyUse use) => use == TokenKeyUse.Signing ? _current.Signing : _current.Encryption;

    /// <summary>Makes the next certificates where it is time, and forgets those that nothing needs any more.</summary>
    /// <returns>True when another one is used from now on, or there are others.</returns>
    public bool Rotate()
    {
        lock (_folder.Lock)
        {
            var before = _current;
            _current = Renew();
            return !before.Same(_current);
        }
    }

    private Certificates Renew() => new(Renew(TokenKeyUse.Signing), Renew(TokenKeyUse.Encryption));

    private List<X509Certificate2> Renew(TokenKeyUse use)
    {
        var now = _time.GetUtcNow();
        var known = Files(use).Select(file => (File: file, Certificate: Load(file))).OrderByDescending(one => one.Certificate.NotBefore).ToList();
        if (known.Count == 0)
        {
            // A day back, for clocks that are set right after the first start.
            known.Add(Create(use, now.AddDays(-1)));
        }
        else if (now > Begin(known[0].Certificate) + Period - Ahead)
        {
            var planned = Begin(known[0].Certificate) + Period;
            known.Insert(0, Create(use, planned < now ? now.AddMinutes(-1) : planned));
        }

        var inUse = known.FindIndex(one => Begin(one.Certificate) <= now);
        foreach (var (file, certificate) in known.Where((_, index) => index > inUse && Begin(known[index - 1].Certificate) + Overlap < now).ToList())
        {
            File.Delete(file);
            known.RemoveAll(one => one.File == file);
            certificate.Dispose();
        }

        return [.. known.OrderBy(one => Begin(one.Certificate) > now).ThenByDescending(one => one.Certificate.NotBefore).Select(one => one.Certificate)];
    }

    private IEnumerable<string> Files(TokenKeyUse use) => Directory.EnumerateFiles(_folder.Directory.FullName, $"{Prefix(use)}*.pfx");

    private (string File, X509Certificate2 Certificate) Create(TokenKeyUse use, DateTimeOffset begin)
    {
        using var key = RSA.Create(2048);
        var usage = use == TokenKeyUse.Signing ? X509KeyUsageFlags.DigitalSignature : X509KeyUsageFlags.KeyEncipherment;
        var request = new CertificateRequest($"CN=CSGHub Runner {use}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        using var certificate = request.CreateSelfSigned(begin, begin + Period + Overlap + Ahead);
        var path = _folder.File($"{Prefix(use)}{begin.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}.pfx");
        SecretFile.Write(path, certificate.Export(X509ContentType.Pkcs12));
        return (path, Load(path));
    }

    private static X509Certificate2 Load(string path)
    {
        try
        {
            return X509CertificateLoader.LoadPkcs12FromFile(path, null);
        }
        catch (CryptographicException exception)
        {
            throw new StartRefusedException(
                $"The file '{path}' is no certificate that this runner can read. Restore it from a backup, or delete it: a new one is made, and the tokens it signed end.", exception);
        }
    }

    private static DateTimeOffset Begin(X509Certificate2 certificate) => new(certificate.NotBefore.ToUniversalTime());

    private static string Prefix(TokenKeyUse use) => use == TokenKeyUse.Signing ? "token-signing-" : "token-encryption-";

    private sealed record Certificates(IReadOnlyList<X509Certificate2> Signing, IReadOnlyList<X509Certificate2> Encryption)
    {
        public bool Same(Certificates other) => Names(Signing).SequenceEqual(Names(other.Signing)) && Names(Encryption).SequenceEqual(Names(other.Encryption));

        private static IEnumerable<string> Names(IEnumerable<X509Certificate2> certificates) => certificates.Select(certificate => certificate.Thumbprint);
    }
}
