namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Phases of a workflow's nodes, and of the workflow itself.</summary>
internal static class NodePhase
{
    public const string Pending = "Pending";
    public const string Running = "Running";
    public const string Succeeded = "Succeeded";
    public const string Failed = "Failed";
    public const string Error = "Error";

    /// <summary>A step or task whose <c>when</c> was false.</summary>
    public const string Skipped = "Skipped";

    /// <summary>A task whose <c>depends</c> was false.</summary>
    public const string Omitted = "Omitted";

    /// <summary>Whether nothing more will happen.</summary>
    public static bool IsFulfilled(string? phase) => phase is Succeeded or Failed or Error or Skipped or Omitted;

    public static bool IsFailure(string? phase) => phase is Failed or Error;
}
