using System.Net;
using System.Text;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Containers;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Workflows;

/// <summary>A job's Secret and volume, when something else has their names: what goes already, and what somebody else has made.</summary>
public sealed class JobBelongingsTests
{
    private const string Task = "df-job-5c1e9";
    private const string Volume = "df-df-job-5c1e9";
    private const string Secret = "df-job-5c1e9-env";
    private const string Finalizer = "example.com/held";

    private static readonly string Sample = RunnerApiHost.Sample("dataflow-job");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_does_not_begin_on_a_volume_that_is_going()
    {
        await using var host = await JobRunnerHost.StartAsync();
        await host.Api.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(Claim(new Dictionary<string, string> { ["workflow-scope"] = "csghub-dataflow" }, Volume, Finalizer), "spaces", cancellationToken: Cancel);
        await host.Api.CoreV1.DeleteNamespacedPersistentVolumeClaimAsync(Volume, "spaces", cancellationToken: Cancel);

        var asked = host.CallAsync(HttpMethod.Post, "dataflow/jobs", Sample);
        await Eventually.TrueAsync(() => asked.IsCompleted || host.Log.Contains($"waits until the old volume {Volume} is gone", StringComparison.Ordinal), "the runner waits, or has answered", 30);
        var release = new V1Patch("""{"metadata":{"finalizers":null}}""", V1Patch.PatchType.MergePatch);
        await host.Api.CoreV1.PatchNamespacedPersistentVolumeClaimAsync(release, Volume, "spaces", cancellationToken: Cancel);

        Assert.Equal(HttpStatusCode.OK, (await asked).Status);
        await host.ToldAsync(Task, "Succeeded");
    }

    [Fact]
    public async Task Neither_service_nor_sandbox_nor_build_begins_on_a_volume_that_is_going()
    {
        string[] volumes = ["7b1f0f5e-6a0e-4c8b-9d53-1f6f0e3f9a11", "7b1f0f5e", "imagebuilder-pvc-kaniko-cache"];
        await using var host = await JobRunnerHost.StartAsync();
        foreach (var volume in volumes)
        {
            await host.Api.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(Claim(labels: null, volume, Finalizer), "spaces", cancellationToken: Cancel);
            await host.Api.CoreV1.DeleteNamespacedPersistentVolumeClaimAsync(volume, "spaces", cancellationToken: Cancel);
        }

        var asked = System.Threading.Tasks.Task.WhenAll(
            host.CallAsync(HttpMethod.Post, "service/web/run", RunnerApiHost.Sample("run-inference")),
            host.CallAsync(HttpMethod.Post, "sandboxes", RunnerApiHost.Sample("sandbox")),
            host.CallAsync(HttpMethod.Post, "imagebuilder/builder", RunnerApiHost.Sample("image-build")));
        await Eventually.TrueAsync(
            () => asked.IsCompleted || volumes.All(volume => host.Log.Contains($"waits until the old volume {volume} is gone", StringComparison.Ordinal)), "all three wait, or are answered", 30);
        Assert.False(asked.IsCompleted);
        foreach (var volume in volumes)
        {
            await host.Api.CoreV1.PatchNamespacedPersistentVolumeClaimAsync(new V1Patch("""{"metadata":{"finalizers":null}}""", V1Patch.PatchType.MergePatch), volume, "spaces", cancellationToken: Cancel);
        }

        Assert.All(await asked, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        foreach (var volume in volumes)
        {
            Assert.Null((await host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(volume, "spaces", cancellationToken: Cancel)).Metadata.DeletionTimestamp);
        }
    }

    [Fact]
    public async Task What_went_with_an_earlier_job_of_the_name_is_there_again_for_the_one_that_adopts_it()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path);
        var belongings = new JobBelongings(engine.Cluster, "spaces", new VolumeWaits(database, TimeProvider.System), TimeProvider.System, NullLogger.Instance);
        var key = new ObjectKey("argoproj.io", "workflows", "spaces", Task);
        cluster.Put(key, """{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{},"spec":{}}""");
        var uid = cluster.Store.Get(key)!.Json["metadata"]!["uid"]!.GetValue<string>();
        var workflow = new ArgoWorkflow { Metadata = new() { Name = Task, NamespaceProperty = "spaces", Uid = uid } };
        var labels = new Dictionary<string, string> { [ArgoNames.UnclaimedLabel] = Task };
        var secret = new V1Secret { Metadata = new() { Name = Secret, Labels = labels }, StringData = new Dictionary<string, string> { ["key"] = "value" } };

        await belongings.AdoptAsync(new JobObjects(workflow, null, secret, Claim(labels, Volume)), new("embedded", WorkloadKind.Dataflow, "spaces", Task), workflow);

        foreach (var (plural, name) in new[] { ("secrets", Secret), ("persistentvolumeclaims", Volume) })
        {
            var metadata = cluster.Store.Get(new("", plural, "spaces", name))!.Json["metadata"]!;
            Assert.Equal(uid, metadata["ownerReferences"]![0]!["uid"]!.GetValue<string>());
            Assert.Null(metadata["labels"]?[ArgoNames.UnclaimedLabel]);
        }
    }

    [Fact]
    public async Task A_Secret_that_somebody_else_has_made_stays_as_it_is()
    {
        await using var host = await JobRunnerHost.StartAsync();
        var made = await host.Api.CoreV1.CreateNamespacedSecretAsync(
            new() { Metadata = new() { Name = Secret }, StringData = new Dictionary<string, string> { ["theirs"] = "kept" } }, "spaces", cancellationToken: Cancel);

        var (status, json) = await host.CallAsync(HttpMethod.Post, "dataflow/jobs", Sample);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains($"Secret '{Secret}'", JobRunnerHost.Text(json, "msg"), StringComparison.Ordinal);
        await JobRunnerHost.GoneAsync(() => host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, "spaces"), "the volume that was made for the job is gone");
        await JobRunnerHost.GoneAsync(() => host.WorkflowAsync(Task), "there is no job");
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(HttpMethod.Delete, $"dataflow/jobs/{Task}?cluster_id=")).Status);

        var kept = await host.Api.CoreV1.ReadNamespacedSecretAsync(Secret, "spaces", cancellationToken: Cancel);
        Assert.Equal((made.Metadata.ResourceVersion, "kept"), (kept.Metadata.ResourceVersion, Encoding.UTF8.GetString(kept.Data["theirs"])));
    }

    [Fact]
    public async Task A_volume_that_somebody_else_has_made_stays_as_it_is()
    {
        await using var host = await JobRunnerHost.StartAsync();
        var made = await host.Api.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(Claim(labels: null, Volume), "spaces", cancellationToken: Cancel);

        var (status, json) = await host.CallAsync(HttpMethod.Post, "dataflow/jobs", Sample);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains($"Volume '{Volume}'", JobRunnerHost.Text(json, "msg"), StringComparison.Ordinal);
        await JobRunnerHost.GoneAsync(() => host.WorkflowAsync(Task), "there is no job");
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(HttpMethod.Delete, $"dataflow/jobs/{Task}?cluster_id=")).Status);

        var kept = await host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, "spaces", cancellationToken: Cancel);
        Assert.Equal(made.Metadata.Uid, kept.Metadata.Uid);
        Assert.Null(kept.Metadata.DeletionTimestamp);
        Assert.Null(kept.Metadata.OwnerReferences);
    }

    [Fact]
    public async Task A_task_that_has_ended_does_not_run_once_more_while_the_watch_still_shows_it()
    {
        await using var host = await JobRunnerHost.StartAsync();
        await host.CallAsync(HttpMethod.Post, "dataflow/jobs", Sample);
        await host.ToldAsync(Task, "Succeeded");
        host.Faults.SilentWatches = true;
        await host.Api.CustomObjects.DeleteNamespacedCustomObjectAsync("argoproj.io", "v1alpha1", "spaces", "workflows", Task, cancellationToken: Cancel);
        await JobRunnerHost.GoneAsync(() => host.WorkflowAsync(Task), "the workflow is gone");

        var (status, json) = await host.CallAsync(HttpMethod.Post, "dataflow/jobs", Sample);

        Assert.Equal((HttpStatusCode.OK, "Succeeded"), (status, JobRunnerHost.Text(json, "status")));
        await JobRunnerHost.GoneAsync(() => host.WorkflowAsync(Task), "the workflow is not made again");
    }

    private static V1PersistentVolumeClaim Claim(IDictionary<string, string>? labels, string name, params string[] finalizers) => new()
    {
        Metadata = new() { Name = name, Labels = labels, Finalizers = finalizers.Length > 0 ? finalizers : null },
        Spec = new()
        {
            AccessModes = ["ReadWriteMany"], StorageClassName = "embedded-nfs", Resources = new() { Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new("20Gi") } },
        },
    };
}
