using System.Net;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Workflows;

/// <summary>Calls about one job that come at once, or while somebody else changes the same job.</summary>
public sealed class JobRaceTests
{
    private const string Task = "df-job-5c1e9";

    private static readonly string Sample = RunnerApiHost.Sample("dataflow-job");

    [Fact]
    public async Task Of_two_different_requests_at_once_under_one_id_one_is_carried_out_and_the_other_one_leaves_no_trace()
    {
        await using var host = await JobRunnerHost.StartAsync();
        host.Faults.Latency = TimeSpan.FromMilliseconds(20);
        string[] tasks = [.. Enumerable.Range(0, 6).Select(i => $"df-twice-{i}")];

        var answers = await System.Threading.Tasks.Task.WhenAll(tasks.SelectMany(task => new[] { "one", "two" }.Select(
            async token => (task, token, (await host.CallAsync(HttpMethod.Post, "dataflow/jobs", RequestOf(task, token))).Status))));

        host.Faults.Latency = TimeSpan.Zero;
        foreach (var task in tasks)
        {
            var ofTask = answers.Where(answer => answer.task == task).ToList();
            Assert.Equal([HttpStatusCode.OK, HttpStatusCode.BadRequest], ofTask.Select(answer => answer.Status).Order());
            var token = ofTask.Single(answer => answer.Status == HttpStatusCode.OK).token;
            var secret = host.Store.Get(new("", "secrets", "spaces", $"{task}-env"))!.Json.ToJsonString();
            Assert.True(secret.Contains(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(token)), StringComparison.Ordinal), secret);
        }
    }

    [Fact]
    public async Task What_is_to_end_while_it_is_being_made_ends_with_all_that_was_made_for_it()
    {
        await using var host = await JobRunnerHost.StartAsync();
        using var asked = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim();
        host.Faults.Fails = (method, path) =>
        {
            if (method == "POST" && path.EndsWith("/spaces/workflows", StringComparison.Ordinal))
            {
                asked.Release();
                go.Wait(TimeSpan.FromSeconds(30));
            }

            return false;
        };

        var create = host.CallAsync(HttpMethod.Post, "dataflow/jobs", Sample);
        await asked.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var delete = host.CallAsync(HttpMethod.Delete, $"dataflow/jobs/{Task}?cluster_id=");

        // The runner has answered others since.
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(HttpMethod.Get, "workflows?username=nobody&taskType=evaluation")).Status);
        Assert.False(delete.IsCompleted);
        go.Set();

        Assert.Equal(HttpStatusCode.OK, (await create).Status);
        Assert.Equal(HttpStatusCode.OK, (await delete).Status);
        await Eventually.TrueAsync(() => ObjectsOf(Task).All(key => host.Store.Get(key) is not { } left || left.Json["metadata"]!["deletionTimestamp"] is not null), "the job and what it had are gone", 30);
    }

    [Fact]
    public async Task What_another_one_makes_in_place_of_a_job_while_that_is_deleted_stays_with_all_that_it_has()
    {
        await using var host = await JobRunnerHost.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(HttpMethod.Post, "dataflow/jobs", Sample)).Status);
        var (job, belongings) = (ObjectsOf(Task)[0], ObjectsOf(Task)[1..]);
        string? uid = null;
        host.Faults.Fails = (method, path) =>
        {
            if (method == "DELETE" && uid is null)
            {
                Own(null);
                uid = host.Store.PutAnother(job);
                Own(new JsonObject { ["apiVersion"] = "argoproj.io/v1alpha1", ["kind"] = "Workflow", ["name"] = job.Name, ["uid"] = uid });
            }

            return false;

            void Own(JsonObject? owner) => Array.ForEach(belongings, key => host.Store.Change(key, json => json["metadata"]!["ownerReferences"] = owner is null ? null : new JsonArray(owner.DeepClone())));
        };

        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(HttpMethod.Delete, $"dataflow/jobs/{Task}?cluster_id=")).Status);

        Assert.NotNull(uid);
        Assert.Equal(uid, (string?)host.Store.Get(job)!.Json["metadata"]!["uid"]);
        Assert.All([job, .. belongings], key => Assert.Null(host.Store.Get(key)!.Json["metadata"]!["deletionTimestamp"]));
    }

    /// <summary>A job's Workflow, and what it has beside that.</summary>
    private static ObjectKey[] ObjectsOf(string task) =>
        [new("argoproj.io", "workflows", "spaces", task), new("", "secrets", "spaces", $"{task}-env"), new("", "persistentvolumeclaims", "spaces", $"df-{task}")];

    private static string RequestOf(string task, string token)
    {
        var request = JsonNode.Parse(Sample)!.AsObject();
        request["argo_task_id"] = task;
        request["template"]!["image"] = $"opencsghq/dataflow:{token}";
        request["template"]!["env"] = new JsonObject { ["API_TOKEN"] = token };
        return request.ToJsonString();
    }
}
