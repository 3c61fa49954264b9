using System.Text.Json.Nodes;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

public sealed class SeedTests
{
    [Theory]
    [InlineData("run-inference", true)]
    [InlineData("run-space", true)]
    [InlineData("run-notebook", true)]
    [InlineData("run-does-not-fit", false)]
    public async Task The_fleet_has_room_for_the_samples_that_should_fit(string sample, bool fits)
    {
        await using var simulation = new Simulation(seed: true);
        simulation.RunSeconds(10);
        simulation.Create(ObjectKind.Pod, PodOf(sample).ToJsonString());

        simulation.RunSeconds(10);

        Assert.Equal(fits, simulation.Get(ObjectKind.Pod, "sample").HasCondition("Ready"));
    }

    [Fact]
    public async Task The_examples_show_one_service_in_each_state()
    {
        await using var simulation = new Simulation(seed: true);

        simulation.RunSeconds(90);

        Assert.True(simulation.Get(ObjectKind.KnativeService, "u-acme-qwen25-7b-demo").HasCondition("Ready"));
        Assert.True(simulation.Get(ObjectKind.KnativeService, "u-acme-sketch-demo").HasCondition("Ready"));
        Assert.Equal(0, simulation.Get(ObjectKind.Deployment, "u-acme-sketch-demo-00001-deployment").Number("spec", "replicas"));
        Assert.Equal("Unschedulable", simulation.Get(ObjectKind.Revision, "u-chen-deepseek-r1-00001").Condition("Ready").Text("reason"));
        var broken = simulation.List(ObjectKind.Pod).Single(p => p.Label("serving.knative.dev/service") == "u-zhou-llama-broken");
        Assert.Equal("Succeeded", simulation.Get(ObjectKind.Workflow, "eval-qwen25-mmlu").Text("status", "phase"));
        Assert.Equal("Running", simulation.Get(ObjectKind.Workflow, "finetune-llama3-medical").Text("status", "phase"));
        Assert.True(broken.Items("status", "containerStatuses").Single(c => c.Text("name") == "user-container").Number("restartCount") >= 2);
    }

    [Fact]
    public async Task A_running_cluster_lives_on_real_time_as_well()
    {
        await using var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.1 }, TestContext.Current.CancellationToken);

        await Eventually.TrueAsync(
            () => cluster.Store.Get(ObjectKind.KnativeService.Key("spaces", "u-acme-qwen25-7b-demo"))?.Json.HasCondition("Ready") == true,
            "the example inference service is ready", seconds: 30);
    }

    private static JsonObject PodOf(string sample)
    {
        var request = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "samples", sample + ".json")));
        var limits = new JsonObject();
        var selector = new JsonObject();
        foreach (var (kind, device) in request.Object("hardware")!)
        {
            if (device is JsonObject)
            {
                if (device.Text("num") is { } number)
                {
                    limits[kind == "cpu" ? "cpu" : device.Text("resource_name")!] = number;
                }

                foreach (var (name, value) in device.Map("labels"))
                {
                    selector[name] = value;
                }
            }
            else if (kind is "memory" or "ephemeral_storage")
            {
                limits[kind.Replace('_', '-')] = device.Text();
            }
        }

        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "sample", ["namespace"] = "spaces" },
            ["spec"] = new JsonObject
            {
                ["containers"] = new JsonArray(new JsonObject
                {
                    ["name"] = "main",
                    ["image"] = "registry.example.com/web:1",
                    ["resources"] = new JsonObject { ["limits"] = limits, ["requests"] = limits.DeepClone() },
                }),
                ["nodeSelector"] = selector,
                ["tolerations"] = request.Array("tolerations").Copy() ?? new JsonArray(),
            },
        };
    }
}
