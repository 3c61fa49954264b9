using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Runner.Engine.Probes;

/// <summary>The steps below HTTP: name, connection, TLS, and which of the two schemes the other side speaks.</summary>
/// <param name="host">Name or address.</param>
/// <param name="tls">Whether TLS is wanted.</param>
/// <param name="skipVerify">Whether a certificate that cannot be verified is taken all the same.</param>
internal sealed class Transport(string host, int port, bool tls, bool skipVerify)
{
    private static readonly TimeSpan ShortPatience = TimeSpan.FromSeconds(3);

    public async Task<ProbeResult> ReachAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var socket = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            return ProbeResult.Passed($"{host} → {socket.RemoteEndPoint}");
        }
        catch (SocketException exception)
        {
            var result = NetworkFaults.Of(exception);
            return result with { Arguments = result.Fault == ProbeFault.NameUnknown ? [host] : [$"{host}:{port}"] };
        }
    }

    public async Task<ProbeResult> TlsAsync(CancellationToken cancellationToken)
    {
        if (!tls)
        {
            return await SpeaksTlsAsync(cancellationToken).ConfigureAwait(false)
                ? ProbeResult.Failed(ProbeFault.SpeaksHttps, "", $"{host}:{port}")
                : ProbeResult.NotNeeded;
        }

        Handshake handshake;
        try
        {
            handshake = await ShakeHandsAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            return await SpeaksHttpAsync(cancellationToken).ConfigureAwait(false)
                ? ProbeResult.Failed(ProbeFault.SpeaksHttp, "", $"{host}:{port}")
                : ProbeResult.Failed(ProbeFault.TlsFailed, exception.InnerException?.Message ?? exception.Message);
        }

        return Judge(handshake);
    }

    private ProbeResult Judge(Handshake handshake)
    {
        var (fault, argument) = handshake switch
        {
            { Errors: SslPolicyErrors.None } => (ProbeFault.None, ""),
            { Chain: var chain } when chain.HasFlag(X509ChainStatusFlags.NotTimeValid) => (ProbeFault.CertificateExpired, handshake.NotAfter),
            { Errors: var errors } when errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) => (ProbeFault.CertificateName, host),
            _ => (ProbeFault.CertificateUntrusted, handshake.Issuer),
        };
        if (fault == ProbeFault.None)
        {
            return ProbeResult.Passed(handshake.Summary);
        }

        return skipVerify ? ProbeResult.Warned(fault, handshake.Summary, argument) : ProbeResult.Failed(fault, handshake.Summary, argument);
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<Handshake> ShakeHandsAsync(CancellationToken cancellationToken)
    {
        using var socket = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        var seen = new Handshake(SslPolicyErrors.None, X509ChainStatusFlags.NoError, "", "", "");
        var stream = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false);
        await using var closing = stream.ConfigureAwait(false);
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = host,
#pragma warning disable CA5359 // Nothing is sent over this connection; what is wrong with the certificate is what the step tells.
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                {
                    seen = See(certificate as X509Certificate2, chain, errors);
                    return true;
                },
#pragma warning restore CA5359
            },
            cancellationToken).ConfigureAwait(false);
        return seen with { Summary = $"{stream.SslProtocol}, {seen.Summary}" };
    }

    private static Handshake See(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        var until = certificate?.NotAfter.ToUniversalTime().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture) ?? "";
        return new(errors, status, until, certificate?.Issuer ?? "", $"{certificate?.Subject}, {certificate?.Issuer}, {until}");
    }

    private async Task<bool> SpeaksTlsAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ShortPatience);
        try
        {
            await ShakeHandsAsync(patience.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or SocketException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private async Task<bool> SpeaksHttpAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ShortPatience);
        try
        {
            using var socket = await ConnectAsync(patience.Token).ConfigureAwait(false);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n"), patience.Token).ConfigureAwait(false);
            var start = new byte[5];
            var read = await socket.ReceiveAsync(start, patience.Token).ConfigureAwait(false);
            return read == start.Length && start.AsSpan().SequenceEqual("HTTP/"u8);
        }
        catch (Exception exception) when (exception is IOException or SocketException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private sealed record Handshake(SslPolicyErrors Errors, X509ChainStatusFlags Chain, string NotAfter, string Issuer, string Summary);
}
