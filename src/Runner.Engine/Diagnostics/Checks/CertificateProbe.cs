using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Runner.Engine.Diagnostics.Checks;

/// <summary>Looks at the certificate that a server shows.</summary>
internal static class CertificateProbe
{
    /// <returns>When it ends; or why it could not be seen.</returns>
    public static async Task<(DateTimeOffset? End, string Problem)> EndOfAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(address.DnsSafeHost, address.Port, cancellationToken).ConfigureAwait(false);
            DateTimeOffset? end = null;
            var stream = new SslStream(client.GetStream());
            await using var closing = stream.ConfigureAwait(false);
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = address.DnsSafeHost,
#pragma warning disable CA5359 // Nothing is sent over this connection; only the date of the certificate is looked at.
                    RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    {
                        end = certificate is X509Certificate2 seen ? new DateTimeOffset(seen.NotAfter.ToUniversalTime(), TimeSpan.Zero) : null;
                        return true;
                    },
#pragma warning restore CA5359
                },
                cancellationToken).ConfigureAwait(false);
            return (end, "");
        }
        catch (Exception exception) when (exception is SocketException or IOException or AuthenticationException)
        {
            return (null, exception.Message);
        }
    }
}
