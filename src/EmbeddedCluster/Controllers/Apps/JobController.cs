using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Scheduling;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Apps;

/// <summary>Runs the pods of a Job until enough have succeeded or too many have failed, and removes finished jobs whose time to live is over.</summary>
internal sealed class JobController(Cluster cluster) : Controller
{
    private readonly Notes<DateTimeOffset> _finished = new();

    public override string Name => "job-controller";

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.Job.Owns(change.Object.Key) ? [change.Object.Key]
        : ObjectKind.Pod.Owns(change.Object.Key) ? ControllerOf(change.Object, ObjectKind.Job)
        : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } job || job.Json.IsDeleting())
        {
            _finished.Forget(key);
            return null;
        }

        if (job.Json.HasCondition("Complete") || job.Json.HasCondition("Failed"))
        {
            return AwaitRemoval(job);
        }

        var pods = cluster.Cache.OwnedBy(job.Json.Uid(), ObjectKind.Pod);
        var active = pods.Where(p => !PodRequests.HasEnded(p.Json) && !p.Json.IsDeleting()).ToList();
        var succeeded = pods.Count(p => p.Json.Text("status", "phase") == "Succeeded");
        var failed = pods.Count(p => p.Json.Text("status", "phase") == "Failed");
        var completions = job.Json.Number("spec", "completions") ?? 1;
        var status = job.Json.EditStatus();
        status["startTime"] ??= cluster.Clock.Timestamp;
        if (succeeded >= completions)
        {
            Finish(job, status, "Complete", "CompletionsReached", "Reached expected number of succeeded pods");
        }
        else if (failed > (job.Json.Number("spec", "backoffLimit") ?? 6))
        {
            Finish(job, status, "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
        }
        else
        {
            var wanted = Math.Min(job.Json.Number("spec", "parallelism") ?? 1, completions - succeeded);
            for (var missing = wanted - active.Count; missing > 0 && !job.Json.Flag("spec", "suspend"); missing--)
            {
                var pod = cluster.Create(ObjectKind.Pod, PodTemplate.Instantiate(job, ObjectKind.Job, $"{key.Name}-{Names.Suffix()}"));
                cluster.Events.Normal(job, Name, "SuccessfulCreate", $"Created pod: {pod.Key.Name}");
            }
        }

        Count(status, "active", active.Count);
        Count(status, "ready", active.Count(p => p.Json.HasCondition("Ready")));
        Count(status, "succeeded", succeeded);
        Count(status, "failed", failed);
        cluster.UpdateStatus(job, status);
        return null;
    }

    private static void Count(JsonObject status, string field, int count)
    {
        status.Remove(field);
        if (count > 0)
        {
            status[field] = count;
        }
    }

    private void Finish(StoredObject job, JsonObject status, string condition, string reason, string message)
    {
        Conditions.Set(status, cluster.Clock, condition, "True", reason, message, "lastProbeTime");
        if (condition == "Complete")
        {
            status["completionTime"] = cluster.Clock.Timestamp;
            cluster.Events.Normal(job, Name, "Completed", "Job completed");
        }
        else
        {
            cluster.Events.Warning(job, Name, reason, message);
        }
    }

    private TimeSpan? AwaitRemoval(StoredObject job)
    {
        if (job.Json.Number("spec", "ttlSecondsAfterFinished") is not { } seconds)
        {
            return null;
        }

        var since = _finished.TryGet(job, out var noted) ? noted : _finished.Set(job, cluster.Clock.Now);
        var life = TimeSpan.FromSeconds(seconds);
        if (!cluster.Clock.Passed(since, life))
        {
            return life;
        }

        cluster.Delete(job.Key);
        return null;
    }
}
