using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.History;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Tables;
using Runner.Web.Components.Models.Workloads;
using Runner.Web.Live;

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

    /// <summary>A container that crashes again and again is on its way by the hub's code each time that it is started: whoever looks for what is broken has to find it all the same.</summary>
    [Theory]
    [InlineData(DeployStatus.Deploying, "Error", false, "Struggling", WorkloadTone.Bad)]
    [InlineData(DeployStatus.Deploying, "", false, "Deploying", WorkloadTone.Busy)]
    [InlineData(DeployStatus.Deploying, "Unschedulable", true, "WaitingForRoom", WorkloadTone.Wait)]
    [InlineData(DeployStatus.DeployFailed, "Error", false, "DeployFailed", WorkloadTone.Bad)]
    [InlineData(DeployStatus.Running, "Error", false, "Running", WorkloadTone.Good)]
    public void What_has_a_reason_not_to_come_up_is_broken_now_and_in_its_history(DeployStatus status, string reason, bool waiting, string id, WorkloadTone tone)
    {
        var now = WorkloadState.Of(Samples.Workload("llama", status, reason, waitingForRoom: waiting));
        Assert.Equal((id, tone), (now.Id, now.Tone));
        Assert.Equal(now, WorkloadState.Of(new StateChange(Samples.Now, status, "", waiting, reason, "", Unseen: false)));
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

    [Theory]
    [InlineData("")]
    [InlineData("?sort=-state")]
    [InlineData("?filter=boom&sort=reason")]
    [InlineData("?state=bad&sort=-ready")]
    [InlineData("?kind=workflow")]
    public async Task Whatever_changes_the_list_is_as_if_it_had_been_read_anew(string query)
    {
        await using var context = new ConsoleContext();
        var model = Load(context);
        model.Show(WorkloadsQuery.Parse(query));
        var random = new Random(7);
        for (var step = 0; step < 300; step++)
        {
            var keys = new HashSet<WorkloadKey>();
            for (var change = random.Next(4); change >= 0; change--)
            {
                keys.Add(Change(context, random));
            }

            model.Apply(new LiveBatch(keys, false, false));
            var anew = Load(context);
            anew.Show(model.Query);
            Assert.Equal(anew.Rows.Select(row => row.Workload), model.Rows.Select(row => row.Workload));
            Assert.Equal(anew.Total, model.Total);
            Assert.Equal(anew.Counts, model.Counts);
            Assert.Equal(anew.Kinds, model.Kinds);
        }
    }

    [Fact]
    public async Task A_row_that_changes_in_its_place_is_told_alone_and_many_of_them_go_with_the_page()
    {
        await using var context = new ConsoleContext();
        var names = Enumerable.Range(0, 10).Select(number => $"row-{number}").ToList();
        names.ForEach(name => context.Engine.Feed.Set(Samples.Workload(name, DeployStatus.DeployFailed, "Before")));
        var model = Load(context);
        var told = new List<string>();
        var watching = names.Take(9).Select(name => model.Watch(Samples.Key(name), row => told.Add($"{row.Name} {row.Workload.Reason}"))).ToList();

        Assert.False(ApplyReason("After", ["row-3", "row-9"]));
        Assert.Equal(["row-3 After"], told);
        Assert.Equal("After", model.Rows.Single(row => row.Name == "row-9").Workload.Reason);

        Assert.True(ApplyReason("Later", names));
        Assert.Equal(["row-3 After"], told);

        watching[0].Dispose();
        Assert.False(ApplyReason("Last", ["row-0"]));
        Assert.Equal(["row-3 After"], told);

        bool ApplyReason(string reason, IReadOnlyList<string> changed)
        {
            foreach (var name in changed)
            {
                context.Engine.Feed.Set(Samples.Workload(name, DeployStatus.DeployFailed, reason));
            }

            return model.Apply(new LiveBatch([.. changed.Select(name => Samples.Key(name))], false, false));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("?sort=-state")]
    [InlineData("?sort=reason")]
    [InlineData("?filter=boom&sort=-ready")]
    [InlineData("?state=bad&sort=reason")]
    public async Task Whatever_is_on_the_screen_is_drawn_when_it_changes_and_the_page_is_left_alone_often(string query)
    {
        await using var context = new ConsoleContext();
        var model = Load(context);
        model.Show(WorkloadsQuery.Parse(query));
        var screen = new Screen(model);
        var random = new Random(11);
        var (drawn, kept) = (0, 0);
        for (var step = 0; step < 600; step++)
        {
            var keys = Enumerable.Range(0, 1 + random.Next(3)).Select(_ => Change(context, random)).ToHashSet();
            if (model.Apply(new LiveBatch(keys, false, false)))
            {
                drawn++;
                screen.Draw(random.Next(4));
            }
            else
            {
                kept++;
            }

            Assert.Equal(Screen.Of(model, screen.Place), screen.Shown);
        }

        Assert.True(drawn > 50 && kept > 50, $"{drawn} drawn, {kept} not");
    }

    [Fact]
    public async Task Pages_of_one_language_share_the_rows_and_those_of_another_have_their_own()
    {
        await using var context = new ConsoleContext();
        context.Engine.Feed.Set(Samples.Workload("web"));
        var row = Load(context).Rows[0];
        Assert.Same(row, Load(context).Rows[0]);
        var before = CultureInfo.CurrentUICulture;
        try
        {
            CultureInfo.CurrentUICulture = new("zh-Hans");
            Assert.Equal(("运行中", row.Workload), (Load(context).Rows[0].StateText, Load(context).Rows[0].Workload));
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }

    [Fact]
    public async Task A_row_that_moves_out_of_sight_draws_nothing_and_one_that_comes_into_sight_draws_the_page()
    {
        await using var context = new ConsoleContext();
        var names = Enumerable.Range(0, 10).Select(number => $"row-{number}").ToList();
        names.ForEach(name => context.Engine.Feed.Set(Samples.Workload(name, DeployStatus.DeployFailed, "B-" + name)));
        var model = Load(context);
        model.Show(new WorkloadsQuery { Sort = "reason" });
        var screen = new Screen(model);
        screen.Draw(2);
        Assert.Equal((true, false), (model.IsDrawn(Samples.Key("row-4")), model.IsDrawn(Samples.Key("row-5"))));

        Assert.False(Move("row-9", "B-row-6a"));
        Assert.Equal(["row-6", "row-9", "row-7", "row-8"], model.Rows.Skip(6).Select(row => row.Name));
        Assert.False(Move("row-1", "A"));
        Assert.Equal(["row-1", "row-0", "row-2"], model.Rows.Take(3).Select(row => row.Name));
        Assert.True(Move("row-8", "B-row-3a"));
        screen.Draw(2);
        Assert.True(Move("row-1", "C"));
        screen.Draw(2);
        Assert.True(Move("row-3", "C"));

        bool Move(string name, string reason)
        {
            context.Engine.Feed.Set(Samples.Workload(name, DeployStatus.DeployFailed, reason));
            return model.Apply(new LiveBatch([Samples.Key(name)], false, false));
        }
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
    public async Task An_act_applies_to_those_of_the_selected_that_it_means_anything_to_by_name()
    {
        await using var context = new ConsoleContext();
        foreach (var workload in new[] { Samples.Workload("web"), Samples.Job("train", WorkflowPhases.Running), Samples.Workload("api"), Samples.Workload("idle") })
        {
            context.Engine.Feed.Set(workload);
        }

        var model = Load(context);
        foreach (var row in model.Rows.Where(row => row.Name != "idle"))
        {
            model.Toggle(row.Key);
        }

        Assert.Equal(["api", "web"], model.SelectedFor(WorkloadAction.Restart).Select(key => key.Name));
        Assert.Equal(["api", "train", "web"], model.SelectedFor(WorkloadAction.Stop).Select(key => key.Name));
        Assert.Equal(["api", "train", "web"], model.SelectedFor(WorkloadAction.Purge).Select(key => key.Name));
    }

    [Fact]
    public void The_name_column_cannot_be_hidden() => Assert.Contains("name", new WorkloadsQuery().ToggledColumn("name").Columns);

    private static WorkloadsModel Load(ConsoleContext context)
    {
        var model = new WorkloadsModel(context.Engine, context.Services.GetRequiredService<WorkloadTexts>());
        model.Load();
        return model;
    }

    /// <summary>Changes something of one of a few workloads, or lets it come or go.</summary>
    private static WorkloadKey Change(ConsoleContext context, Random random)
    {
        var name = $"w{random.Next(12):00}";
        var job = random.Next(3) == 0;
        var key = job ? Samples.Job(name, WorkflowPhases.Failed).Key : Samples.Key(name);
        if (random.Next(8) == 0)
        {
            context.Engine.Feed.Remove(key);
            return key;
        }

        string[] reasons = ["", "boom", "ImagePullBackOff", "Boomerang"];
        context.Engine.Feed.Set(job
            ? Samples.Job(name, random.Next(2) == 0 ? WorkflowPhases.Failed : WorkflowPhases.Succeeded)
            : Samples.Workload(name, random.Next(2) == 0 ? DeployStatus.DeployFailed : DeployStatus.Running, reasons[random.Next(reasons.Length)], pods: random.Next(3)));
        return key;
    }

    /// <summary>A screen with room for a part of the list: what was drawn on it last, and what rows on it were told since.</summary>
    private sealed class Screen
    {
        private const int Room = 3;
        private readonly WorkloadsModel _model;
        private readonly List<IDisposable> _watching = [];

        public Screen(WorkloadsModel model)
        {
            _model = model;
            Draw(0);
        }

        /// <summary>Place in the list of the first row.</summary>
        public int Place { get; private set; }

        public List<string> Shown { get; private set; } = [];

        public static List<string> Of(WorkloadsModel model, int place) =>
        [
            $"{model.Rows.Count} of {model.Total}", string.Join(' ', model.Counts), string.Join(' ', model.Kinds), .. model.Rows.Skip(place).Take(Room).Select(Of),
        ];

        public void Draw(int place)
        {
            Place = Math.Max(0, Math.Min(place, _model.Rows.Count - Room));
            Shown = Of(_model, Place);
            _watching.ForEach(watching => watching.Dispose());
            _watching.Clear();
            _watching.AddRange(_model.Rows.Skip(Place).Take(Room).Select((row, index) => _model.Watch(row.Key, now => Shown[3 + index] = Of(now))));
        }

        private static string Of(WorkloadRow row) => $"{row.Key} {row.StateText} {row.Workload.Reason} {row.Replicas}";
    }
}
