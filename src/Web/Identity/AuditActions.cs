namespace Runner.Web.Identity;

/// <summary>Names of audited acts.</summary>
public static class AuditActions
{
    public const string SignIn = "sign-in";

    public const string SignOut = "sign-out";

    public const string Stop = "stop";

    public const string Restart = "restart";

    public const string Scale = "scale";

    public const string Traffic = "traffic";

    public const string Purge = "purge";

    public const string TestConnection = "test-connection";

    public const string SaveCredentials = "save-credentials";

    public const string RetryEvents = "retry-events";

    public const string RunDiagnostics = "run-diagnostics";

    public const string SupportBundle = "support-bundle";

    /// <summary>The data folder was backed up.</summary>
    public const string Backup = "backup";

    public const string InstallManifests = "install-manifests";

    public const string PasswordChange = "password-change";

    public const string PasswordLink = "password-link";

    public const string SecondFactorOn = "second-factor-on";

    public const string SecondFactorOff = "second-factor-off";

    public const string UserCreate = "user-create";

    public const string UserRole = "user-role";

    public const string UserDisable = "user-disable";

    public const string UserEnable = "user-enable";

    public const string UserDelete = "user-delete";

    public const string SessionEnd = "session-end";

    public const string ClientCreate = "client-create";

    public const string ClientRotate = "client-rotate";

    public const string ClientDelete = "client-delete";

    public const string AuditExport = "audit-export";

    /// <summary>The configuration was given out.</summary>
    public const string ConfigurationExport = "configuration-export";

    /// <summary>A version of the configuration was saved.</summary>
    public const string ConfigurationSave = "configuration-save";

    /// <summary>An earlier version of the configuration was saved again.</summary>
    public const string ConfigurationRestore = "configuration-restore";

    /// <summary>What a replica changed alone is not so, because others had changed the same.</summary>
    public const string ReplicaConflict = "replica-conflict";

    /// <summary>Somebody asked to see secrets.</summary>
    public const string SecretsShown = "secrets-shown";

    /// <summary>A client was given a token by its secret, or somebody was refused one.</summary>
    public const string Token = "token";

    /// <summary>A page or call that the role or scope does not allow.</summary>
    public const string Refused = "access";
}
