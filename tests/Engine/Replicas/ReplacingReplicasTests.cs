using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using Microsoft.Extensions.Time.Testing;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.ImageBuilds;
using Runner.Engine.Workloads.Replacing;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Replicas;

/// <summary>Two replicas that are asked about one workload at the same moment, which nobody prevents: a balancer gives each call to either.</summary>
public sealed class ReplacingReplicasTests(ReplicaPair pair) : IClassFixture<ReplicaPair>
{
    private const string Finalizer = "example.com/stays";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Asked_for_the_same_at_the_same_moment_they_make_it_once()
    {
        await SyncedAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).SelectMany(_ => Replicas(replica => CallAsync(replica, "service/same/run", Request("same", 1)))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Single(pair.Cluster.Store.List("serving.knative.dev", "services", "spaces"), service => service.Key.Name == "same");
        await ToldAsync("same", "^create 1$");
        await NothingIsNotedAsync();
    }

    [Fact]
    public async Task Asked_for_different_ones_at_the_same_moment_one_is_there_in_the_end_and_told_last()
    {
        await SyncedAsync();
        await CallAsync(pair.First, "service/other/run", Request("other", 1));

        var answers = await Task.WhenAll(CallAsync(pair.First, "service/other/run", Request("other", 2)), CallAsync(pair.Second, "service/other/run", Request("other", 3)));

        Assert.All(answers, answer => Assert.True(answer.Status == HttpStatusCode.OK, answer.Text));
        var last = Assert.Single(pair.Cluster.Store.List("serving.knative.dev", "services", "spaces"), service => service.Key.Name == "other");
        var task = (string)last.Json["metadata"]!["annotations"]!["task_id"]!;
        await ToldAsync("other", $"^create 1( (create|change|stop) [123])* (create|change) {task}$");
        await NothingIsNotedAsync();
    }

    [Fact]
    public async Task Who_stops_at_one_what_the_other_replaces_has_it_stopped()
    {
        await SyncedAsync();
        var key = new ObjectKey("serving.knative.dev", "services", "spaces", "stopped");
        await CallAsync(pair.First, "service/stopped/run", Request("stopped", 1));
        pair.Cluster.Store.Change(key, json => json["metadata"]!["finalizers"] = new JsonArray(Finalizer));
        var replacing = CallAsync(pair.First, "service/stopped/run", Request("stopped", 2));
        await Eventually.TrueAsync(() => pair.Cluster.Store.Get(key)!.Json["metadata"]!["deletionTimestamp"] is not null, "the old one is about to go", 30);

        // Both say what it is, and not what is left of the old one.
        await Eventually.TrueAsync(async () => (await Task.WhenAll(Replicas(CodeAsync))).All(code => code == 20), "both say that it is being deployed", 30);

        var stopped = await CallAsync(pair.Second, "service/stopped/stop", []);
        pair.Cluster.Store.Change(key, json => json["metadata"]!.AsObject().Remove("finalizers"));
        var replaced = await replacing;

        Assert.Equal(HttpStatusCode.OK, stopped.Status);
        Assert.Equal(HttpStatusCode.InternalServerError, replaced.Status);
        Assert.Contains("it was stopped while the one before it made room", replaced.Text, StringComparison.Ordinal);
        Assert.Null(pair.Cluster.Store.Get(key));
        await Eventually.TrueAsync(async () => (await Task.WhenAll(Replicas(CodeAsync))).All(code => code == 26), "both say that it was stopped", 30);

        // What was made all the same was there for a moment, and went.
        await ToldAsync("stopped", "^create 1( (create|change) [12])*( stop 1 create 2( change 2)*)? stop [12]$");
        await NothingIsNotedAsync();

        async Task<int> CodeAsync(RunnerHost replica) => (int)JsonNode.Parse((await CallAsync(replica, "service/stopped/status", [], HttpMethod.Get)).Text)!["code"]!;
    }

    [Fact]
    public async Task Who_stops_at_one_a_build_that_the_other_runs_once_more_has_it_stopped()
    {
        await SyncedAsync();
        var (build, key, secret) = Build("twice");
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(pair.First, "imagebuilder/builder", build)).Status);
        pair.Cluster.Store.Change(key, json =>
        {
            json["metadata"]!["finalizers"] = new JsonArray(Finalizer);
            json["status"] = new JsonObject { ["phase"] = "Succeeded", ["startedAt"] = "2026-01-01T00:00:00Z", ["finishedAt"] = "2026-01-01T00:01:00Z" };
        });
        var again = CallAsync(pair.First, "imagebuilder/builder", build);
        await Eventually.TrueAsync(() => pair.Cluster.Store.Get(key)!.Json["metadata"]!["deletionTimestamp"] is not null, "the one that has ended is about to go", 30);

        // A process that dies now leaves the one that was asked for, and the token that it needs.
        Assert.Equal(1, NotesOf(pair.First));
        Assert.Null(pair.Cluster.Store.Get(secret)!.Json["metadata"]!["ownerReferences"]);

        var stopped = await CallAsync(pair.Second, "imagebuilder/stop", StopOf(build), HttpMethod.Put);
        pair.Cluster.Store.Change(key, json => json["metadata"]!.AsObject().Remove("finalizers"));
        var built = await again;

        Assert.Equal(HttpStatusCode.OK, stopped.Status);
        Assert.Equal(HttpStatusCode.InternalServerError, built.Status);
        Assert.Contains("it was stopped while the one before it made room", built.Text, StringComparison.Ordinal);
        await NothingIsThereAsync(key, secret);
        await NothingIsNotedAsync();
    }

    [Fact]
    public async Task What_another_replica_has_finished_meanwhile_is_not_taken_back_by_who_began()
    {
        await SyncedAsync();
        var key = new ObjectKey("serving.knative.dev", "services", "spaces", "slow");
        await CallAsync(pair.First, "service/slow/run", Request("slow", 1));
        pair.Cluster.Store.Change(key, json => json["metadata"]!["finalizers"] = new JsonArray(Finalizer));
        var replacing = CallAsync(pair.First, "service/slow/run", Request("slow", 2));
        await Eventually.TrueAsync(() => NotesOf(pair.First) == 1 && NotesOf(pair.Second) == 1, "both know what is to come", 30);

        // As the one that speaks to the hub does when it has found the new one there.
        await pair.Second.Get<IStateStore>().WriteAsync(state => state.Collection(StateCollections.Replacements).Delete(state.Collection(StateCollections.Replacements).FindAll().Single()["_id"]), Cancel);
        pair.Cluster.Store.Change(key, json => json["metadata"]!.AsObject().Remove("finalizers"));

        Assert.Equal(HttpStatusCode.OK, (await replacing).Status);
        Assert.Equal("2", (string?)pair.Cluster.Store.Get(key)!.Json["metadata"]!["annotations"]!["task_id"]);
    }

    [Fact]
    public async Task A_build_that_is_run_once_more_is_not_made_before_the_pods_of_the_one_before_are_gone()
    {
        await SyncedAsync();
        var (build, key, _) = Build("pods");
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(pair.First, "imagebuilder/builder", build)).Status);
        var pod = new ObjectKey("", "pods", "spaces", $"{key.Name}-1");
        pair.Cluster.Store.Create(pod, new()
        {
            ["metadata"] = new JsonObject
            {
                ["finalizers"] = new JsonArray(Finalizer),
                ["labels"] = new JsonObject { ["workflows.argoproj.io/workflow"] = key.Name },
                ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "argoproj.io/v1alpha1", ["kind"] = "Workflow", ["name"] = key.Name, ["uid"] = pair.Cluster.Store.Get(key)!.Uid }),
            },
        });
        await Eventually.TrueAsync(() => pair.First.Get<ClusterDirectory>().Connections[0].State.Pods.All().Any(known => known.Metadata.Name == pod.Name), "the pod is known", 30);
        pair.Cluster.Store.Change(key, json => json["status"] = new JsonObject { ["phase"] = "Succeeded", ["startedAt"] = "2026-01-01T00:00:00Z", ["finishedAt"] = "2026-01-01T00:01:00Z" });

        var again = CallAsync(pair.First, "imagebuilder/builder", build);
        await Eventually.TrueAsync(() => again.IsCompleted || (pair.Cluster.Store.Get(key) is null && NotesOf(pair.First) == 1), "the one before is gone", 30);
        Assert.False(again.IsCompleted);
        pair.Cluster.Store.Change(pod, json => json["metadata"]!.AsObject().Remove("finalizers"));
        if (pair.Cluster.Store.Get(pod) is not null)
        {
            pair.Cluster.Store.Delete(pod);
        }

        Assert.Equal(HttpStatusCode.OK, (await again).Status);
        Assert.NotNull(pair.Cluster.Store.Get(key));
        await NothingIsNotedAsync();
    }

    [Fact]
    public async Task A_users_volume_that_one_purges_stays_while_the_other_replaces_a_service_that_has_it()
    {
        await SyncedAsync();
        await CallAsync(pair.First, "service/half/run", Request("half", 1, "user-of-two"));
        var key = new ObjectKey("serving.knative.dev", "services", "spaces", "half");
        var configuration = key with { Plural = "configurations" };
        var uid = pair.Cluster.Store.Get(key)!.Uid;
        pair.Cluster.Store.Create(configuration, new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["finalizers"] = new JsonArray(Finalizer),
                ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "serving.knative.dev/v1", ["kind"] = "Service", ["name"] = "half", ["uid"] = uid }),
            },
        });
        var replaced = CallAsync(pair.First, "service/half/run", Request("half", 2, "user-of-two"));
        await Eventually.TrueAsync(() => pair.Second.Get<ClusterDirectory>().Connections[0].State.Services.Services.Find("spaces", "half") is null, "the other one knows of neither", 30);

        var purge = new JsonObject { ["deploy_type"] = 2, ["user_id"] = "user-of-two" };
        var purged = await CallAsync(pair.Second, "service/its-tune/purge", purge, HttpMethod.Delete);

        var volume = new ObjectKey("", "persistentvolumeclaims", "spaces", "user-of-two");
        Assert.Equal(HttpStatusCode.OK, purged.Status);
        Assert.True(pair.Cluster.Store.Get(volume) is { } stays && stays.Json["metadata"]!["deletionTimestamp"] is null, "the volume stays");
        pair.Cluster.Store.Change(configuration, json => json["metadata"]!.AsObject().Remove("finalizers"));
        if (pair.Cluster.Store.Get(configuration) is not null)
        {
            pair.Cluster.Store.Delete(configuration);
        }

        Assert.Equal(HttpStatusCode.OK, (await replaced).Status);

        // Without what uses it, it goes.
        await CallAsync(pair.First, "service/half/stop", []);
        await Eventually.TrueAsync(
            async () =>
            {
                await CallAsync(pair.Second, "service/its-tune/purge", purge, HttpMethod.Delete);
                return pair.Cluster.Store.Get(volume) is not { } left || left.Json["metadata"]!["deletionTimestamp"] is not null;
            },
            "the volume goes",
            30);
    }

    [Fact]
    public async Task A_build_whose_replica_died_before_it_was_made_again_is_made_by_one_of_the_others()
    {
        await SyncedAsync();
        var (build, key, secret) = Build("left-build");
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(pair.First, "imagebuilder/builder", build)).Status);
        var workflow = pair.Cluster.Store.Get(key)!.Json.DeepClone().AsObject();
        var uid = (string)workflow["metadata"]!["uid"]!;
        foreach (var ofTheCluster in new[] { "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields" })
        {
            workflow["metadata"]!.AsObject().Remove(ofTheCluster);
        }

        pair.Cluster.Store.Change(secret, json => json["metadata"]!.AsObject().Remove("ownerReferences"));
        using (var client = new Kubernetes(pair.Configuration()))
        {
            await client.CustomObjects.DeleteNamespacedCustomObjectAsync(key.Group, "v1alpha1", key.Namespace, key.Plural, key.Name, cancellationToken: Cancel);
        }

        await LeaveAsync(new() { Cluster = "embedded", Kind = WorkloadKind.ImageBuild, Name = key.Name, Secret = secret.Name, Workflow = workflow.ToJsonString() });

        await Eventually.TrueAsync(() => pair.Cluster.Store.Get(key) is { } made && (string?)made.Json["metadata"]!["uid"] != uid, "the build is there again", 30);
        var other = (string?)pair.Cluster.Store.Get(key)!.Json["metadata"]!["uid"];
        await Eventually.TrueAsync(() => (string?)pair.Cluster.Store.Get(secret)?.Json["metadata"]!["ownerReferences"]?[0]!["uid"] == other, "its token goes with it", 30);
        await NothingIsNotedAsync();
    }

    [Fact]
    public async Task A_build_that_the_cluster_does_not_take_again_is_told_as_failed_until_it_is_stopped()
    {
        await SyncedAsync();
        var (build, key, _) = Build("refused");
        await LeaveAsync(new()
        {
            Cluster = "embedded",
            Kind = WorkloadKind.ImageBuild,
            Name = key.Name,
            Workflow = $$$"""
                {"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"name":"{{{key.Name}}}","namespace":"spaces","labels":{"workflow-scope":"imagebuilder","not a label":""},
                 "annotations":{"work_meta_data":"{\"org_name\":\"acme\",\"space_name\":\"refused\",\"deploy_id\":\"4712\",\"task_id\":9002}"}},"spec":{"entrypoint":"build"}}
                """,
        });

        string Told() => string.Join(' ', pair.First.Get<Outbox>().Recent(200).Reverse().Where(e => e.Body.Contains("acme/refused", StringComparison.Ordinal)).Select(e => (string?)JsonNode.Parse(e.Body)!["data"]!["status"]));
        await Eventually.TrueAsync(() => Told() is "Running Failed" or "Pending Running Failed", () => $"the hub is to hear that it failed; it hears {Told()}", 30);
        Assert.Contains("Run it again", pair.First.Get<WorkloadFeed>().Current.Values.Single(workload => workload.Key.Name == key.Name).Message, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.OK, (await CallAsync(pair.Second, "imagebuilder/stop", StopOf(build), HttpMethod.Put)).Status);
        await NothingIsNotedAsync();
    }

    [Fact]
    public async Task Of_two_different_jobs_under_one_id_the_one_that_is_made_has_its_own_secret()
    {
        await SyncedAsync();
        string[] tasks = [.. Enumerable.Range(0, 5).Select(i => $"df-both-{i}")];

        var answers = await Task.WhenAll(tasks.SelectMany(task => new[] { (pair.First, "one"), (pair.Second, "two") }.Select(
            async at => (task, token: at.Item2, (await CallAsync(at.Item1, "dataflow/jobs", Job(task, at.Item2))).Status))));

        foreach (var task in tasks)
        {
            var ofTask = answers.Where(answer => answer.task == task).ToList();
            Assert.Equal([HttpStatusCode.OK, HttpStatusCode.BadRequest], ofTask.Select(answer => answer.Status).Order());
            var token = ofTask.Single(answer => answer.Status == HttpStatusCode.OK).token;
            var secret = pair.Cluster.Store.Get(new("", "secrets", "spaces", $"{task}-env"))!.Json;
            Assert.Equal(token, Encoding.UTF8.GetString(Convert.FromBase64String((string)secret["data"]!["0.API_TOKEN"]!)));
            Assert.Equal((string?)pair.Cluster.Store.Get(new("argoproj.io", "workflows", "spaces", task))!.Json["metadata"]!["uid"], (string?)secret["metadata"]!["ownerReferences"]![0]!["uid"]);
        }
    }

    [Fact]
    public async Task What_a_replica_that_died_has_left_one_of_the_others_makes()
    {
        await SyncedAsync();

        await LeaveAsync(new()
        {
            Cluster = "embedded",
            Name = "left",
            Service = """
                {"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"left","namespace":"spaces","annotations":{"task_id":"4"}},
                 "spec":{"template":{"spec":{"containers":[{"image":"registry.example.com/a:4"}]}}}}
                """,
        });

        await ToldAsync("left", "^create 4$");
        await Eventually.TrueAsync(() => pair.Cluster.Store.Get(new("serving.knative.dev", "services", "spaces", "left")) is not null, "it is there", 30);
        await NothingIsNotedAsync();
    }

    private IEnumerable<Task<T>> Replicas<T>(Func<RunnerHost, Task<T>> call) => new[] { pair.First, pair.Second }.Select(call);

    private Task SyncedAsync() => Eventually.TrueAsync(
        () => new[] { pair.First, pair.Second }.All(replica => replica.Get<ClusterDirectory>().Connections[0].State.Synced) && new[] { pair.First, pair.Second }.Any(replica => replica.Get<HubLeadership>().IsLeader),
        "both know the services, and one speaks to the hub",
        30);

    /// <summary>Waits until the hub is to hear just that.</summary>
    private async Task ToldAsync(string service, string pattern)
    {
        var told = "";
        await Eventually.TrueAsync(
            () =>
            {
                told = string.Join(' ', pair.First.ToldOfServices().Where(e => (string?)e.Data["service_name"] == service).Select(e => $"{e.What} {(int)e.Data["task_id"]!}"));
                return System.Text.RegularExpressions.Regex.IsMatch(told, pattern);
            },
            () => $"the hub is to hear {pattern} of {service}; it hears {told}",
            30);
    }

    private Task NothingIsNotedAsync() => Eventually.TrueAsync(() => new[] { pair.First, pair.Second }.All(replica => NotesOf(replica) == 0), "nothing is noted at either", 30);

    private Task NothingIsThereAsync(params ObjectKey[] keys) => Eventually.TrueAsync(() => keys.All(key => pair.Cluster.Store.Get(key) is null), "all of it is gone", 30);

    private static int NotesOf(RunnerHost replica) => replica.Get<IStateStore>().Read(db => db.GetCollection("replacements").Count());

    /// <summary>Leaves what a replica leaves that dies when the old one is told to go.</summary>
    private Task LeaveAsync(NotedReplacement note) =>
        new ReplacementNotes(pair.First.Get<IStateStore>(), new FakeTimeProvider(DateTimeOffset.UtcNow - TimeSpan.FromMinutes(3))).AddAsync(note);

    /// <summary>A request for a build, its Workflow, and the Secret with its token.</summary>
    private static (JsonObject Request, ObjectKey Workflow, ObjectKey Secret) Build(string space)
    {
        var request = JsonNode.Parse(RunnerApiHost.Sample("image-build"))!.AsObject();
        request["space_name"] = space;
        var name = ImageBuildNames.Workflow("Acme", space, "4712", "9002");
        return (request, new("argoproj.io", "workflows", "spaces", name), new("", "secrets", "spaces", ImageBuildNames.TokenSecret(name)));
    }

    private static JsonObject StopOf(JsonObject build) => new()
    {
        ["org_name"] = (string?)build["org_name"],
        ["space_name"] = (string?)build["space_name"],
        ["deploy_id"] = "4712",
        ["task_id"] = "9002",
    };

    private static JsonObject Job(string task, string token)
    {
        var request = JsonNode.Parse(RunnerApiHost.Sample("dataflow-job"))!.AsObject();
        request["argo_task_id"] = task;
        request["template"]!["image"] = $"registry.example.com/{token}:1";
        request["template"]!["env"] = new JsonObject { ["API_TOKEN"] = token };
        return request;
    }

    private static JsonObject Request(string name, int task, string? user = null)
    {
        var request = JsonNode.Parse(RunnerApiHost.Sample("run-space"))!.AsObject();
        (request["svc_name"], request["task_id"], request["image_id"]) = (name, task, $"registry.example.com/a:{task}");
        request["user_id"] = user ?? (string?)request["user_id"];
        return request;
    }

    private static Task<(HttpStatusCode Status, string Text)> CallAsync(RunnerHost replica, string path, JsonObject body, HttpMethod? method = null) =>
        replica.CallAsync(method ?? HttpMethod.Post, path, body.ToJsonString());
}
