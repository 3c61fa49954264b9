namespace Runner.Web.Identity.Users;

/// <summary>Why a change of an account was refused.</summary>
public enum UserRefusal
{
    NameTaken,
    NameInvalid,
    Gone,
    LastAdministrator,
    NotLocal,
    PasswordTooShort,
    PasswordTooLong,
    PasswordTooSimple,
    PasswordLikeName,
    PasswordWrong,
    CodeWrong,
    TooMany,
}

/// <summary>A change of an account that was refused and changed nothing.</summary>
public sealed class UserRefusedException(UserRefusal reason, string message) : InvalidOperationException(message)
{
    public UserRefusal Reason { get; } = reason;
}
