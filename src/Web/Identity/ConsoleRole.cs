namespace Runner.Web.Identity;

/// <summary>What a person may do in the console. Each role may do everything the one before it may.</summary>
public enum ConsoleRole
{
    /// <summary>Sees everything that is no secret, changes nothing.</summary>
    Viewer,

    /// <summary>Also stops, restarts, scales and purges workloads.</summary>
    Operator,

    /// <summary>Also changes configuration, users and clients.</summary>
    Administrator,
}
