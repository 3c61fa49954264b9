namespace Runner.Web.Identity;

/// <summary>Claims of a console session, beside <see cref="System.Security.Claims.ClaimTypes.Name"/> and <see cref="System.Security.Claims.ClaimTypes.Role"/>.</summary>
public static class ConsoleClaims
{
    /// <summary>Address from which the session was signed in.</summary>
    public const string RemoteAddress = "console:remote";

    /// <summary>Id of the session in <see cref="Sessions.SessionRegistry"/>.</summary>
    internal const string Session = "console:session";

    /// <summary>Stamp of the user at sign-in: sessions with another one than the user's current are over.</summary>
    internal const string SecurityStamp = "console:stamp";
}
