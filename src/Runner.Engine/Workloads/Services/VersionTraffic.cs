namespace Runner.Engine.Workloads.Services;

/// <summary>How requests are shared out over the versions of a service. Pure. Whatever comes out sums to 100.</summary>
internal static class VersionTraffic
{
    private const int Whole = 100;

    /// <summary>The new version gets its share from the revision that has most of the requests now, as the hub's own runner does.</summary>
    /// <param name="initial">Percent for the new version, 0 to 100.</param>
    /// <param name="revision">Null for the revision that is about to be made.</param>
    public static IList<KnativeTrafficTarget> WithNew(KnativeService service, int initial, string? revision = null)
    {
        var newest = new KnativeTrafficTarget { RevisionName = revision, LatestRevision = revision is null, Percent = initial };
        var rest = initial == Whole ? null : Main(service, revision);
        if (rest is null)
        {
            newest.Percent = Whole;
            return [newest];
        }

        return [newest, new() { RevisionName = rest, LatestRevision = false, Percent = Whole - initial }];
    }

    /// <summary>What a revision had is shared out over the others in proportion to what they have.</summary>
    /// <param name="current">As the service asks for it; null sends all to the latest revision.</param>
    /// <param name="latest">Name of the revision that the latest one stands for; null while there is none.</param>
    /// <param name="removed">Names of the revisions that go.</param>
    /// <param name="heir">Gets everything when none of the others has a share.</param>
    public static IList<KnativeTrafficTarget> Without(IEnumerable<KnativeTrafficTarget>? current, string? latest, IReadOnlySet<string> removed, string heir)
    {
        var kept = (current ?? [])
            .Select(target => (Name: target.RevisionName is { Length: > 0 } name ? name : latest ?? "", Percent: Math.Clamp(target.Percent ?? 0, 0, Whole)))
            .Where(target => target.Name.Length > 0 && !removed.Contains(target.Name))
            .GroupBy(target => target.Name, (name, targets) => (Name: name, Percent: targets.Sum(target => target.Percent)))
            .ToList();
        if (kept.Sum(target => target.Percent) == 0)
        {
            return [Pinned(heir, Whole)];
        }

        var shares = InProportion([.. kept.Select(target => target.Percent)]);
        return [.. kept.Select((target, index) => Pinned(target.Name, shares[index]))];
    }

    /// <summary>Traffic to named revisions.</summary>
    public static IList<KnativeTrafficTarget> Of(IEnumerable<(string Revision, long Percent)> shares) =>
        [.. shares.GroupBy(share => share.Revision).Select(group => Pinned(group.Key, group.Sum(share => share.Percent)))];

    /// <summary>True when both send the same share to the same revisions.</summary>
    public static bool AreEqual(IEnumerable<KnativeTrafficTarget>? left, IEnumerable<KnativeTrafficTarget>? right) =>
        (left ?? []).Select(Facts).SequenceEqual((right ?? []).Select(Facts));

    /// <summary>Percentages in proportion to the weights, rounded so that the largest remainders win and nothing is lost.</summary>
    /// <param name="weights">Not negative, at least one positive.</param>
    /// <param name="whole">What the shares sum to.</param>
    internal static long[] InProportion(long[] weights, long whole = Whole)
    {
        var sum = weights.Sum();
        var shares = weights.Select(weight => weight * whole / sum).ToArray();
        var left = whole - shares.Sum();
        foreach (var index in Enumerable.Range(0, weights.Length).OrderByDescending(index => weights[index] * whole % sum).Take((int)left))
        {
            shares[index]++;
        }

        return shares;
    }

    private static string? Main(KnativeService service, string? except) =>
        service.Status?.Traffic?.Where(target => target is { RevisionName.Length: > 0, Percent: > 0 } && target.RevisionName != except).MaxBy(target => target.Percent)?.RevisionName
        ?? (service.Status?.LatestReadyRevisionName is { Length: > 0 } ready && ready != except ? ready : null);

    private static KnativeTrafficTarget Pinned(string revision, long percent) => new() { RevisionName = revision, LatestRevision = false, Percent = percent };

    private static (string, bool, long, string) Facts(KnativeTrafficTarget target) =>
        (target.RevisionName ?? "", target.LatestRevision == true, target.Percent ?? 0, target.Tag ?? "");
}
