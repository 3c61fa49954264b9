using System.Collections.Immutable;

namespace Runner.Engine.Workloads;

/// <summary>What CSGHub asked for, independent of the Kubernetes objects that carry it.</summary>
public enum WorkloadKind
{
    /// <summary>An inference endpoint, space, notebook or serverless model.</summary>
    Service,

    /// <summary>An evaluation, finetune, training, comparison or leaderboard run: an Argo Workflow.</summary>
    Workflow,

    /// <summary>A dataflow job: an Argo Workflow with a volume of its own.</summary>
    Dataflow,

    /// <summary>The build of a space's image: an Argo Workflow that runs Kaniko.</summary>
    ImageBuild,

    /// <summary>An agent's sandbox.</summary>
    Sandbox,
}

/// <summary>Identifies one workload over all clusters.</summary>
/// <param name="Cluster">Name of the connection, see <see cref="Clusters.Connections.ClusterConnection.Name"/>.</param>
/// <param name="Kind">Which kind of workload.</param>
/// <param name="Namespace">Kubernetes namespace.</param>
/// <param name="Name">Name of the object that carries the workload, for services the Knative Service.</param>
public readonly record struct WorkloadKey(string Cluster, WorkloadKind Kind, string Namespace, string Name)
{
    public override string ToString() => $"{Cluster}/{Kind}/{Namespace}/{Name}";
}

/// <summary>
/// State of a workload at one moment, projected from cluster objects by a pure function. Immutable: a change is a new instance.
/// Equality is by value, so that a projection that changes nothing is recognised as such.
/// </summary>
public sealed record Workload
{
    public required WorkloadKey Key { get; init; }

    /// <summary>UID of the Kubernetes object: tells a workload from a later one of the same name.</summary>
    public required string Uid { get; init; }

    /// <summary>Id of the cluster as the hub knows it.</summary>
    public required string ClusterId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DeployStatus Status { get; init; }

    /// <summary>Machine-readable cause in one word as Kubernetes gives it (<c>Unschedulable</c>, <c>ImagePullBackOff</c>), empty when there is none.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The sentence that goes with <see cref="Reason"/>.</summary>
    public string Message { get; init; } = "";

    /// <summary>True when an instance waits for room and everything else is well: shown as waiting, not as broken.</summary>
    public bool WaitingForRoom { get; init; }

    public long DeployId { get; init; }

    public long TaskId { get; init; }

    /// <summary>The hub's deploy type: 0 space, 1 inference, 2 finetune, 3 serverless, 4 evaluation, 5 notebook.</summary>
    public int DeployType { get; init; }

    /// <summary>UUID of the hub's user who owns the workload.</summary>
    public string UserId { get; init; } = "";

    /// <summary>Name of the hub's user, where the hub sent it (annotation <c>hub-deploy-user</c>).</summary>
    public string UserName { get; init; } = "";

    public string Sku { get; init; } = "";

    public long OrderDetailId { get; init; }

    /// <summary>True once the hub's outbox has held the news of a service, though this process may know nothing of it.</summary>
    public bool IsAnnounced { get; init; }

    /// <summary>When another replica last answered a request for a service after which the hub has to be told of it once more; empty for never.</summary>
    public string AnsweredAt { get; init; } = "";

    /// <summary>Queue of Volcano's that its pods wait in; empty where another scheduler places them, or no queue is named.</summary>
    public string QueueName { get; init; } = "";

    /// <summary>Address of the workload inside or outside the cluster, empty until the route is ready.</summary>
    public string Endpoint { get; init; } = "";

    public string Image { get; init; } = "";

    /// <summary>True where no object carries it yet: what had its name makes room for it. Its <see cref="Uid"/> is no object's then.</summary>
    public bool IsComing { get; init; }

    /// <summary>True where the object that carries it was made in place of another one, as somebody asked, and the hub may not have heard of that yet: the other one was not stopped.</summary>
    public bool IsReplacement { get; init; }

    /// <summary>Ready instances.</summary>
    public int ActualReplicas { get; init; }

    /// <summary>Instances that the cluster tries to run now.</summary>
    public int DesiredReplicas { get; init; }

    /// <summary>Instances there are at least, where the workload is scaled; null where it is not, or nothing says so.</summary>
    public int? MinReplicas { get; init; }

    /// <summary>Instances there may be at most; null where it is not scaled, or nothing bounds it.</summary>
    public int? MaxReplicas { get; init; }

    /// <summary>Hosts that one instance spans, at least 1.</summary>
    public int Hosts { get; init; } = 1;

    /// <summary>What one instance asks for: resource name (<c>cpu</c>, <c>memory</c>, <c>nvidia.com/gpu</c>) to Kubernetes quantity.</summary>
    public ImmutableSortedDictionary<string, string> Requests { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public EquatableList<WorkloadInstance> Instances { get; init; } = EquatableList<WorkloadInstance>.Empty;

    public EquatableList<WorkloadRevision> Revisions { get; init; } = EquatableList<WorkloadRevision>.Empty;

    /// <summary>What the hub keeps of a job: for workflows, dataflow jobs and image builds; null for everything else.</summary>
    public WorkflowRecord? Job { get; init; }

    /// <summary>Sum of the containers' restarts over all instances.</summary>
    public int Restarts => Instances.Sum(instance => instance.Restarts);

    public bool Equals(Workload? other) =>
        other is not null
        && Key == other.Key && Uid == other.Uid && ClusterId == other.ClusterId && CreatedAt == other.CreatedAt
        && Status == other.Status && Reason == other.Reason && Message == other.Message && WaitingForRoom == other.WaitingForRoom
        && DeployId == other.DeployId && TaskId == other.TaskId && DeployType == other.DeployType
        && UserId == other.UserId && UserName == other.UserName && Sku == other.Sku && IsAnnounced == other.IsAnnounced && AnsweredAt == other.AnsweredAt && OrderDetailId == other.OrderDetailId
        && IsComing == other.IsComing && IsReplacement == other.IsReplacement && QueueName == other.QueueName && Endpoint == other.Endpoint && Image == other.Image
        && ActualReplicas == other.ActualReplicas && DesiredReplicas == other.DesiredReplicas
        && MinReplicas == other.MinReplicas && MaxReplicas == other.MaxReplicas && Hosts == other.Hosts
        && Requests.SequenceEqual(other.Requests) && Instances.Equals(other.Instances) && Revisions.Equals(other.Revisions)
        && Equals(Job, other.Job);

    public override int GetHashCode() => HashCode.Combine(Key, Uid, Status, Reason, ActualReplicas);
}

/// <summary>One pod of a workload.</summary>
public sealed record WorkloadInstance
{
    public required string PodName { get; init; }

    /// <summary>As the hub reads it: the pod's phase, or <c>Failed</c> where it cannot be scheduled or its user container is in trouble.</summary>
    public required string Status { get; init; }

    public string Reason { get; init; } = "";

    public string Message { get; init; } = "";

    /// <summary>Node that runs the pod, empty until it is scheduled.</summary>
    public string Node { get; init; } = "";

    public string Revision { get; init; } = "";

    /// <summary>True when every container is ready.</summary>
    public bool Ready { get; init; }

    /// <summary>True when the pod has been told to go.</summary>
    public bool Terminating { get; init; }

    public int Restarts { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }

    public EquatableList<WorkloadContainer> Containers { get; init; } = EquatableList<WorkloadContainer>.Empty;
}

/// <summary>One container of an instance.</summary>
/// <param name="Name">Container name, for services <c>user-container</c> and <c>queue-proxy</c>.</param>
/// <param name="State"><c>waiting</c>, <c>running</c> or <c>terminated</c>; empty before the kubelet has spoken.</param>
/// <param name="Reason">Reason of the waiting or terminated state.</param>
/// <param name="Message">Message of the waiting or terminated state.</param>
/// <param name="ExitCode">Exit code of the terminated state, or of the last termination.</param>
/// <param name="LastReason">Why the previous run ended (<c>OOMKilled</c>, <c>Error</c>), empty when there was none.</param>
public sealed record WorkloadContainer(
    string Name, bool Init, string State, string Reason, string Message, bool Ready, int Restarts, int? ExitCode, string LastReason, DateTimeOffset? StartedAt, string Image);

/// <summary>One deployed version of a workload.</summary>
/// <param name="Name">Name of the Knative Revision.</param>
/// <param name="CommitId">Commit of the model or space, from label <c>csghub_deploy_commit_id</c>.</param>
/// <param name="TrafficPercent">0 to 100, as the route serves it now.</param>
public sealed record WorkloadRevision(
    string Name, string CommitId, int TrafficPercent, bool IsReady, DateTimeOffset CreatedAt, string Reason, string Message, string Image);
