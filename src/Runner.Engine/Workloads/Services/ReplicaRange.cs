namespace Runner.Engine.Workloads.Services;

/// <summary>How many instances a service may have.</summary>
/// <param name="Min">At least so many, 0 to <see cref="Most"/>; with 0 it sleeps while nobody asks.</param>
/// <param name="Max">At most so many, 1 to <see cref="Most"/> and not less than <paramref name="Min"/>.</param>
public sealed record ReplicaRange(int Min, int Max)
{
    /// <summary>More instances of one service than this are taken for a slip of the keyboard.</summary>
    public const int Most = 1000;

    /// <summary>True for a space: one instance, which may sleep.</summary>
    public static bool IsFixed(int deployType) => deployType == 0;
}
