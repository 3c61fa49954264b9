using Runner.Engine;
using Runner.Engine.Workloads;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Workloads;

namespace Runner.Tests.bUnit;

public sealed class TrafficModelTests
{
    [Fact]
    public void What_one_version_is_given_the_others_give_up_in_proportion()
    {
        var model = Loaded(("a", 60, true), ("b", 30, true), ("c", 10, true));
        model.Set("c", "40");
        Assert.Equal([("a", 40), ("b", 20), ("c", 40)], Wanted(model));
        Assert.True(model.CanApply);
        model.Reset();
        Assert.Equal([("a", 60), ("b", 30), ("c", 10)], Wanted(model));
        Assert.False(model.CanApply);
    }

    [Theory]
    [InlineData("101")]
    [InlineData("-1")]
    [InlineData("a lot")]
    [InlineData("")]
    [InlineData("12.5")]
    public void What_is_no_percentage_is_shown_as_wrong_and_cannot_be_applied(string text)
    {
        var model = Loaded(("a", 80, true), ("b", 20, true));
        model.Set("a", text);
        Assert.Equal([("a", 80), ("b", 20)], Wanted(model));
        Assert.Equal([false, true], model.Rows.OrderBy(row => row.Commit).Select(row => row.IsValid));
        Assert.False(model.CanApply);
    }

    [Fact]
    public void A_version_that_is_not_ready_gets_nothing_and_is_not_asked_for()
    {
        var model = Loaded(("a", 100, true), ("b", 0, true), ("c", 0, false));
        model.Set("c", "50");
        Assert.False(model.CanApply);
        model.Set("a", "80");
        Assert.Equal([("a", 80L), ("b", 20L)], model.Shares.OrderBy(share => share.Commit).Select(share => (share.Commit, share.Percent)));
    }

    [Fact]
    public void What_is_being_typed_survives_an_update_unless_the_versions_are_others()
    {
        var model = Loaded(("a", 80, true), ("b", 20, true));
        model.Set("a", "50");
        model.Load(Service(("a", 90, true), ("b", 10, true)));
        Assert.Equal([("a", 50), ("b", 50)], Wanted(model));
        model.Load(Service(("a", 50, true), ("b", 50, true)));
        Assert.False(model.IsDirty);
        model.Set("a", "70");
        model.Load(Service(("a", 50, true), ("b", 40, true), ("c", 10, true)));
        Assert.Equal([("a", 50), ("b", 40), ("c", 10)], Wanted(model));
    }

    private static List<(string, int)> Wanted(TrafficModel model) => [.. model.Rows.Select(row => (row.Commit, row.Wanted)).Order()];

    private static TrafficModel Loaded(params (string Commit, int Percent, bool IsReady)[] versions)
    {
        var model = new TrafficModel();
        model.Load(Service(versions));
        return model;
    }

    private static Workload Service(params (string Commit, int Percent, bool IsReady)[] versions) => Samples.Workload("web") with
    {
        Revisions = versions.Select((version, i) => new WorkloadRevision($"web-0000{i + 1}", version.Commit, version.Percent, version.IsReady, Samples.Now.AddMinutes(i), "", "", "")).ToEquatableList(),
    };
}
