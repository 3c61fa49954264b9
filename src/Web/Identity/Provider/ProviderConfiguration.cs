using OpenIddict.Abstractions;
using OpenIddict.Client;

namespace Runner.Web.Identity.Provider;

/// <summary>Asks the provider who it is before anybody is sent there, so that one that is down or none is told on our own page. Kept once it is known.</summary>
internal sealed class ProviderConfiguration(IServiceProvider services)
{
    /// <exception cref="Exception">The provider does not answer, or not as a provider does.</exception>
    public async Task<OpenIddictConfiguration> ReadAsync(CancellationToken cancellationToken)
    {
        var client = services.GetRequiredService<OpenIddictClientService>();
        var registration = await client.GetClientRegistrationByIdAsync(ProviderServices.Registration, cancellationToken).ConfigureAwait(false);
        return await registration.ConfigurationManager!.GetConfigurationAsync(cancellationToken).WaitAsync(ProviderServices.Patience, cancellationToken).ConfigureAwait(false);
    }
}
