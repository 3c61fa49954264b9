using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Runner.Web.Hosting;

namespace Runner.Web.Identity.Tokens;

/// <summary>The certificates that sign and encrypt tokens: made at the first start, kept in the key folder for good, so that tokens outlive a restart.</summary>
internal static class TokenCertificates
{
    private const int YearsValid = 20;

    public static X509Certificate2 Signing(DirectoryInfo folder, TimeProvider time) =>
        LoadOrCreate(folder, "token-signing.pfx", X509KeyUsageFlags.DigitalSignature, time);

    public static X509Certificate2 Encryption(DirectoryInfo folder, TimeProvider time) =>
        LoadOrCreate(folder, "token-encryption.pfx", X509KeyUsageFlags.KeyEncipherment, time);

    /// <exception cref="StartRefusedException">The file is there but no certificate with a private key.</exception>
    private static X509Certificate2 LoadOrCreate(DirectoryInfo folder, string name, X509KeyUsageFlags usage, TimeProvider time)
    {
        var path = Path.Combine(folder.FullName, name);
        if (!File.Exists(path))
        {
            Create(path, usage, time);
        }

        try
        {
            return X509CertificateLoader.LoadPkcs12FromFile(path, null);
        }
        catch (CryptographicException exception)
        {
            throw new StartRefusedException(
                $"The file '{path}' is no certificate that this runner can read. Restore it from a backup, or delete it: a new one is made, and all issued tokens end.", exception);
        }
    }

    private static void Create(string path, X509KeyUsageFlags usage, TimeProvider time)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN=CSGHub Runner {usage}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));

        // A day back, for clocks that are set right after the first start.
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(YearsValid));
        SecretFile.Write(path, certificate.Export(X509ContentType.Pkcs12));
    }
}
