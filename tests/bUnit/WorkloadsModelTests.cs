using Runner.Engine.Workloads;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Models;
using Runner.Web.Live;
using Microsoft.Extensions.DependencyInjection;

namespace Runner.Tests.bUnit;

public sealed class WorkloadsModelTests
{
    [Theory]
    [InlineData("qwen")]
    [InlineData("WANGHH")]
    [InlineData("nvidia.com/gpu")]
    [InlineData("gpu-a100-1")]
    [InlineData("running")]
    [InlineData("4711")]
    [InlineData("qwen a100")]
    public async Task The_filter_looks_at_every_column(string filter)
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("qwen-chat"));
        context.Engine.Feed.Set(Samples.Workload("other", DeployStatus.Sleeping, pods: 0) with { UserName = "li", DeployId = 1, Requests = Samples.Workload("x").Requests.Clear() });
        var model = Load(context);
        model.Show(new WorkloadsQuery { Filter = filter });
        Assert.Equal(["qwen-chat"], model.Rows.Select(row => row.Name));
        Assert.Equal(2, model.Total);
    }

    [Fact]
    public async Task State_chips_count_what_the_words_leave_and_show_only_the_chosen()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("a-fails", DeployStatus.DeployFailed, "ImagePullBackOff"));
        context.Engine.Feed.Set(Samples.Workload("a-waits", DeployStatus.DeployFailed, "Unschedulable", waitingForRoom: true));
        context.Engine.Feed.Set(Samples.Workload("b-runs"));
        var model = Load(context);
        model.Show(new WorkloadsQuery { Filter = "a-", Tones = [WorkloadTone.Wait] });
        Assert.Equal(["a-waits"], model.Rows.Select(row => row.Name));
        Assert.Equal((1, 1, 0), (model.Counts[WorkloadTone.Bad], model.Counts[WorkloadTone.Wait], model.Counts[WorkloadTone.Good]));
    }

    [Fact]
    public async Task Jobs_stand_beside_services_with_their_phase_and_can_be_picked_by_kind()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("chat"));
        context.Engine.Feed.Set(Samples.Job("eval-1", WorkflowPhases.Succeeded));
        context.Engine.Feed.Set(Samples.Job("eval-2", WorkflowPhases.Failed));
        var model = Load(context);
        Assert.Equal((1, 2), (model.Kinds[WorkloadKind.Service], model.Kinds[WorkloadKind.Workflow]));

        model.Show(new WorkloadsQuery().Toggled(WorkloadKind.Workflow));

        Assert.Equal(["eval-1 Evaluation Succeeded wanghh", "eval-2 Evaluation Failed wanghh"], model.Rows.Select(row => $"{row.Name} {row.Type} {row.StateText} {row.Owner}"));
        Assert.Equal("?kind=workflow", model.Query.ToString());
        Assert.Equal((1, 0), (model.Counts[WorkloadTone.Bad], model.Counts[WorkloadTone.Good]));
    }

    [Fact]
    public async Task Sorting_by_state_puts_failures_first_and_turns_round()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("runs"));
        context.Engine.Feed.Set(Samples.Workload("fails", DeployStatus.DeployFailed));
        context.Engine.Feed.Set(Samples.Workload("deploys", DeployStatus.Deploying));
        var model = Load(context);
        model.Show(new WorkloadsQuery { Sort = "state" });
        Assert.Equal(["fails", "deploys", "runs"], model.Rows.Select(row => row.Name));
        model.Show(model.Query.SortedBy("state"));
        Assert.Equal(["runs", "deploys", "fails"], model.Rows.Select(row => row.Name));
    }

    [Fact]
    public async Task A_change_makes_a_new_row_and_leaves_the_others_as_they_are()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("still"));
        context.Engine.Feed.Set(Samples.Workload("moves", DeployStatus.Deploying));
        var model = Load(context);
        var before = model.Rows.ToDictionary(row => row.Name);
        context.Engine.Feed.Set(Samples.Workload("moves"));
        Assert.True(model.Apply(new LiveBatch([Samples.Key("moves")], false, false)));
        var after = model.Rows.ToDictionary(row => row.Name);
        Assert.Same(before["still"], after["still"]);
        Assert.Equal("Running", after["moves"].State.Id);
    }

    [Fact]
    public async Task A_workload_that_goes_leaves_the_list_and_the_selection()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("goes"));
        var model = Load(context);
        model.Toggle(Samples.Key("goes"));
        context.Engine.Feed.Remove(Samples.Key("goes"));
        model.Apply(new LiveBatch([Samples.Key("goes")], false, false));
        Assert.Empty(model.Rows);
        Assert.Empty(model.Selected);
    }

    [Fact]
    public async Task Selecting_all_takes_only_what_is_shown()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("shown"));
        context.Engine.Feed.Set(Samples.Workload("hidden"));
        var model = Load(context);
        model.Show(new WorkloadsQuery { Filter = "shown" });
        model.ToggleAll();
        Assert.Equal([Samples.Key("shown")], model.Selected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?filter=a%20b%26c&state=bad,wait&kind=workflow,sandbox&sort=-age")]
    [InlineData("?columns=name,state,cluster&section=logs")]
    public void A_view_survives_its_address(string address) => Assert.Equal(address, WorkloadsQuery.Parse(address).ToString());

    [Fact]
    public void An_address_with_nonsense_falls_back_to_the_standard_view() =>
        Assert.Equal(new WorkloadsQuery(), WorkloadsQuery.Parse("?state=7,no&sort=-&columns=x&columns="));

    [Fact]
    public void The_name_column_cannot_be_hidden() => Assert.Contains("name", new WorkloadsQuery().ToggledColumn("name").Columns);

    private static WorkloadsModel Load(ConsoleContext context)
    {
        var model = new WorkloadsModel(context.Engine, context.Services.GetRequiredService<WorkloadTexts>());
        model.Load();
        return model;
    }
}
