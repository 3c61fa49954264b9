using Runner.Engine;
using Runner.Web.Identity.Access;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity;

/// <summary>The sentences of the audit log's details. The words of each are in <see cref="AuditText"/> under its name; a name that entries have been written with stays.</summary>
public enum AuditSentence
{
    None,

    /// <summary>What a person typed or somebody else's program said: it stands as it was said.</summary>
    Quoted,

    /// <summary>What the runner said in both languages: English and Chinese are its facts.</summary>
    Explained,

    NotAllowed,
    YourRole,
    ScopeMissing,
    SecretsTakeMore,
    LeftOut,
    AccountRefused,
    ClientRefused,
    ExportedInFull,
    ExportedMasked,
    ShownInEditor,
    SavedMeanwhile,
    NoSuchVersion,
    VersionAgain,
    ByLink,
    LinkUsed,
    LinkShown,
    Invited,
    RoleFromNowOn,
    OneSession,
    OneOwnSession,
    AllSessions,
    NoRoleAnyMore,
    ByTheUser,
    WithFactor,
    CodeWrong,
    TooMany,
    TooManyCodes,
    RecoveryCodesShown,
    PasswordTakenOver,
    ByProvider,
    ProviderSaid,
    ProviderAnswer,
    ProviderRole,
    ProviderDisabled,
    ClientMade,
    SecretShown,
    UserName,
    TestFailed,
    EventsWaiting,
    InstancesAsked,
    BundleTried,
    BundleInstalled,
    ReplicaRemoved,
    ReplicaChanged,
}

/// <summary>What an entry of the audit log says beside its act: which sentence it is, and the facts in it. It is worded for whoever reads it.</summary>
/// <param name="Facts">In the order of the sentence's placeholders; of what has a name of its own in the program, that name. No secrets.</param>
public sealed record AuditDetail(AuditSentence Sentence, params IReadOnlyList<string> Facts)
{
    /// <summary>Nothing to add.</summary>
    public static AuditDetail None { get; } = new(AuditSentence.None);

    /// <summary>What somebody else said.</summary>
    public static AuditDetail Quoted(string said) => said.Length == 0 ? None : new(AuditSentence.Quoted, said);

    /// <summary>Why an act failed.</summary>
    public static AuditDetail Of(Exception exception) => exception switch
    {
        UserRefusedException refused => new(AuditSentence.AccountRefused, $"{refused.Reason}"),
        AccessRefusedException refused => new(AuditSentence.ClientRefused, $"{refused.Reason}"),
        IExplained explained => new(AuditSentence.Explained, explained.Problem.English, explained.Problem.Chinese),
        _ => Quoted(exception.Message),
    };
}
