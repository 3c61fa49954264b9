using k8s.Models;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Logs;
using Runner.Engine.Logs.Collector;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;
using Runner.Tests.Engine.Support;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Logs;

namespace Runner.Tests.Engine.Logs;

/// <summary>The history of a workload's logs, as the page searches it.</summary>
public sealed class LokiQueryTests
{
    private const string Password = "s3cret-of-loki";

    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Now);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reading_on_finds_every_line_once_and_in_order_also_those_of_one_moment()
    {
        await using var loki = await RecordingLoki.StartAsync();

        // Bursts of two pods, a nanosecond apart and at the same one.
        var begin = LogTimestamp.FromTime(Now.AddMinutes(-10));
        foreach (var pod in new[] { "web-a", "web-b" })
        {
            loki.Keep(Enumerable.Range(0, 350).Select(i => Line("web", pod, begin + i, $"{pod} {i}")));
        }

        loki.Keep([Line("other", "other-a", begin, "of another workload")]);
        using var query = QueryFor(loki.Address, "c-1");
        using var model = new LogHistoryModel(query, _time);

        await model.SearchAsync("spaces", "web", "", hours: 1);
        Assert.Equal((200, true), (model.Lines.Count, model.More));
        for (var pages = 0; model.More && pages < 10; pages++)
        {
            await model.OlderAsync();
        }

        Assert.Equal("", model.Problem);
        Assert.Equal(700, model.Lines.Count);
        Assert.Equal(model.Lines.Select(line => line.Nanoseconds).Order(), model.Lines.Select(line => line.Nanoseconds));
        foreach (var pod in new[] { "web-a", "web-b" })
        {
            Assert.Equal(Enumerable.Range(0, 350).Select(i => $"{pod} {i}"), model.Lines.Where(line => line.Pod == pod).Select(line => line.Text));
        }
    }

    [Theory]
    [InlineData("plain", "plain words")]
    [InlineData("\"} or {namespace=\"x", "a quote \"} or {namespace=\"x in it")]
    [InlineData("back\\slash", "one back\\slash")]
    [InlineData("`tick", "a `tick")]
    public async Task What_people_look_for_is_found_as_it_stands_and_cannot_leave_its_quotes(string text, string line)
    {
        await using var loki = await RecordingLoki.StartAsync();
        loki.Keep([Line("web", "web-a", LogTimestamp.FromTime(Now.AddMinutes(-2)), line), Line("web", "web-a", LogTimestamp.FromTime(Now.AddMinutes(-1)), "another line")]);
        using var query = QueryFor(loki.Address, "c-1");

        var found = await query.SearchAsync(new("spaces", "web", "", text, Now.AddHours(-1), Now), Cancel);

        Assert.Equal(line, Assert.Single(found.Lines).Text);
        Assert.False(found.More);
    }

    [Fact]
    public async Task A_Loki_that_is_away_or_is_none_is_told_without_its_password()
    {
        await using var api = await ScriptedApi.StartAsync();
        using var query = QueryFor(new Uri(api.Address.ToString().Replace("://", $"://somebody:{Password}@", StringComparison.Ordinal)), "c-1");
        using var model = new LogHistoryModel(query, _time);
        (int Status, string Body, string Expected)[] answers =
        [
            (500, "too many outstanding requests", "too many outstanding requests"), (200, "<html>", "is not Loki"), (200, "{}", "is not Loki"), (200, "[]", "is not Loki"),
            .. ((string[])["[]", "[null,null]", "[\"9\"]", "[\"99999999999999999999\",\"a\"]", "[\"noon\",\"a\"]", "[9,\"a\"]", "[\"9\",7]", "{}"])
                .Select(line => (200, """{"data":{"result":[{"stream":{},"values":[""" + line + "]}]}}", "is not Loki")),
            (200, """{"data":{"result":[{"stream":[],"values":[["9","a"]]}]}}""", "is not Loki"),
        ];
        foreach (var (status, body, expected) in answers)
        {
            api.Answer = context =>
            {
                context.Response.StatusCode = status;
                return ScriptedApi.SendAsync(context, body);
            };
            await model.SearchAsync("spaces", "web", "", hours: 1);
            Assert.Contains(expected, model.Problem, StringComparison.Ordinal);
            Assert.DoesNotContain(Password, model.Problem, StringComparison.Ordinal);
        }

        using var nobody = QueryFor(new Uri($"http://somebody:{Password}@127.0.0.1:1/"), "c-1");
        using var away = new LogHistoryModel(nobody, _time);
        await away.SearchAsync("spaces", "web", "", hours: 1);
        Assert.Contains("cannot be asked", away.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, away.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_what_the_runner_and_the_collectors_of_its_clusters_wrote_is_found_and_only_where_workloads_are()
    {
        await using var loki = await RecordingLoki.StartAsync();
        var time = LogTimestamp.FromTime(Now.AddMinutes(-2));
        const string Web = "namespace=\"spaces\", service_name=\"web\"";
        string[] ours =
        [
            $$"""{client_id="logcollector-c.1", category="container", {{Web}}, csghub_log_label_cluster_id="c.1"}""",
            $$"""{client_id="logcollector-c.1", category="container", {{Web}}}""",
            $$"""{client_id="runner", category="platform", {{Web}}, csghub_log_label_cluster_id="c.1"}""",
        ];
        string[] foreign =
        [
            $$"""{job="spaces/web", {{Web}}}""",
            $$"""{client_id="shipper", {{Web}}}""",
            $$"""{client_id="logcollector-c-1", category="container", {{Web}}}""",
            $$"""{client_id="logcollector-c.1-b", category="container", {{Web}}}""",
            $$"""{client_id="runner", category="platform", {{Web}}, csghub_log_label_cluster_id="other"}""",
            """{client_id="logcollector-c.1", category="container", namespace="payroll", service_name="web"}""",
        ];
        loki.Keep(ours.Select((labels, i) => new LokiLine(labels, time + i, $"ours {i}")));
        loki.Keep(foreign.Select((labels, i) => new LokiLine(labels, time + i, $"foreign {i}")));
        using var query = QueryFor(loki.Address, "c.1");
        using var model = new LogHistoryModel(query, _time);

        await model.SearchAsync("spaces", "web", "", hours: 1);
        Assert.Equal(["ours 0", "ours 1", "ours 2"], model.Lines.Select(line => line.Text));

        var asked = loki.Queries.Count;
        await model.SearchAsync("payroll", "web", "", hours: 1);
        Assert.Empty(model.Lines);
        Assert.Contains("payroll", model.Problem, StringComparison.Ordinal);
        using var unknown = QueryFor(loki.Address);
        using var nobody = new LogHistoryModel(unknown, _time);
        await nobody.SearchAsync("spaces", "web", "", hours: 1);
        Assert.Contains("STARHUB_SERVER_CLUSTER_ID", nobody.Problem, StringComparison.Ordinal);
        Assert.Equal(asked, loki.Queries.Count);
    }

    [Fact]
    public async Task What_a_workload_wrote_under_an_earlier_id_of_its_cluster_is_found_by_the_hub_s_number_of_its_deploy()
    {
        await using var loki = await RecordingLoki.StartAsync();
        var time = LogTimestamp.FromTime(Now.AddMinutes(-2));
        const string Web = "namespace=\"spaces\", service_name=\"web\"";
        string[] ours =
        [
            $$"""{client_id="logcollector-before", category="container", {{Web}}, csghub_log_label_cluster_id="before", csghub_deploy_id="7"}""",
            $$"""{client_id="runner", category="platform", {{Web}}, csghub_log_label_cluster_id="before", csghub_deploy_id="7"}""",
            $$"""{client_id="logcollector-c-1", category="container", {{Web}}, csghub_log_label_cluster_id="c-1", csghub_deploy_id="7"}""",

            // What this cluster had under the name before stays to be found.
            $$"""{client_id="logcollector-c-1", category="container", {{Web}}, csghub_log_label_cluster_id="c-1", csghub_deploy_id="6"}""",
        ];
        string[] foreign =
        [
            $$"""{client_id="logcollector-other", category="container", {{Web}}, csghub_log_label_cluster_id="other", csghub_deploy_id="77"}""",
            $$"""{client_id="logcollector-other", category="container", {{Web}}, csghub_log_label_cluster_id="other"}""",
            $$"""{client_id="shipper", {{Web}}, csghub_deploy_id="7"}""",
            """{client_id="logcollector-before", category="container", namespace="spaces", service_name="api", csghub_deploy_id="7"}""",
        ];
        loki.Keep(ours.Select((labels, i) => new LokiLine(labels, time + i, $"ours {i}")));
        loki.Keep(foreign.Select((labels, i) => new LokiLine(labels, time + i, $"foreign {i}")));
        using var query = new LokiQuery(
            new() { LogCollector = new() { LokiUrl = loki.Address } },
            () => new(new HashSet<string> { "spaces" }, new HashSet<string> { "c-1" }) { DeployIds = (@namespace, name) => (@namespace, name) == ("spaces", "web") ? [7, 0] : [] });
        async Task<IEnumerable<string>> FoundAsync(string text) => (await query.SearchAsync(new("spaces", "web", "", text, Now.AddHours(-1), Now), Cancel)).Lines.Select(line => line.Text);

        Assert.Equal(["ours 0", "ours 1", "ours 2", "ours 3"], await FoundAsync(""));
        Assert.Equal(["ours 1"], await FoundAsync("s 1"));
    }

    [Fact]
    public async Task What_milestones_and_containers_are_labelled_with_is_what_is_searched()
    {
        await using var loki = await RecordingLoki.StartAsync();
        var time = LogTimestamp.FromTime(Now.AddMinutes(-2));
        var workload = new Workload { Key = new("c", WorkloadKind.Service, "spaces", "web"), Uid = "u", ClusterId = "c-1", CreatedAt = Now, Status = DeployStatus.Deploying };
        var pod = new V1Pod
        {
            Metadata = new()
            {
                Name = "web-a",
                Uid = "u",
                NamespaceProperty = "spaces",
                Labels = new Dictionary<string, string> { ["serving.knative.dev/service"] = "web", [HubNames.LogClusterIdLabel] = "c-1", ["csghub_deploy_id"] = "7" },
            },
        };
        loki.Keep([new(LokiLabels.OfMilestone(workload, "deploy", "deploying"), time, "milestone"), new(LokiLabels.OfContainer(pod, "user-container", "c-1", "csghub_"), time + 1, "container")]);
        using var query = QueryFor(loki.Address, "c-1", "c-2");

        var found = await query.SearchAsync(new("spaces", "web", "", "", Now.AddHours(-1), Now), Cancel);

        Assert.Equal(["milestone", "container"], found.Lines.Select(line => line.Text));
    }

    private static LokiQuery QueryFor(Uri loki, params string[] clusters) =>
        new(new() { LogCollector = new() { LokiUrl = loki } }, () => new(new HashSet<string> { "spaces" }, clusters.ToHashSet()));

    private static LokiLine Line(string service, string pod, long time, string text) =>
        new($$"""{client_id="logcollector-c-1", namespace="spaces", service_name="{{service}}", pod_name="{{pod}}", container_name="user-container", category="container"}""", time, text);
}
