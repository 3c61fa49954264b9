namespace Runner.Engine.Probes;

/// <summary>Steps of a connection test, in the words of what they speak to.</summary>
public enum ProbeStepId
{
    /// <summary>The name is found and a connection opened.</summary>
    Reach,

    /// <summary>The TLS handshake, or that the other side does not want one.</summary>
    Tls,

    /// <summary>A registry answers at <c>/v2/</c>.</summary>
    Ping,

    /// <summary>The registry takes the credentials.</summary>
    Login,

    /// <summary>Pulling from the repository is allowed.</summary>
    Pull,

    /// <summary>Pushing to the repository is allowed: an upload is begun and cancelled.</summary>
    Push,

    /// <summary>Buckets are addressed in the path or in the host name.</summary>
    Style,

    /// <summary>The object store takes key and signature.</summary>
    Signature,

    /// <summary>The bucket exists and may be listed.</summary>
    Bucket,

    /// <summary>The bucket is in the configured region.</summary>
    Region,

    /// <summary>A small object is written.</summary>
    Write,

    /// <summary>It is read back unchanged.</summary>
    Read,

    /// <summary>It is deleted again.</summary>
    Delete,
}

/// <summary>How a step stands.</summary>
public enum ProbeOutcome
{
    Running,
    Passed,

    /// <summary>It works, but somebody should know something.</summary>
    Warned,
    Failed,

    /// <summary>A step before it failed.</summary>
    NotReached,

    /// <summary>There is nothing to test.</summary>
    NotNeeded,
}

/// <summary>What is the matter, or what a step found. Pages say it, and what to try, in the reader's language.</summary>
public enum ProbeFault
{
    None,
    AddressMissing,
    NameUnknown,
    NothingListens,
    HostUnreachable,
    Timeout,
    ConnectionBroke,
    Cancelled,

    /// <summary>TLS was tried at a server that speaks plain HTTP.</summary>
    SpeaksHttp,

    /// <summary>Plain HTTP was tried at a server that speaks TLS.</summary>
    SpeaksHttps,
    CertificateExpired,
    CertificateName,
    CertificateUntrusted,
    TlsFailed,
    NotARegistry,
    Redirects,
    ServerFails,

    /// <summary>The server answers to everybody; credentials are not looked at.</summary>
    Open,
    CredentialsMissing,
    CredentialsWrong,
    UnknownChallenge,

    /// <summary>The token server is reached over plain HTTP, while the registry uses TLS: the password is not sent there.</summary>
    RealmInsecure,
    RealmUnreachable,
    PullDenied,
    PushDenied,
    ReadOnly,
    RepositoryName,
    RepositoryEmpty,
    UploadLeft,
    AccessKeyUnknown,
    SecretWrong,
    ClockSkew,
    BucketMissing,
    BucketUnnamed,
    BucketDenied,
    RegionWrong,
    RegionUnknown,

    /// <summary>The endpoint cannot take the bucket in the host name.</summary>
    PathStyleNeeded,

    /// <summary>The endpoint wants the bucket in the host name.</summary>
    VirtualHostNeeded,
    WriteDenied,
    ReadDenied,
    DeleteDenied,
    ContentDiffers,
    ObjectLeft,
    Refused,
}

/// <summary>One step of a connection test as it stands.</summary>
/// <param name="Took">How long it took; zero while it runs and when it was not run.</param>
/// <param name="Arguments">What the sentence about <paramref name="Fault"/> names, such as the host.</param>
/// <param name="Evidence">What was seen or what the other side said, in its own words; holds no secret.</param>
public sealed record ProbeStep(ProbeStepId Id, ProbeOutcome Outcome, TimeSpan Took, ProbeFault Fault, IReadOnlyList<string> Arguments, string Evidence);

/// <summary>What came of one step.</summary>
internal sealed record ProbeResult(ProbeOutcome Outcome, ProbeFault Fault, string Evidence, params string[] Arguments)
{
    public static ProbeResult Passed(string evidence) => new(ProbeOutcome.Passed, ProbeFault.None, evidence);

    public static ProbeResult Failed(ProbeFault fault, string evidence, params string[] arguments) => new(ProbeOutcome.Failed, fault, evidence, arguments);

    public static ProbeResult Warned(ProbeFault fault, string evidence, params string[] arguments) => new(ProbeOutcome.Warned, fault, evidence, arguments);

    public static ProbeResult NotNeeded { get; } = new(ProbeOutcome.NotNeeded, ProbeFault.None, "");
}
