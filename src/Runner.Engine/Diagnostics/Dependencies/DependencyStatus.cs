namespace Runner.Engine.Diagnostics.Dependencies;

/// <summary>How a dependency stands.</summary>
public enum DependencyState
{
    /// <summary>Not looked at yet.</summary>
    Unknown,
    Missing,

    /// <summary>Some of its definitions are missing or not established.</summary>
    Incomplete,

    /// <summary>Its definitions are there; nothing that carries them was seen. Clouds often keep it out of sight.</summary>
    Unseen,

    /// <summary>Something that carries it is not ready.</summary>
    NotReady,
    Ready,
}

/// <summary>A part of a dependency.</summary>
/// <param name="Name">Of a definition, or namespace and name of a Deployment or StatefulSet.</param>
/// <param name="Ready">Whether it is established, or all its replicas are ready.</param>
/// <param name="Detail">Replicas ready of wanted, and image; empty for definitions.</param>
public sealed record DependencyPart(string Name, bool Found, bool Ready, string Detail);

/// <summary>A dependency in a cluster.</summary>
/// <param name="Cluster">Name of the connection.</param>
/// <param name="Version">As its labels or the tag of its image tell; empty when nothing tells.</param>
/// <param name="Problem">What keeps the runner from seeing it; empty when nothing does.</param>
public sealed record DependencyStatus(
    string Cluster, string Id, string Name, DependencyState State, string Version, EquatableList<DependencyPart> Definitions, EquatableList<DependencyPart> Controllers, LocalText Problem);
