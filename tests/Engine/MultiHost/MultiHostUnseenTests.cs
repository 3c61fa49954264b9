using System.Net;
using System.Text.Json.Nodes;
using k8s;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Hub.Events;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.MultiHost;

/// <summary>What the hub hears of services over several hosts when the program starts and the API server shows no sets.</summary>
public sealed class MultiHostUnseenTests
{
    private const string Split = "split";
    private const string Single = "single";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(403, false)]
    [InlineData(404, true)]
    public async Task They_are_gone_where_the_kind_is_gone_and_not_where_it_may_not_be_seen(int answer, bool isGone)
    {
        await using var runner = await LivingRunner.StartAsync();
        foreach (var (name, hosts) in new[] { (Split, 2), (Single, 1) })
        {
            var (status, text) = await runner.CallAsync(HttpMethod.Post, $"service/{name}/run", Request(name, hosts));
            Assert.True(status == HttpStatusCode.OK, text);
        }

        await Eventually.TrueAsync(() => Heard(Split) is [.., { Status: 23 }] && Heard(Single) is [.., { Status: 23 }], "the hub hears that both run", 60);
        await runner.DownAsync();
        runner.Cluster.Faults.FailsWith = (_, path) => path.Contains("/leaderworkersets", StringComparison.Ordinal) ? answer : 0;
        await runner.Api.CustomObjects.DeleteNamespacedCustomObjectAsync("serving.knative.dev", "v1", "spaces", "services", Single, cancellationToken: Cancel);

        await runner.UpAsync();

        // One on a single host that nobody saw go is told all the same.
        await Eventually.TrueAsync(() => Heard(Single) is [.., { Type: "runner.service.stop" }], "the hub hears that the other one is gone", 30);
        await Eventually.TrueAsync(() => runner.Services.GetRequiredService<Outbox>().Status.Waiting == 0, "all is told");
        Assert.Equal(isGone, Heard(Split).Any(heard => heard.Type == "runner.service.stop"));

        await runner.DownAsync();
        runner.Cluster.Faults.FailsWith = null;
        await runner.UpAsync();
        await runner.ReachesAsync(Split, 23, 60);
        Assert.Equal(HttpStatusCode.OK, (await runner.CallAsync(HttpMethod.Post, $"service/{Split}/stop", """{"id":4714}""")).Status);
        await Eventually.TrueAsync(() => Heard(Split) is [.., { Type: "runner.service.stop" }], "the hub hears that it is stopped", 30);
        Assert.Equal(isGone ? ["create", "stop", "stop"] : ["create", "stop"], Heard(Split).Select(heard => heard.Type.Split('.')[^1]).Where(kind => kind != "change"));

        List<ReceivedEvent> Heard(string name) => [.. runner.Hub.Taken.Where(received => received.Service == name).DistinctBy(received => received.Body)];
    }

    private static string Request(string name, int hosts)
    {
        var request = JsonNode.Parse(RunnerApiHost.Sample(hosts > 1 ? "run-multihost" : "run-inference"))!.AsObject();
        request["svc_name"] = name;
        request["hardware"] = new JsonObject { ["cpu"] = new JsonObject { ["num"] = "100m" }, ["memory"] = "64Mi", ["replicas"] = hosts };
        return request.ToJsonString();
    }
}
