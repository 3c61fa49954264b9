namespace Runner.Engine.Values;

/// <summary>A release of Helm: its name and the namespace it is in.</summary>
public sealed record ReleaseIdentity(string Name, string Namespace)
{
    /// <summary>The names that the documentation uses.</summary>
    public static ReleaseIdentity Usual { get; } = new("runner", "csghub");
}
