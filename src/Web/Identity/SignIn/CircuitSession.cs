using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.SignIn;

/// <summary>Who sits at an open page. A circuit outlives the request that opened it, so it asks again whether the session still holds.</summary>
internal sealed class CircuitSession(ILoggerFactory loggers, UserDirectory users) : RevalidatingServerAuthenticationStateProvider(loggers)
{
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(5);

    protected override Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        Task.FromResult(ConsoleSession.UserOf(authenticationState.User, users) is not null);
}
