using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;
using Runner.EmbeddedCluster.Tables;
using Runner.Tests.Engine.EmbeddedCluster.Admission;

namespace Runner.Tests.Engine.EmbeddedCluster.Tables;

/// <summary>Columns and cells against recorded tables and recorded objects.</summary>
public sealed class TableRecordingsTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2026-11-23T19:20:22Z", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("pods", "", "pods", "Pod")]
    [InlineData("nodes", "", "nodes", "Node")]
    [InlineData("ksvc", "serving.knative.dev", "services", "Service")]
    [InlineData("revisions", "serving.knative.dev", "revisions", "Revision")]
    [InlineData("deployments", "apps", "deployments", "Deployment")]
    [InlineData("namespaces", "", "namespaces", "Namespace")]
    [InlineData("configmaps", "", "configmaps", "ConfigMap")]
    [InlineData("events", "", "events", "Event")]
    [InlineData("lws", "leaderworkerset.x-k8s.io", "leaderworkersets", "LeaderWorkerSet")]
    [InlineData("leases", "coordination.k8s.io", "leases", "Lease")]
    public void Columns_are_those_of_the_recorded_table(string exchange, string group, string plural, string kind)
    {
        var recorded = Recordings.Exchanges("tables").First(e => e["name"]!.GetValue<string>() == exchange)["responseBody"]!["columnDefinitions"]!.AsArray();

        var columns = ResourceTable.For(TypeOf(group, plural, kind)).ColumnDefinitions();

        // Descriptions of built-in columns are our own words.
        Assert.Equal(
            recorded.Select(c => (Text(c, "name"), Text(c, "format"), c!["priority"]!.GetValue<int>(), Description(c))),
            columns.Select(c => (Text(c, "name"), Text(c, "format"), c!["priority"]!.GetValue<int>(), Description(c))));

        static string Text(JsonNode? column, string field) => column![field]!.GetValue<string>();
        static string Description(JsonNode? column) => Text(column, "description") is var text && text.StartsWith("Custom resource", StringComparison.Ordinal) ? text : "";
    }

    [Fact]
    public void A_recorded_node_gives_the_recorded_cells()
    {
        var table = Recordings.Exchanges("tables").First(e => e["name"]!.GetValue<string>() == "includeObject=Object")["responseBody"]!;
        var row = table["rows"]![0]!;

        var cells = ResourceTable.For(TypeOf("", "nodes", "Node")).Cells((JsonObject)row["object"]!, Now);

        Assert.Equal(row["cells"]!.ToJsonString(), cells.ToJsonString());
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(120, "2m")]
    [InlineData(497, "8m17s")]
    [InlineData(660, "11m")]
    [InlineData(10799, "179m")]
    [InlineData(10800, "3h")]
    [InlineData(18060, "5h1m")]
    [InlineData(90000, "25h")]
    [InlineData(176400, "2d1h")]
    [InlineData(691200, "8d")]
    [InlineData(63072000, "2y")]
    [InlineData(-5, "<invalid>")]
    public void Ages_have_the_units_kubectl_users_know(int seconds, string text) => Assert.Equal(text, Cell.Duration(TimeSpan.FromSeconds(seconds)));

    public static TheoryData<string, string, string, string> Pods() => new()
    {
        { "{}", "Pending", "0/1", "Pending" },
        { """{"containerStatuses":[{"state":{"waiting":{"reason":"ContainerCreating"}}}]}""", "Pending", "0/1", "ContainerCreating" },
        { """{"containerStatuses":[{"ready":true,"state":{"running":{}}}]}""", "Running", "1/1", "Running" },
        { """{"containerStatuses":[{"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1,"finishedAt":"2026-11-23T19:20:12Z"}}}]}""", "Running", "0/1", "CrashLoopBackOff" },
        { """{"containerStatuses":[{"state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}""", "Succeeded", "0/1", "Completed" },
        { """{"containerStatuses":[{"state":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}""", "Failed", "0/1", "OOMKilled" },
        { """{"containerStatuses":[{"state":{"terminated":{"exitCode":3}}}]}""", "Failed", "0/1", "ExitCode:3" },
        { """{"reason":"Evicted"}""", "Failed", "0/1", "Evicted" },
        { """{"initContainerStatuses":[{"name":"i","state":{"running":{}}}],"containerStatuses":[{"state":{"waiting":{"reason":"PodInitializing"}}}]}""", "Pending", "0/1", "Init:0/1" },
        { """{"initContainerStatuses":[{"name":"i","state":{"waiting":{"reason":"ImagePullBackOff"}}}]}""", "Pending", "0/1", "Init:ImagePullBackOff" },
        { """{"initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":2}}}]}""", "Pending", "0/1", "Init:ExitCode:2" },
        { """{"initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}}],"containerStatuses":[{"ready":true,"state":{"running":{}}}]}""", "Running", "1/1", "Running" },
        { """{"conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]}""", "Pending", "0/1", "SchedulingGated" },
    };

    [Theory]
    [MemberData(nameof(Pods))]
    public void The_status_of_a_pod_is_what_its_containers_suffer_from(string status, string phase, string ready, string text)
    {
        var pod = Pod(status, phase);

        var cells = ResourceTable.For(TypeOf("", "pods", "Pod")).Cells(pod, Now);

        Assert.Equal((ready, text), (cells[1]!.GetValue<string>(), cells[2]!.GetValue<string>()));
    }

    [Fact]
    public void A_pod_that_is_being_deleted_is_Terminating_unless_it_has_ended()
    {
        var running = Pod("""{"containerStatuses":[{"ready":true,"state":{"running":{}}}]}""", "Running");
        var done = Pod("""{"containerStatuses":[{"state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}""", "Succeeded");
        foreach (var pod in (JsonObject[])[running, done])
        {
            pod["metadata"]!["deletionTimestamp"] = "2026-11-23T19:20:00Z";
        }


        Assert.Equal(("Terminating", "Completed"), (PodStatus.Of(running).Text, PodStatus.Of(done).Text));
    }

    [Fact]
    public void Restarts_tell_how_long_ago_the_last_was()
    {
        var pod = Pod("""{"containerStatuses":[{"restartCount":3,"state":{"running":{}},"lastState":{"terminated":{"finishedAt":"2026-11-23T19:20:12Z"}}}]}""", "Running");

        Assert.Equal("3 (10s ago)", ResourceTable.For(TypeOf("", "pods", "Pod")).Cells(pod, Now)[3]!.GetValue<string>());
    }

    [Fact]
    public void A_custom_resource_shows_the_columns_of_its_definition()
    {
        var definition = (JsonObject)JsonNode.Parse("""
            {"spec":{"versions":[{"name":"v1","additionalPrinterColumns":[
              {"name":"Label","type":"string","jsonPath":".metadata.labels['a\\.b/c']"},
              {"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type=='Ready')].status"},
              {"name":"First","type":"integer","jsonPath":".spec.list[0].n","priority":1},
              {"name":"Missing","type":"string","jsonPath":".status.none"},
              {"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}]}]}}
            """)!;
        var json = (JsonObject)JsonNode.Parse("""
            {"metadata":{"name":"x","creationTimestamp":"2026-11-23T19:20:02Z","labels":{"a.b/c":"l"}},"spec":{"list":[{"n":7}]},"status":{"conditions":[{"type":"Other","status":"False"},{"type":"Ready","status":"True"}]}}
            """)!;

        var table = ResourceTable.For(TypeOf("example.com", "things", "Thing"), definition);

        Assert.Equal("""["x","l","True",7,null,"20s"]""", table.Cells(json, Now).ToJsonString());
        Assert.Equal([false, false, false, true, false, false], table.Columns.Select(c => c.Wide));
    }

    private static JsonObject Pod(string status, string phase)
    {
        var pod = (JsonObject)JsonNode.Parse("""{"metadata":{"name":"p","creationTimestamp":"2026-11-23T19:20:02Z"},"spec":{"containers":[{"name":"c"}],"initContainers":[{"name":"i"}]}}""")!;
        pod["status"] = JsonNode.Parse(status);
        pod["status"]!["phase"] = phase;
        return pod;
    }

    private static ResourceType TypeOf(string group, string plural, string kind) =>
        new(group, "v1", plural, kind.ToLowerInvariant(), kind, true) { Custom = group.Contains("knative", StringComparison.Ordinal) || group.Contains("x-k8s", StringComparison.Ordinal) || group == "example.com" };
}
