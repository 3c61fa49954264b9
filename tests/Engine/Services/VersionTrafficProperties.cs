using FsCheck;
using FsCheck.Fluent;
using Runner.Engine.Workloads.Services;

namespace Runner.Tests.Engine.Services;

/// <summary>Traffic that is shared out anew, over any split that Knative takes.</summary>
public sealed class VersionTrafficProperties
{
    private static readonly Gen<List<KnativeTrafficTarget>> Splits =
        from weights in Gen.Choose(0, 1000).NonEmptyListOf()
        where weights.Sum() > 0 && weights.Count <= 12
        from latest in Gen.Choose(0, 11)
        let percents = VersionTraffic.InProportion([.. weights.Select(weight => (long)weight)])
        select percents.Select((percent, index) => index == latest
            ? new KnativeTrafficTarget { LatestRevision = true, Percent = percent }
            : new KnativeTrafficTarget { RevisionName = Name(index), Percent = percent }).ToList();

    [Fact]
    public void Without_a_version_the_rest_sums_to_100_and_the_version_gets_nothing() =>
        ForAll((split, latest, removed) =>
        {
            var repaired = VersionTraffic.Without(split, latest, new HashSet<string> { removed }, "heir");
            return repaired.Sum(target => target.Percent) == 100
                && repaired.All(target => target is { Percent: >= 0 and <= 100, LatestRevision: false, RevisionName.Length: > 0 } && target.RevisionName != removed)
                && repaired.Select(target => target.RevisionName).Distinct().Count() == repaired.Count;
        });

    [Fact]
    public void Each_that_stays_gets_its_proportion_to_within_one_percent() =>
        ForAll((split, latest, removed) =>
        {
            var before = split.GroupBy(target => target.RevisionName ?? latest).Where(group => group.Key != removed).ToDictionary(group => group.Key, group => group.Sum(target => target.Percent!.Value));
            var sum = before.Values.Sum();
            var after = VersionTraffic.Without(split, latest, new HashSet<string> { removed }, "heir").ToDictionary(target => target.RevisionName!, target => target.Percent!.Value);
            return sum == 0
                ? after is { Count: 1 } && after["heir"] == 100
                : after.Count == before.Count && before.All(share => Math.Abs((after[share.Key] * sum) - (share.Value * 100)) <= sum);
        });

    [Fact]
    public void A_version_without_requests_takes_nothing_from_the_others_when_it_goes() =>
        ForAll((split, latest, _) =>
            VersionTraffic.Without(split, latest, new HashSet<string> { "unknown" }, "heir")
                .All(target => target.Percent == split.Where(old => (old.RevisionName ?? latest) == target.RevisionName).Sum(old => old.Percent)));

    [Theory]
    [InlineData(0, 100)]
    [InlineData(30, 70)]
    [InlineData(99, 1)]
    public void A_new_version_takes_its_share_from_the_one_with_most_requests(int initial, int rest)
    {
        var service = new KnativeService { Status = new() { LatestReadyRevisionName = "c", Traffic = [new() { RevisionName = "a", Percent = 20 }, new() { RevisionName = "b", Percent = 80 }] } };

        var traffic = VersionTraffic.WithNew(service, initial);

        Assert.Equal([(null, true, initial), ("b", false, rest)], traffic.Select(target => (target.RevisionName, target.LatestRevision!.Value, target.Percent!.Value)));
    }

    [Fact]
    public void A_new_version_gets_everything_when_it_shall_or_when_nobody_else_is_there()
    {
        var known = new KnativeService { Status = new() { LatestReadyRevisionName = "a" } };

        Assert.Equal(100, Assert.Single(VersionTraffic.WithNew(known, 100)).Percent);
        Assert.Equal(100, Assert.Single(VersionTraffic.WithNew(new KnativeService(), 10)).Percent);
    }

    private static void ForAll(Func<List<KnativeTrafficTarget>, string, string, bool> holds) =>
        Prop.ForAll(Splits.ToArbitrary(), Gen.Choose(0, 12).ToArbitrary(), Gen.Choose(0, 12).ToArbitrary(), (split, latest, removed) =>
            holds(split, Name(latest), Name(removed))).QuickCheckThrowOnFailure();

    private static string Name(int index) => $"web-{index:d5}";
}
