using System.Text;
using Runner.Engine.Workloads;

namespace Runner.Engine.Logs.Collector;

/// <summary>One milestone of a workload, in the words of the hub (<c>common/types/log.go</c> of csghub-server).</summary>
internal readonly record struct Milestone(string Stage, string Step, string Message);

/// <summary>Tells Loki what the runner sees happen to a workload, for the hub's log pages. Never waits: where there is no room a milestone is dropped and counted.</summary>
internal sealed class Milestones(CollectorBuffer? buffer, CollectorCounters counters, TimeProvider time) : IWorkloadObserver
{
    private long _lastTime;

    public ValueTask ChangedAsync(Workload? before, Workload? after, CancellationToken cancellationToken)
    {
        if (buffer is not null && Of(before, after) is { } milestone)
        {
            var at = Next(LogTimestamp.FromTime(time.GetUtcNow()));
            var text = Encoding.UTF8.GetBytes($"{LogTimestamp.ToTime(at).UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'} {milestone.Message}");
            var stream = new PlatformStream(LokiLabels.OfMilestone((after ?? before)!, milestone.Stage, milestone.Step));
            if (!buffer.TryAdd(new(stream, text, [new(0, text.Length, at, 0)], 0)))
            {
                counters.Dropped(DropReason.NoRoom, 1);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>What was there before is no milestone.</summary>
    public ValueTask SyncedAsync(WorkloadSnapshot snapshot, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>What a change of a workload means to its owner; null for nothing new. Pure.</summary>
    internal static Milestone? Of(Workload? before, Workload? after)
    {
        if (after is null)
        {
            return new("cleanup", "deleting_resources", $"{Kind(before!)} {before!.Key.Name} is removed.");
        }

        if (before is not null && before.Status == after.Status && before.Reason == after.Reason)
        {
            return null;
        }

        var what = $"{Kind(after)} {after.Key.Name}";
        var why = string.Join(": ", new[] { after.Reason, after.Message }.Where(text => text.Length > 0));
        why = why.Length > 0 ? $" {why}" : "";
        return after.Status switch
        {
            DeployStatus.Pending => new("pre-build", "waiting_for_resource", $"{what} waits for its turn.{why}"),
            DeployStatus.BuildQueued => new("build", "buildPending", $"The image of {what} waits to be built.{why}"),
            DeployStatus.Building => new("build", "buildInProgress", $"The image of {what} is built.{why}"),
            DeployStatus.BuildFailed => new("build", "buildFailed", $"The image of {what} could not be built.{why}"),
            DeployStatus.BuildSuccess or DeployStatus.BuildSkipped => new("build", "buildSucceed", $"The image of {what} is there.{why}"),
            DeployStatus.Deploying => new("deploy", after.WaitingForRoom ? "deployPending" : "deploying", $"{what} is deployed.{why}"),
            DeployStatus.DeployFailed => new("deploy", "deployFailed", $"{what} could not be deployed.{why}"),
            DeployStatus.Startup => new("deploy", "deployStartUp", $"{what} starts.{why}"),
            DeployStatus.Running => new("running", "deployRunning", $"{what} is running."),
            DeployStatus.RuntimeError or DeployStatus.ResourceUnhealthy => new("running", "deployRunTimeError", $"{what} is in trouble.{why}"),
            DeployStatus.Stopped or DeployStatus.Deleted => new("cancelled", "cancelled", $"{what} was stopped.{why}"),
            _ => null,
        };
    }

    private static string Kind(Workload workload) => workload.Key.Kind switch
    {
        WorkloadKind.Service => "Service",
        WorkloadKind.Workflow => "Workflow",
        WorkloadKind.Dataflow => "Dataflow job",
        WorkloadKind.ImageBuild => "Image build",
        _ => "Sandbox",
    };

    /// <summary>No two alike, from whatever thread.</summary>
    private long Next(long now)
    {
        while (true)
        {
            var last = Interlocked.Read(ref _lastTime);
            var next = Math.Max(now, last + 100);
            if (Interlocked.CompareExchange(ref _lastTime, next, last) == last)
            {
                return next;
            }
        }
    }

    private sealed class PlatformStream(string labels) : LogStream(labels)
    {
        public override void Done(ChunkPart part)
        {
            // Milestones are not read again.
        }
    }
}
