using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Client;
using OpenIddict.Server;
using OpenIddict.Validation;
using Runner.Engine;
using Runner.Web.Hosting;

namespace Runner.Web.Identity.Tokens;

/// <summary>Gives OpenIddict the certificates that are valid, and tells it when they change: its options are made anew then, without a restart.</summary>
internal sealed class TokenKeys(TokenCertificates certificates) : IConfigureOptions<OpenIddictServerOptions>, IConfigureOptions<OpenIddictClientOptions>
{
    private readonly Reload _server = new();
    private readonly Reload _validation = new();

    public static void Add(IServiceCollection services, TokenCertificates certificates)
    {
        var keys = new TokenKeys(certificates);
        services.AddSingleton(certificates);
        services.AddSingleton(keys);
        services.AddSingleton<IConfigureOptions<OpenIddictServerOptions>>(keys);
        services.AddSingleton<IConfigureOptions<OpenIddictClientOptions>>(keys);
        services.AddSingleton<IOptionsChangeTokenSource<OpenIddictServerOptions>>(new Source<OpenIddictServerOptions>(keys._server));
        services.AddSingleton<IOptionsChangeTokenSource<OpenIddictClientOptions>>(new Source<OpenIddictClientOptions>(keys._server));
        services.AddSingleton<IOptionsChangeTokenSource<OpenIddictValidationOptions>>(new Source<OpenIddictValidationOptions>(keys._validation));
        services.AddHostedService<TokenKeyRotation>();
    }

    public void Configure(OpenIddictServerOptions options)
    {
        options.SigningCredentials.AddRange(Signing());
        options.EncryptionCredentials.AddRange(Encryption());
    }

    public void Configure(OpenIddictClientOptions options)
    {
        options.SigningCredentials.AddRange(Signing());
        options.EncryptionCredentials.AddRange(Encryption());
    }

    /// <summary>Rotates where it is time.</summary>
    /// <returns>True when something changed.</returns>
    public bool Rotate()
    {
        if (!certificates.Rotate())
        {
            return false;
        }

        // What validates takes its keys from the server's options: those first.
        _server.Fire();
        _validation.Fire();
        return true;
    }

    private IEnumerable<SigningCredentials> Signing() =>
        certificates.Of(TokenKeyUse.Signing).Select(certificate => new SigningCredentials(Key(certificate), SecurityAlgorithms.RsaSha256));

    private IEnumerable<EncryptingCredentials> Encryption() => certificates.Of(TokenKeyUse.Encryption)
        .Select(certificate => new EncryptingCredentials(Key(certificate), SecurityAlgorithms.RsaOAEP, SecurityAlgorithms.Aes256CbcHmacSha512));

    private static X509SecurityKey Key(X509Certificate2 certificate) => new(certificate);

    private sealed class Reload
    {
        private ConfigurationReloadToken _token = new();

        public IChangeToken Token => Volatile.Read(ref _token);

        public void Fire() => Interlocked.Exchange(ref _token, new ConfigurationReloadToken()).OnReload();
    }

    private sealed class Source<TOptions>(Reload reload) : IOptionsChangeTokenSource<TOptions>
    {
        public string? Name => Options.DefaultName;

        public IChangeToken GetChangeToken() => reload.Token;
    }
}

/// <summary>
/// Looks every hour whether it is time for other certificates, and with several replicas also whenever the keys that they share may have changed or can be shared again: whatever
/// one has made or missed, also at its start or while the cluster did not answer, they agree on it within moments.
/// </summary>
internal sealed partial class TokenKeyRotation(
    TokenKeys keys, IDataProtectionProvider protection, TimeProvider time, ILogger<TokenKeyRotation> logger, SharedKeys? shared = null) : BackgroundService
{
    /// <summary>From one look to the next.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(30);

    private readonly Signal _wake = new();

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (shared is not null)
        {
            shared.Changed += TakeOver;
            shared.Reachable += _wake.Set;

            // Either may have happened already.
            _wake.Set();
        }

        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = Interval;
        while (!stoppingToken.IsCancellationRequested)
        {
            await _wake.WaitAsync(pause, time, stoppingToken);
            try
            {
                await AgreeAsync(stoppingToken);
                pause = Interval;
            }
#pragma warning disable CA1031 // The certificates in use stay valid for days; the loop must not end.
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogFailed(exception);
                pause = Retry;
            }
        }
    }

    private async Task AgreeAsync(CancellationToken cancellationToken)
    {
        var settled = shared is { IsSettled: true } ? shared : null;
        settled?.CatchUp();
        var before = settled?.Names();
        if (keys.Rotate())
        {
            LogRotated();
        }

        if (settled is not null)
        {
            await settled.ShareAsync([.. before!.Except(settled.Names())], cancellationToken);

            // Data Protection reads its keys anew when it is used next, and behind the back of whoever uses it: let that not be a person's form.
            protection.CreateProtector(nameof(TokenKeyRotation)).Protect([]);
        }
    }

    /// <summary>Other replicas have brought other keys: none of the former may be used again. Called by those who write the state, so nothing here may wait for a write.</summary>
    private void TakeOver()
    {
        try
        {
            keys.Rotate();
        }
        catch (StartRefusedException exception)
        {
            LogFailed(exception);
        }

        _wake.Set();
    }

    [LoggerMessage(LogLevel.Information, "The certificates of tokens were rotated.")]
    private partial void LogRotated();

    [LoggerMessage(LogLevel.Warning, "The certificates of tokens could not be rotated or shared; the next attempt follows in half a minute.")]
    private partial void LogFailed(Exception exception);
}
