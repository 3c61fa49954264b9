using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Runner.Engine.Configuration;

namespace Runner.Web.Hosting;

/// <summary>
/// The certificate of the listener, read from its files and again whenever they change, as cert-manager and mounted Secrets change them: in one piece, but without a
/// word. Looked at regularly, because links that are swapped wake no watcher. Files that do not fit together leave the certificate in use as it is.
/// </summary>
internal sealed partial class ListenerCertificate : BackgroundService
{
    /// <summary>From one look to the next.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly TlsOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ListenerCertificate> _logger;
    private string _read;
    private X509Certificate2 _certificate;
    private X509Certificate2Collection _chain;

    /// <exception cref="StartRefusedException">The files are not there, or no certificate with its key.</exception>
    public ListenerCertificate(TlsOptions options, TimeProvider time, ILogger<ListenerCertificate> logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        try
        {
            (_read, _certificate, _chain) = Load();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new StartRefusedException(
                $"RUNNER_TLS_CERTIFICATE and RUNNER_TLS_KEY are no certificate with its private key that can be read: {exception.Message} Both must be PEM files, the key not encrypted.", exception);
        }
    }

    /// <summary>What to present now.</summary>
    public X509Certificate2 Current => Volatile.Read(ref _certificate);

    /// <summary>What leads from the certificate to its root.</summary>
    public X509Certificate2Collection Chain => Volatile.Read(ref _chain);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Look();
        }
    }

    private void Look()
    {
        try
        {
            if (Files() == _read)
            {
                return;
            }

            var (read, certificate, chain) = Load();
            _read = read;
            Volatile.Write(ref _chain, chain);
            Volatile.Write(ref _certificate, certificate);
            LogReloaded(certificate.Subject, certificate.NotAfter.ToUniversalTime());
        }
#pragma warning disable CA1031 // What is in use stays; the next look tries again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(exception.Message);
        }
    }

    private (string Read, X509Certificate2 Certificate, X509Certificate2Collection Chain) Load()
    {
        var files = Files();
        using var pem = X509Certificate2.CreateFromPemFile(_options.CertificatePath, _options.KeyPath);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_options.CertificatePath);

        // By way of PKCS 12, so that the key stays with it on every system.
        return (files, X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null), chain);
    }

    // Not the times: a swap back to an older file is a change too.
    private string Files() => Convert.ToHexString(SHA256.HashData([.. File.ReadAllBytes(_options.CertificatePath), .. File.ReadAllBytes(_options.KeyPath)]));

    [LoggerMessage(LogLevel.Information, "The certificate of the listener was read anew: {Subject}, valid until {Until:u}.")]
    private partial void LogReloaded(string subject, DateTime until);

    [LoggerMessage(LogLevel.Warning, "The changed certificate of the listener cannot be used; the one before stays: {Problem}")]
    private partial void LogFailed(string problem);
}
