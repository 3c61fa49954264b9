namespace Runner.Engine.Workloads.Services;

/// <summary>How shares of the requests are kept whole while one of them is changed. Pure.</summary>
public static class TrafficShares
{
    private const int Whole = 100;

    /// <summary>Gives one version a share; the others share out the rest in proportion to what they have, or evenly where none of them has any.</summary>
    /// <param name="shares">Percentages, none negative; of versions that may have requests, so at least one.</param>
    /// <param name="index">The version whose share is set.</param>
    /// <param name="percent">0 to 100.</param>
    /// <returns>As many shares in the same order; they sum to 100.</returns>
    public static IReadOnlyList<int> With(IReadOnlyList<int> shares, int index, int percent)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, Whole);
        ArgumentOutOfRangeException.ThrowIfNegative(percent);
        if (shares.Count == 1)
        {
            return [Whole];
        }

        var others = shares.Where((_, i) => i != index).Select(share => (long)share).ToArray();
        var rest = VersionTraffic.InProportion(others.All(share => share == 0) ? [.. others.Select(_ => 1L)] : others, Whole - percent);
        return [.. Enumerable.Range(0, shares.Count).Select(i => i == index ? percent : (int)rest[i < index ? i : i - 1])];
    }
}
