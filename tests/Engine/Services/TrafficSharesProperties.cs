using FsCheck;
using FsCheck.Fluent;
using Runner.Engine.Workloads.Services;

namespace Runner.Tests.Engine.Services;

/// <summary>A share that is changed in the console, over any split.</summary>
public sealed class TrafficSharesProperties
{
    private static readonly Arbitrary<(int[] Shares, int Index, int Percent)> Changes = (
        from weights in Gen.Choose(0, 50).NonEmptyListOf()
        where weights.Count is >= 2 and <= 8 && weights.Sum() > 0
        let shares = VersionTraffic.InProportion([.. weights.Select(weight => (long)weight)]).Select(share => (int)share).ToArray()
        from index in Gen.Choose(0, weights.Count - 1)
        from percent in Gen.Choose(0, 100)
        select (shares, index, percent)).ToArbitrary();

    [Fact]
    public void The_share_is_as_typed_and_the_whole_is_100() => Prop.ForAll(Changes, change =>
    {
        var after = TrafficShares.With(change.Shares, change.Index, change.Percent);
        return after.Sum() == 100 && after[change.Index] == change.Percent && after.All(share => share is >= 0 and <= 100);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_others_keep_their_proportion_to_within_one_percent() => Prop.ForAll(Changes, change =>
    {
        var after = TrafficShares.With(change.Shares, change.Index, change.Percent);
        var sum = 100 - change.Shares[change.Index];
        return sum == 0 || Enumerable.Range(0, after.Count).Where(i => i != change.Index)
            .All(i => Math.Abs((after[i] * sum) - (change.Shares[i] * (100 - change.Percent))) <= sum);
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("100,0", 0, 80, "80,20")]
    [InlineData("80,20", 0, 100, "100,0")]
    [InlineData("0,100,0", 1, 40, "30,40,30")]
    [InlineData("100", 0, 30, "100")]
    public void What_a_version_gives_up_goes_to_the_others(string before, int index, int percent, string after) =>
        Assert.Equal(after.Split(',').Select(int.Parse), TrafficShares.With([.. before.Split(',').Select(int.Parse)], index, percent));
}
