using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

public sealed class KnativeTrafficTests
{
    [Fact]
    public async Task Traffic_split_between_revisions_keeps_both_running()
    {
        await using var simulation = TwoRevisions();

        Split(simulation, ("web-00001", 20), ("web-00002", 80));
        simulation.RunSeconds(120);

        var service = simulation.Get(ObjectKind.KnativeService, "web");
        Assert.True(service.HasCondition("Ready"));
        Assert.Equal([("web-00001", 20L), ("web-00002", 80L)], service.Items("status", "traffic").Select(t => (t.Text("revisionName")!, t.Number("percent")!.Value)));
        Assert.Equal(2, simulation.List(ObjectKind.Pod).Count(p => p.HasCondition("Ready")));
    }

    [Fact]
    public async Task Traffic_to_an_unknown_revision_turns_the_service_false_while_the_old_split_serves_on()
    {
        await using var simulation = TwoRevisions();
        Split(simulation, ("web-00001", 20), ("web-00002", 80));
        simulation.RunSeconds(10);

        Split(simulation, ("web-00009", 100));
        simulation.RunSeconds(10);

        var service = simulation.Get(ObjectKind.KnativeService, "web");
        Assert.Equal("RevisionMissing", service.Condition("Ready").Text("reason"));
        Assert.Equal("Revision \"web-00009\" referenced in traffic not found.", service.Condition("Ready").Text("message"));
        Assert.Equal(["web-00001", "web-00002"], service.Items("status", "traffic").Select(t => t.Text("revisionName")));
    }

    [Fact]
    public async Task Delete_and_create_at_once_makes_a_revision_of_the_same_name_and_another_uid()
    {
        await using var simulation = new Simulation();
        simulation.Node("node");
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.KnativeService, Service);
        simulation.RunSeconds(10);
        var before = simulation.Get(ObjectKind.Revision, "web-00001").Uid();

        simulation.Store.Delete(ObjectKind.KnativeService.Key("spaces", "web"), "Background");
        simulation.Create(ObjectKind.KnativeService, Service);
        simulation.RunSeconds(20);

        Assert.NotEqual(before, simulation.Get(ObjectKind.Revision, "web-00001").Uid());
        Assert.True(simulation.Get(ObjectKind.KnativeService, "web").HasCondition("Ready"));
    }

    private const string Service = """
        {"metadata":{"name":"web","namespace":"spaces"},"spec":{"template":{"metadata":{"annotations":{"autoscaling.knative.dev/min-scale":"1"}},
        "spec":{"containers":[{"name":"user-container","image":"registry.example.com/web:1","ports":[{"containerPort":8000}]}]}},
        "traffic":[{"latestRevision":true,"percent":100}]}}
        """;

    private static Simulation TwoRevisions()
    {
        var simulation = new Simulation();
        simulation.Node("node");
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.KnativeService, Service);
        simulation.RunSeconds(10);
        simulation.Edit(ObjectKind.KnativeService, "web", s => s["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "registry.example.com/web:2");
        simulation.RunSeconds(10);
        return simulation;
    }

    private static void Split(Simulation simulation, params (string Revision, int Percent)[] split) =>
        simulation.Edit(ObjectKind.KnativeService, "web", s => s["spec"]!["traffic"] = new JsonArray(
            [.. split.Select(t => (JsonNode)new JsonObject { ["revisionName"] = t.Revision, ["percent"] = t.Percent, ["latestRevision"] = false })]));
}
