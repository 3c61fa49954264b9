using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.Sessions;

/// <summary>
/// Who sits at an open page. A circuit outlives the request that opened it: it hears at once when a session is ended or an account changed, and asks by itself
/// every few seconds for what nobody tells, such as a session that has lasted long enough.
/// </summary>
internal sealed class CircuitSession : RevalidatingServerAuthenticationStateProvider
{
    private readonly ConsoleSession _check;
    private readonly SessionRegistry _sessions;
    private readonly UserDirectory _users;
    private Task<AuthenticationState>? _state;

    public CircuitSession(ILoggerFactory loggers, ConsoleSession check, SessionRegistry sessions, UserDirectory users)
        : base(loggers)
    {
        _check = check;
        _sessions = sessions;
        _users = users;
        AuthenticationStateChanged += Remember;
        sessions.Changed += Look;
        users.Changed += Look;
    }

    /// <summary>Who it is now: an act that follows right after a session was ended must not find the user of before.</summary>
    public override async Task<AuthenticationState> GetAuthenticationStateAsync()
    {
        var state = await base.GetAuthenticationStateAsync().ConfigureAwait(false);
        return state.User.Identity?.IsAuthenticated == true && _check.UserOf(state.User) is null ? Nobody() : state;
    }

    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(5);

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken)
    {
        var user = authenticationState.User;
        if (_check.UserOf(user) is null)
        {
            return false;
        }

        if (_check.SessionOf(user) is { } session)
        {
            await _sessions.TouchAsync(session, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    protected override void Dispose(bool disposing)
    {
        AuthenticationStateChanged -= Remember;
        _sessions.Changed -= Look;
        _users.Changed -= Look;
        base.Dispose(disposing);
    }

    private static AuthenticationState Nobody() => new(new ClaimsPrincipal(new ClaimsIdentity()));

    private void Remember(Task<AuthenticationState> state) => Volatile.Write(ref _state, state);

    private void Look()
    {
        if (Volatile.Read(ref _state) is { IsCompletedSuccessfully: true, Result.User: { Identity.IsAuthenticated: true } user } && _check.UserOf(user) is null)
        {
            SetAuthenticationState(Task.FromResult(Nobody()));
        }
    }
}
