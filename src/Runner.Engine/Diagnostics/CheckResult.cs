namespace Runner.Engine.Diagnostics;

/// <summary>What is checked.</summary>
public enum CheckId
{
    HubReachable,
    HubToken,
    ClockSkew,
    ConfigMap,
    PublicDomain,
    Certificates,
    Registry,
    ObjectStore,
    Disk,
    Cluster,
    Permissions,
    Knative,
    Argo,
    LeaderWorkerSets,
    Sandboxes,
    GpuLabels,
    GpuDrivers,
    GpuWaiting,
    PullSecret,
    ImagePulls,
    StorageClass,
}

/// <summary>How a check ended.</summary>
public enum CheckState
{
    /// <summary>Not run yet.</summary>
    Waiting,
    Good,

    /// <summary>There is nothing to check, because nothing of it is configured.</summary>
    Skipped,

    /// <summary>It works, or is not needed by everybody, but somebody should know.</summary>
    Warning,
    Bad,
}

/// <summary>What is the matter. Pages say it, and the remedy, in the reader's language.</summary>
public enum CheckCause
{
    None,
    Unfinished,
    HubUnset,
    HubUnreachable,
    TokenRefused,
    TokenUnproven,
    EventsNotTaken,
    ClockOff,
    ClockUnknown,
    ConfigMapUnset,
    ConfigMapWrong,
    DomainUnset,
    DomainUnknown,
    CertificateEnded,
    CertificateEnds,
    RegistryUnset,
    RegistryFails,
    StoreUnset,
    StoreFails,
    DiskLow,
    ClusterUnreachable,
    ClusterOld,
    PermissionsMissing,
    KindMissing,
    KindForbidden,
    Unlabelled,
    NoDevices,
    TasksWait,
    SecretUnset,
    SecretMissing,
    SecretType,
    SecretWithoutRegistry,
    ImagesFail,
    ClassMissing,
    NoDefaultClass,
}

/// <summary>A check as it last ended.</summary>
/// <param name="Cluster">Name of the connection; empty for what concerns the runner as a whole.</param>
/// <param name="Arguments">What the sentence about <paramref name="Cause"/> names.</param>
/// <param name="Evidence">What was seen, in the words of who said it; what the runner itself says, in both languages. Holds no secret.</param>
/// <param name="RanAt">When it last ended; null while it never has.</param>
public sealed record CheckResult(
    CheckId Id, string Cluster, CheckState State, CheckCause Cause, EquatableList<string> Arguments, EquatableList<LocalText> Evidence, DateTimeOffset? RanAt, TimeSpan Took)
{
    /// <summary>Somebody should look.</summary>
    public bool IsFailing => State is CheckState.Bad or CheckState.Warning;
}

/// <summary>What a check found.</summary>
internal sealed record Verdict(CheckState State, CheckCause Cause, IReadOnlyList<string> Arguments, IReadOnlyList<LocalText> Evidence)
{
    public static Verdict Good(params string[] evidence) => new(CheckState.Good, CheckCause.None, [], Verbatim(evidence));

    public static Verdict Bad(CheckCause cause, IReadOnlyList<string> evidence, params string[] arguments) => new(CheckState.Bad, cause, arguments, Verbatim(evidence));

    public static Verdict Warning(CheckCause cause, IReadOnlyList<string> evidence, params string[] arguments) => new(CheckState.Warning, cause, arguments, Verbatim(evidence));

    public static Verdict Skipped(CheckCause cause) => new(CheckState.Skipped, cause, [], []);

    /// <summary>The same with what the runner itself says about it.</summary>
    public Verdict Saying(params IEnumerable<LocalText> said) => this with { Evidence = [.. Evidence, .. said.Where(text => text.Length > 0)] };

    private static IReadOnlyList<LocalText> Verbatim(IReadOnlyList<string> evidence) => [.. evidence.Select(LocalText.Verbatim)];
}

/// <summary>One check.</summary>
/// <param name="Cluster">Name of the connection; empty for what concerns the runner as a whole.</param>
/// <param name="RunAsync">Gathers the evidence; what it throws is what the check found out.</param>
internal sealed record Check(CheckId Id, string Cluster, Func<CancellationToken, Task<Verdict>> RunAsync);
