using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Argo;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Kubelet;

/// <summary>
/// The life of one pod on its node, as a list of steps with times: prepare, pull, start, become ready, crash, back off, stop.
/// Steps change the state of containers and record events; the kubelet turns the state into a status.
/// </summary>
/// <param name="images">Images the node has; images pulled are added.</param>
/// <param name="record">Records an event: type, reason, message, container.</param>
internal sealed partial class PodRun(
    JsonObject pod, string address, SimulationClock clock, HashSet<string> images, ContainerOutput output, Action<string, string, string, string?> record)
{
    private static readonly TimeSpan PullTime = TimeSpan.FromMilliseconds(412);
    private static readonly TimeSpan FailedPullTime = TimeSpan.FromMilliseconds(1020);
    private static readonly TimeSpan StartTime = TimeSpan.FromMilliseconds(110);
    private const string MainAnnotation = "kubectl.kubernetes.io/default-container";

    private static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(5);

    private readonly PriorityQueue<Action, (DateTimeOffset Due, long Order)> _steps = new();
    private readonly string _restartPolicy = pod.Text("spec", "restartPolicy") ?? "Always";
    private long _order;
    private int _starting;
    private bool _stopping;

    public string Uid { get; } = pod.Uid();

    /// <summary>The pod's own address, null before its sandbox exists.</summary>
    public string? Address { get; private set; }

    public IReadOnlyList<ContainerRun> InitContainers { get; } =
        [.. pod.Items("spec", "initContainers").Select(c => new ContainerRun(c, PodBehaviour.Of(pod, c, isMain: false, isInit: true), isInit: true))];

    public IReadOnlyList<ContainerRun> Containers { get; } =
        [.. pod.Items("spec", "containers").Select((c, i) => new ContainerRun(c, PodBehaviour.Of(pod, c, IsMain(pod, c, i), isInit: false), isInit: false))];

    /// <summary>The container the pod is there for.</summary>
    private ContainerRun Main => Containers.FirstOrDefault(c => c.Name == pod.Annotation(MainAnnotation)) ?? Containers[0];

    /// <summary>Whether all init containers have done their work.</summary>
    public bool Initialized { get; private set; }

    /// <summary>Whether every container has been started, or tried, once.</summary>
    public bool Started { get; private set; }

    /// <summary>Whether the pod was told to stop and all its containers have.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Whether the state differs from what was last written.</summary>
    public bool Dirty { get; set; }

    /// <summary>Whether it ran longer than its <c>activeDeadlineSeconds</c>.</summary>
    public bool DeadlineExceeded { get; private set; }

    public DateTimeOffset? NodeMissingSince { get; set; }

    /// <summary>The value of <see cref="PodBehaviour.FailAnnotation"/> that was obeyed last.</summary>
    public string? FailedFor { get; set; }

    /// <summary>Simulated time until the next step; null when none is planned.</summary>
    public TimeSpan? NextStep => _steps.TryPeek(out _, out var next) ? clock.Until(next.Due) : null;

    public void Begin()
    {
        if (InitContainers.Count > 0)
        {
            foreach (var container in InitContainers.Concat(Containers))
            {
                container.State = ContainerRun.Waiting("PodInitializing");
            }
        }

        if (pod.Number("spec", "activeDeadlineSeconds") is { } seconds)
        {
            In(TimeSpan.FromSeconds(seconds), () =>
            {
                DeadlineExceeded = Containers.Any(c => c.Terminated is null);
                if (DeadlineExceeded)
                {
                    Stop(exitCode: 137);
                }
            });
        }

        In(TimeSpan.FromMilliseconds(250), Change);
        In(Main.Behaviour.Preparation, () =>
        {
            Address = address;
            Initialize(0);
        });
    }

    /// <summary>Stops all containers; does nothing the second time.</summary>
    /// <param name="exitCode">How they end.</param>
    public void Stop(int exitCode = 0)
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        _steps.Clear();
        var running = InitContainers.Concat(Containers).Where(c => c.IsRunning).ToList();
        foreach (var container in running)
        {
            record("Normal", "Killing", $"Stopping container {container.Name}", container.Name);
        }

        var time = running.Count == 0 ? TimeSpan.FromMilliseconds(100) : running.Max(c => c.Behaviour.StopTime);
        if (time > TimeSpan.FromSeconds(6))
        {
            In(TimeSpan.FromSeconds(6), () => SetUnready());
        }

        In(time, () =>
        {
            foreach (var container in running)
            {
                End(container, exitCode, exitCode == 0 ? "Completed" : "Error");
            }

            Stopped = true;
            Change();
        });
    }

    /// <summary>The main container fails now, where it runs.</summary>
    public void Fail()
    {
        if (!_stopping && Main.IsRunning)
        {
            Exited(Main, 1, "Error");
        }
    }

    public void RunDueSteps()
    {
        while (_steps.TryPeek(out var step, out var priority) && priority.Due <= clock.Now)
        {
            _steps.Dequeue();
            step();
        }
    }

    private static bool IsMain(JsonObject pod, JsonObject container, int index) =>
        pod.Annotation(MainAnnotation) is { } named ? container.Text("name") == named : index == 0;

    private void Initialize(int index)
    {
        if (index < InitContainers.Count)
        {
            Pull(InitContainers[index], () => Initialize(index + 1));
            return;
        }

        Initialized = true;
        foreach (var container in Containers)
        {
            container.State = ContainerRun.Waiting("ContainerCreating");
        }

        _starting = Containers.Count;
        Dirty |= InitContainers.Count > 0;
        StartNext(0);
    }

    private void StartNext(int index)
    {
        if (index < Containers.Count)
        {
            Pull(Containers[index], () => StartNext(index + 1));
        }
    }

    private void Create(ContainerRun container, Action next)
    {
        record("Normal", "Created", "Container created", container.Name);
        In(StartTime, () =>
        {
            Run(container);
            if (container.IsInit && container.Behaviour.FirstRun is not null)
            {
                container.WhenDone = next;
                Change();
                return;
            }

            Settled(container);
            next();
        });
    }

    private void Settled(ContainerRun container)
    {
        if (!container.IsInit && --_starting == 0)
        {
            Started = true;
            Change();
        }
    }

    private void Run(ContainerRun container)
    {
        record("Normal", "Started", "Container started", container.Name);
        var run = ++container.Run;
        container.StartedAt = clock.Now;
        container.State = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = clock.Timestamp } };
        container.Ready = !container.HasReadinessProbe;
        output.Start(container, (after, step) => During(container, run, after, step));
        if (container.HasReadinessProbe)
        {
            if (Server(container).Behaviour.ReadyAfter is { } readyAfter)
            {
                During(container, run, readyAfter, () => ProbeSucceeded(container, run));
            }

            During(container, run, TimeSpan.FromSeconds(5), () => ProbeFailed(container, run));
        }

        var length = run == 1 ? container.Behaviour.FirstRun : container.Behaviour.FurtherRuns ?? container.Behaviour.FirstRun;
        if (length is { } limited && !EndsWithMain(container))
        {
            During(container, run, limited, () => Exited(container, container.Behaviour.ExitCode, container.Behaviour.ExitReason));
        }
    }

    // Knative's sidecar answers for the container it stands before.
    private ContainerRun Server(ContainerRun container) => container.Name == "queue-proxy" ? Containers[0] : container;

    private void ProbeSucceeded(ContainerRun container, int run)
    {
        if (!Server(container).IsRunning)
        {
            During(container, run, TimeSpan.FromSeconds(1), () => ProbeSucceeded(container, run));
            return;
        }

        container.Ready = true;
        Change();
    }

    private void ProbeFailed(ContainerRun container, int run)
    {
        if (container.Ready)
        {
            return;
        }

        record("Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", container.Name);
        During(container, run, TimeSpan.FromSeconds(10), () => ProbeFailed(container, run));
    }

    private void Exited(ContainerRun container, int exitCode, string reason)
    {
        End(container, exitCode, reason);
        Change();
        if (exitCode == 0 && container.WhenDone is { } done)
        {
            done();
            return;
        }

        if (container == Main)
        {
            In(TimeSpan.FromSeconds(1), EndHelpers);
        }

        if (_restartPolicy == "Always" || (_restartPolicy == "OnFailure" && exitCode != 0) || container.Spec.Text("restartPolicy") == "Always")
        {
            In(TimeSpan.FromMilliseconds(1020), () => BackOffOrRestart(container));
        }
    }

    // The executor of a workflow's pod saves what the main container left behind, then stops the sidecars and itself.
    private bool EndsWithMain(ContainerRun container) => !container.IsInit && container != Main && pod.Label(ArgoKeys.Workflow) is not null;

    private void EndHelpers()
    {
        foreach (var helper in Containers.Where(c => c.IsRunning && EndsWithMain(c)))
        {
            End(helper, 0, "Completed");
            Change();
        }
    }

    private void End(ContainerRun container, int exitCode, string reason)
    {
        var terminated = new JsonObject { ["exitCode"] = exitCode, ["reason"] = reason };
        if (reason == "Error" && container.Spec.Text("terminationMessagePolicy") == "FallbackToLogsOnError")
        {
            terminated["message"] = container.Behaviour.LastWords;
        }

        terminated["startedAt"] = SimulationClock.Format(container.StartedAt);
        terminated["finishedAt"] = clock.Timestamp;
        terminated["containerID"] = container.ContainerId(Uid);
        output.End(container, exitCode, reason);
        container.Run++;
        container.Ready = false;
        container.State = new JsonObject { ["terminated"] = terminated };
    }

    // The first restart comes at once, each further one after a pause that doubles.
    private void BackOffOrRestart(ContainerRun container)
    {
        container.LastState = (JsonObject)container.State.DeepClone();
        if (container.RestartCount == 0)
        {
            Restart(container);
            return;
        }

        var pause = BackOff(container.RestartCount);
        var name = $"{pod.Name()}_{pod.Namespace()}({Uid})";
        container.State = ContainerRun.Waiting(
            "CrashLoopBackOff", $"back-off {Duration(pause)} restarting failed container={container.Name} pod={name}");
        record("Warning", "BackOff", $"Back-off restarting failed container {container.Name} in pod {name}", container.Name);
        Change();
        In(pause, () => Restart(container));
    }

    private void Restart(ContainerRun container)
    {
        container.RestartCount++;
        record("Normal", "Pulled", $"Container image \"{container.Image}\" already present on machine and can be accessed by the pod", container.Name);
        record("Normal", "Created", "Container created", container.Name);
        Run(container);
        Change();
    }

    private void SetUnready()
    {
        foreach (var container in Containers.Where(c => c.HasReadinessProbe))
        {
            container.Ready = false;
        }

        Change();
    }

    private static TimeSpan BackOff(int failures)
    {
        var pause = TimeSpan.FromSeconds(10 * Math.Pow(2, Math.Min(failures - 1, 10)));
        return pause < LongestBackOff ? pause : LongestBackOff;
    }

    // As Go writes it: 80 s are "1m20s".
    private static string Duration(TimeSpan pause) =>
        pause < TimeSpan.FromMinutes(1) ? $"{pause.Seconds}s" : $"{(int)pause.TotalMinutes}m{pause.Seconds}s";

    private void Change() => Dirty = true;

    private void In(TimeSpan after, Action step) => _steps.Enqueue(step, (clock.After(clock.Now, after), _order++));

    private void During(ContainerRun container, int run, TimeSpan after, Action step) => In(after, () =>
    {
        if (container.Run == run)
        {
            step();
        }
    });
}
