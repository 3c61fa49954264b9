namespace Runner.Web.Identity.Access;

/// <summary>Why a change of an API client was refused.</summary>
public enum AccessRefusal
{
    ClientNameInvalid,
    ClientNameTaken,
    ClientGone,
    ClientBuiltIn,
    ScopesInvalid,
}

/// <summary>A change of an API client that was refused and changed nothing.</summary>
public sealed class AccessRefusedException(AccessRefusal reason, string message) : InvalidOperationException(message)
{
    public AccessRefusal Reason { get; } = reason;
}
