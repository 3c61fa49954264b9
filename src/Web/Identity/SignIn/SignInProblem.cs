namespace Runner.Web.Identity.SignIn;

/// <summary>Why the last attempt did not succeed.</summary>
public enum SignInProblem
{
    None,

    /// <summary>Unknown user or wrong password; which of them is not told.</summary>
    Wrong,

    /// <summary>The form is too old, or another site sent it.</summary>
    Expired,

    /// <summary>The one-time link is unknown, used or too old.</summary>
    LinkUsed,

    /// <summary>Too many attempts; there is a pause.</summary>
    TooMany,

    /// <summary>The code of the second factor is not right.</summary>
    CodeWrong,

    /// <summary>The outside provider does not answer, or not as it should.</summary>
    ProviderDown,

    /// <summary>The outside provider refused, or what it sent does not hold.</summary>
    ProviderRefused,

    /// <summary>The provider knows the person, but none of the person's groups has a role here.</summary>
    NoRole,

    /// <summary>The account is disabled.</summary>
    Disabled,

    PasswordTooShort,
    PasswordTooLong,
    PasswordTooSimple,
    PasswordLikeName,
    PasswordsDiffer,
}
