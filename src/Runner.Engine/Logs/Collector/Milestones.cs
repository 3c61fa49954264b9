using System.Text;
using Runner.Engine.Hub;
using Runner.Engine.Workloads;

namespace Runner.Engine.Logs.Collector;

/// <summary>One milestone of a workload, in the words of the hub (<c>common/types/log.go</c> of csghub-server).</summary>
internal readonly record struct Milestone(string Stage, string Step, string Message);

/// <summary>
/// Tells Loki what the runner sees happen to a workload, for the hub's log pages. Never waits: where there is no room a milestone is dropped and counted. Of several replicas the one
/// that speaks to the hub tells it; one that takes its place also tells what it saw while nobody may have.
/// </summary>
internal sealed class Milestones : IWorkloadObserver
{
    private const int MostSeen = 1000;

    private readonly CollectorBuffer? _buffer;
    private readonly CollectorCounters _counters;
    private readonly TimeProvider _time;
    private readonly HubLeadership _leadership;
    private readonly TimeSpan _succession;
    private readonly Queue<Seen> _seen = new();
    private readonly Lock _lock = new();
    private long _lastTime;

    /// <param name="buffer">Null where nothing is sent.</param>
    /// <param name="leadership">Null for a process that is alone.</param>
    /// <param name="succession">How long nobody may have spoken when this replica takes another's place: it tells again what it saw since then, as that one may not have.</param>
    public Milestones(CollectorBuffer? buffer, CollectorCounters counters, TimeProvider time, HubLeadership? leadership = null, TimeSpan succession = default)
    {
        (_buffer, _counters, _time, _leadership, _succession) = (buffer, counters, time, leadership ?? HubLeadership.Alone, succession);
        if (buffer is not null && leadership is not null)
        {
            leadership.Changed += TakeUp;
        }
    }

    public ValueTask ChangedAsync(Workload? before, Workload? after, CancellationToken cancellationToken)
    {
        if (_buffer is not null && Of(before, after) is { } milestone)
        {
            var seen = new Seen(_time.GetUtcNow(), (after ?? before)!, milestone);
            lock (_lock)
            {
                if (_leadership.IsLeader)
                {
                    Send(_buffer, seen);
                }
                else
                {
                    _seen.Enqueue(seen);
                    while (_seen.Count > MostSeen || seen.At - _seen.Peek().At > _succession)
                    {
                        _seen.Dequeue();
                    }
                }
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

    private void TakeUp()
    {
        lock (_lock)
        {
            if (!_leadership.IsLeader)
            {
                return;
            }

            var since = _time.GetUtcNow() - _succession;
            while (_seen.TryDequeue(out var seen))
            {
                if (seen.At >= since)
                {
                    Send(_buffer!, seen);
                }
            }
        }
    }

    private void Send(CollectorBuffer buffer, Seen seen)
    {
        var at = Next(LogTimestamp.FromTime(seen.At));
        var text = Encoding.UTF8.GetBytes($"{LogTimestamp.ToTime(at).UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'} {seen.What.Message}");
        var stream = new PlatformStream(LokiLabels.OfMilestone(seen.Of, seen.What.Stage, seen.What.Step));
        if (!buffer.TryAdd(new(stream, text, [new(0, text.Length, at, 0)], 0)))
        {
            _counters.Dropped(DropReason.NoRoom, 1);
        }
    }

    private readonly record struct Seen(DateTimeOffset At, Workload Of, Milestone What);

    private sealed class PlatformStream(string labels) : LogStream(labels)
    {
        public override void Done(ChunkPart part)
        {
            // Milestones are not read again.
        }
    }
}
