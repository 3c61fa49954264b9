using System.Net;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Definitions;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Storage;
using Runner.Engine.Workloads.ImageBuilds;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Replicas;

/// <summary>What waits until an old volume of the same name is gone, and is stopped meanwhile, at the same replica or at another one: it is not made once the volume goes.</summary>
public sealed class StoppedWaitTests(ReplicaPair pair) : IClassFixture<ReplicaPair>
{
    private const string Finalizer = "example.com/stays";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_service_is_not_made(bool atTheSame)
    {
        var user = $"user-waits-{atTheSame}".ToLowerInvariant();
        var (name, request) = ($"waits-{atTheSame}".ToLowerInvariant(), Sample("run-space"));
        (request["svc_name"], request["user_id"]) = (name, user);
        return StoppedAsync(atTheSame, user, new("serving.knative.dev", "services", "spaces", name), $"Service '{name}'", ($"service/{name}/run", request), (HttpMethod.Post, $"service/{name}/stop", []));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_sandbox_is_not_made(bool atTheSame)
    {
        InstalledDefinitions.Create(pair.Cluster.Store, DateTimeOffset.UtcNow);
        var user = $"boxes-{atTheSame}".ToLowerInvariant();
        var (name, request) = ($"box-{atTheSame}".ToLowerInvariant(), Sample("sandbox"));
        (request["sandbox_name"], request["user_id"]) = (name, user);
        return StoppedAsync(atTheSame, user, new("agents.x-k8s.io", "sandboxes", "spaces", name), $"Sandbox '{name}'", ("sandboxes", request), (HttpMethod.Delete, "sandboxes", new() { ["sandbox_id"] = name, ["cluster_id"] = "" }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_dataflow_job_is_not_made(bool atTheSame)
    {
        var (task, request) = ($"df-waits-{atTheSame}".ToLowerInvariant(), Sample("dataflow-job"));
        request["argo_task_id"] = task;
        return StoppedAsync(atTheSame, $"df-{task}", new("argoproj.io", "workflows", "spaces", task), $"Job '{task}'", ("dataflow/jobs", request), (HttpMethod.Delete, $"dataflow/jobs/{task}", []));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_build_is_not_made(bool atTheSame)
    {
        var request = Sample("image-build");
        var space = $"waits-{atTheSame}".ToLowerInvariant();
        request["space_name"] = space;
        var name = ImageBuildNames.Workflow("Acme", space, "4712", "9002");
        var stop = new JsonObject { ["org_name"] = (string?)request["org_name"], ["space_name"] = space, ["deploy_id"] = "4712", ["task_id"] = "9002" };
        return StoppedAsync(
            atTheSame, ImageBuildNames.CacheClaim, new("argoproj.io", "workflows", "spaces", name), $"Job '{name}'", ("imagebuilder/builder", request), (HttpMethod.Put, "imagebuilder/stop", stop));
    }

    private static JsonObject Sample(string name) => JsonNode.Parse(RunnerApiHost.Sample(name))!.AsObject();

    private async Task StoppedAsync(
        bool atTheSame, string volume, ObjectKey carrier, string what, (string Path, JsonObject Body) make, (HttpMethod Method, string Path, JsonObject Body) stop)
    {
        RunnerHost[] both = [pair.First, pair.Second];
        await Eventually.TrueAsync(() => both.All(replica => replica.Get<ClusterDirectory>().Connections[0].State.Synced), "both know the cluster", 30);
        var claim = new ObjectKey("", "persistentvolumeclaims", "spaces", volume);
        if (pair.Cluster.Store.Get(claim) is not null)
        {
            pair.Cluster.Store.Change(claim, json => json["metadata"]!.AsObject().Remove("finalizers"));
            pair.Cluster.Store.Delete(claim);
        }

        pair.Cluster.Store.Create(claim, new() { ["metadata"] = new JsonObject { ["finalizers"] = new JsonArray(Finalizer) } });
        pair.Cluster.Store.Delete(claim);

        var asked = pair.First.CallAsync(HttpMethod.Post, make.Path, make.Body.ToJsonString());
        await Eventually.TrueAsync(() => asked.IsCompleted || both.All(replica => Waits(replica) == 1), "both know that it waits", 30);
        var stopped = await (atTheSame ? pair.First : pair.Second).CallAsync(stop.Method, stop.Path, stop.Body.ToJsonString());
        var answer = await asked;
        pair.Cluster.Store.Change(claim, json => json["metadata"]!.AsObject().Remove("finalizers"));

        Assert.True(stopped.Status == HttpStatusCode.OK, stopped.Text);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.Status);
        Assert.Contains($"{what} was not created: it was stopped while it waited for the old volume '{volume}' to go.", answer.Text, StringComparison.Ordinal);
        Assert.Null(pair.Cluster.Store.Get(carrier));
        await Eventually.TrueAsync(() => both.All(replica => Waits(replica) == 0), "nobody waits any more", 30);

        // Asked for once more it is made.
        var again = await pair.Second.CallAsync(HttpMethod.Post, make.Path, make.Body.ToJsonString());
        Assert.True(again.Status == HttpStatusCode.OK, again.Text);
        Assert.NotNull(pair.Cluster.Store.Get(carrier));
    }

    private static int Waits(RunnerHost replica) => replica.Get<IStateStore>().Read(database => database.GetCollection("volume_waits").Count());
}
