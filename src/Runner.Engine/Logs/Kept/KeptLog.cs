namespace Runner.Engine.Logs.Kept;

/// <summary>The last log of a container whose pod ends or is gone, as it lies on the disk.</summary>
/// <param name="Cluster">Name of the connection.</param>
/// <param name="Carrier">What kind of object the pod worked for, as in <c>PodOwners</c>: <c>svc</c>, <c>lws</c>, <c>wf</c> or <c>sandbox</c>.</param>
/// <param name="Owner">That object's name in the pod's namespace.</param>
/// <param name="PodUid">Tells the pod from a later one of the same name.</param>
/// <param name="Whole">Read to its end after the container's end; otherwise a part that is read again as long as the pod is there.</param>
/// <param name="KeptAt">When it was written here.</param>
/// <param name="Bytes">Size on the disk.</param>
public sealed record KeptLog(
    string Cluster, string Namespace, string Carrier, string Owner, string Pod, string Container, string PodUid, bool Whole, DateTimeOffset KeptAt, long Bytes)
{
    private const string WholeEnd = ".log.gz";
    private const string PartEnd = ".part.gz";

    // Names of Kubernetes objects hold neither a slash nor a tilde; the name of a connection may hold anything.
    internal string RelativePath => Path.Combine(
        Folder(Cluster), Namespace, Carrier, Owner, Pod, $"{Container}~{PodUid}{(Whole ? WholeEnd : PartEnd)}");

    /// <summary>Reads a path as <see cref="RelativePath"/> makes it; null for anything else.</summary>
    internal static KeptLog? Read(string relativePath, DateTimeOffset keptAt, long bytes)
    {
        var parts = relativePath.Split(Path.DirectorySeparatorChar);
        var file = parts[^1];
        var whole = file.EndsWith(WholeEnd, StringComparison.Ordinal);
        if (parts.Length != 6 || (!whole && !file.EndsWith(PartEnd, StringComparison.Ordinal)))
        {
            return null;
        }

        var name = file[..^(whole ? WholeEnd : PartEnd).Length].Split('~');
        return name.Length == 2
            ? new(Uri.UnescapeDataString(parts[0]), parts[1], parts[2], parts[3], parts[4], name[0], name[1], whole, keptAt, bytes)
            : null;
    }

    private static string Folder(string cluster) => Uri.EscapeDataString(cluster).Replace(".", "%2E", StringComparison.Ordinal);
}
