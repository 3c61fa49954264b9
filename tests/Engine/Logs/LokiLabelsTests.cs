using k8s.Models;
using Runner.Engine.Logs.Collector;
using Runner.Engine.Workloads;

namespace Runner.Tests.Engine.Logs;

public sealed class LokiLabelsTests
{
    [Fact]
    public void A_container_s_stream_has_the_labels_that_the_hub_searches_by()
    {
        var labels = LokiLabels.OfContainer(Pod(("csghub_deploy_id", "7"), ("csghub_deploy_task_id", "8"), ("app", "x")), "user-container", "c-1", "csghub_");

        Assert.Equal(
            """{category="container", client_id="logcollector-c-1", container_name="user-container", csghub_deploy_id="7", csghub_deploy_task_id="8", namespace="spaces", pod_name="web-1", pod_uid="u-1", service_name="web"}""",
            labels);
    }

    [Fact]
    public void Of_more_labels_than_Loki_takes_those_that_are_searched_by_stay()
    {
        var many = Enumerable.Range(0, 30).Select(i => ($"csghub_a{i:D2}", "x")).Append(("csghub_deploy_id", "7")).Append(("csghub_deploy_task_id", "8"));
        var labels = LokiLabels.OfContainer(Pod([.. many]), "main", "c-1", "csghub_");

        Assert.Equal(LokiLabels.Most, labels.Split(", ").Length);
        Assert.Contains("csghub_deploy_id=\"7\"", labels, StringComparison.Ordinal);
        Assert.Contains("csghub_deploy_task_id=\"8\"", labels, StringComparison.Ordinal);
        Assert.Contains("csghub_a05", labels, StringComparison.Ordinal);
        Assert.DoesNotContain("csghub_a06", labels, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x", 2048)]
    [InlineData("é", 1024)]
    [InlineData("模", 682)]
    [InlineData("🚀", 512)]
    public void A_value_is_cut_at_Loki_s_limit_which_counts_bytes_and_never_within_a_character(string character, int kept)
    {
        string Shown(int times) => LokiLabels.Text([new("a", string.Concat(Enumerable.Repeat(character, times)))]);

        Assert.Equal($"{{a=\"{string.Concat(Enumerable.Repeat(character, kept))}\"}}", Shown(kept));
        Assert.Equal(Shown(kept), Shown(kept + 1));
        Assert.Equal(Shown(kept), Shown(3000));
        var mixed = LokiLabels.Text([new("a", new string('x', LokiLabels.LongestValue - 1) + character)]);
        Assert.Equal(character == "x" ? LokiLabels.LongestValue : LokiLabels.LongestValue - 1, mixed.Count(letter => letter == 'x'));
        Assert.DoesNotContain(mixed, char.IsSurrogate);
    }

    [Theory]
    [InlineData("a\"b\\c\nd\te\u0001", "\"a\\\"b\\\\c\\nd\\te\\u0001\"")]
    [InlineData("größe 🚀", "\"größe 🚀\"")]
    public void What_is_in_quotes_cannot_end_them(string value, string quoted) => Assert.Equal(quoted, LokiLabels.Quote(value));

    [Fact]
    public void Names_are_made_such_as_Loki_takes_and_empty_labels_are_left_out() =>
        Assert.Equal("{_1b_c=\"x\"}", LokiLabels.Text([new("1b.c", "x"), new("empty", "")]));

    [Theory]
    [InlineData(DeployStatus.Deploying, "deploy", "deploying")]
    [InlineData(DeployStatus.DeployFailed, "deploy", "deployFailed")]
    [InlineData(DeployStatus.Running, "running", "deployRunning")]
    [InlineData(DeployStatus.BuildFailed, "build", "buildFailed")]
    [InlineData(DeployStatus.Stopped, "cancelled", "cancelled")]
    public void A_change_of_state_is_a_milestone_in_the_hub_s_words(DeployStatus status, string stage, string step)
    {
        var before = Workload(DeployStatus.Pending);
        var milestone = Milestones.Of(before, before with { Status = status, Reason = "Because", Message = "of that" });

        Assert.Equal((stage, step), (milestone?.Stage, milestone?.Step));
        Assert.Null(Milestones.Of(before, before with { ActualReplicas = 2 }));
        Assert.Equal("cleanup", Milestones.Of(before, null)?.Stage);
    }

    [Theory]
    [InlineData(WorkloadKind.Workflow, "evaluation")]
    [InlineData(WorkloadKind.Dataflow, "dataflow")]
    public void What_happens_to_a_job_is_filed_under_its_task_as_what_its_pods_say_is(WorkloadKind kind, string type)
    {
        var job = Workload(DeployStatus.Running) with { Key = new("c", kind, "spaces", "1xk2"), Job = new() { TaskId = "1xk2", TaskType = type } };

        Assert.Equal(
            $$"""{category="platform", client_id="runner", csghub_deploy_id="1xk2", csghub_deploy_type="{{type}}", csghub_deploy_type_id="1xk2", csghub_log_label_cluster_id="c-1", csghub_log_label_type="deploy", namespace="spaces", service_name="1xk2", stage="running", step="deployRunning"}""",
            LokiLabels.OfMilestone(job, "running", "deployRunning"));
    }

    [Fact]
    public void What_happens_to_a_service_is_filed_under_its_numbers() => Assert.Equal(
        """{category="platform", client_id="runner", csghub_deploy_id="7", csghub_deploy_task_id="8", csghub_deploy_type="1", csghub_log_label_cluster_id="c-1", csghub_log_label_type="deploy", namespace="spaces", service_name="web", stage="deploy", step="deploying"}""",
        LokiLabels.OfMilestone(Workload(DeployStatus.Deploying) with { DeployId = 7, TaskId = 8, DeployType = 1 }, "deploy", "deploying"));

    private static Workload Workload(DeployStatus status) => new()
    {
        Key = new("c", WorkloadKind.Service, "spaces", "web"), Uid = "u", ClusterId = "c-1", CreatedAt = DateTimeOffset.UnixEpoch, Status = status,
    };

    private static V1Pod Pod(params (string Key, string Value)[] labels) => new()
    {
        Metadata = new()
        {
            Name = "web-1",
            NamespaceProperty = "spaces",
            Uid = "u-1",
            Labels = labels.Append(("serving.knative.dev/service", "web")).ToDictionary(label => label.Item1, label => label.Item2),
        },
    };
}
