namespace Runner.Engine.Workloads;

/// <summary>The hub's status codes of a deploy; the numbers are part of the wire contract.</summary>
public enum DeployStatus
{
    Pending = 0,
    BuildQueued = 10,
    Building = 11,
    BuildFailed = 12,
    BuildSuccess = 13,
    BuildSkipped = 14,
    Deploying = 20,
    DeployFailed = 21,
    Startup = 22,
    Running = 23,
    RuntimeError = 24,

    /// <summary>Scaled to zero; the next request wakes it.</summary>
    Sleeping = 25,
    Stopped = 26,
    Deleted = 27,
    ResourceUnhealthy = 28,
}
