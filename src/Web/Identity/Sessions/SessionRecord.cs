namespace Runner.Web.Identity.Sessions;

/// <summary>How somebody proved who they are.</summary>
public enum SignInMethod
{
    Password,

    /// <summary>Password and a code of the second factor.</summary>
    SecondFactor,

    /// <summary>The one-time link of the first start.</summary>
    Link,

    /// <summary>An outside OpenID Connect provider.</summary>
    Provider,
}

/// <summary>One browser in which somebody is signed in.</summary>
/// <param name="Id">Random; is in the session's cookie, encrypted, and nowhere else.</param>
/// <param name="Stamp">The account's security stamp at sign-in.</param>
/// <param name="LastSeen">The last request or open page, to a few minutes.</param>
/// <param name="Client">The browser and system as they call themselves, shortened.</param>
public sealed record SessionRecord(
    string Id, string UserId, DateTimeOffset StartedAt, DateTimeOffset LastSeen, string RemoteAddress, string Client, SignInMethod Method, string Stamp);
