using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>Group, version, plural name and kind of one resource that controllers work with.</summary>
internal sealed record ObjectKind(string Group, string Version, string Plural, string Kind)
{
    /// <summary>As in <c>apiVersion</c>: <c>v1</c>, <c>apps/v1</c>.</summary>
    public string ApiVersion { get; } = Group.Length == 0 ? Version : $"{Group}/{Version}";

    public ObjectKey Key(string @namespace, string name) => new(Group, Plural, @namespace, name);

    /// <summary>Whether the key names an object of this resource.</summary>
    public bool Owns(in ObjectKey key) => key.Plural == Plural && key.Group == Group;

    public static readonly ObjectKind Namespace = new("", "v1", "namespaces", "Namespace");
    public static readonly ObjectKind Node = new("", "v1", "nodes", "Node");
    public static readonly ObjectKind Pod = new("", "v1", "pods", "Pod");
    public static readonly ObjectKind Event = new("", "v1", "events", "Event");
    public static readonly ObjectKind Service = new("", "v1", "services", "Service");
    public static readonly ObjectKind ConfigMap = new("", "v1", "configmaps", "ConfigMap");
    public static readonly ObjectKind ServiceAccount = new("", "v1", "serviceaccounts", "ServiceAccount");
    public static readonly ObjectKind PersistentVolume = new("", "v1", "persistentvolumes", "PersistentVolume");
    public static readonly ObjectKind PersistentVolumeClaim = new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim");
    public static readonly ObjectKind ResourceQuota = new("", "v1", "resourcequotas", "ResourceQuota");
    public static readonly ObjectKind ApiService = new("apiregistration.k8s.io", "v1", "apiservices", "APIService");
    public static readonly ObjectKind StorageClass = new("storage.k8s.io", "v1", "storageclasses", "StorageClass");
    public static readonly ObjectKind Lease = new("coordination.k8s.io", "v1", "leases", "Lease");
    public static readonly ObjectKind Deployment = new("apps", "v1", "deployments", "Deployment");
    public static readonly ObjectKind ReplicaSet = new("apps", "v1", "replicasets", "ReplicaSet");
    public static readonly ObjectKind StatefulSet = new("apps", "v1", "statefulsets", "StatefulSet");
    public static readonly ObjectKind ControllerRevision = new("apps", "v1", "controllerrevisions", "ControllerRevision");
    public static readonly ObjectKind Job = new("batch", "v1", "jobs", "Job");
    public static readonly ObjectKind KnativeService = new("serving.knative.dev", "v1", "services", "Service");
    public static readonly ObjectKind Configuration = new("serving.knative.dev", "v1", "configurations", "Configuration");
    public static readonly ObjectKind Route = new("serving.knative.dev", "v1", "routes", "Route");
    public static readonly ObjectKind Revision = new("serving.knative.dev", "v1", "revisions", "Revision");
    public static readonly ObjectKind PodAutoscaler = new("autoscaling.internal.knative.dev", "v1alpha1", "podautoscalers", "PodAutoscaler");
    public static readonly ObjectKind Ingress = new("networking.internal.knative.dev", "v1alpha1", "ingresses", "Ingress");
    public static readonly ObjectKind LeaderWorkerSet = new("leaderworkerset.x-k8s.io", "v1", "leaderworkersets", "LeaderWorkerSet");
    public static readonly ObjectKind Sandbox = new("agents.x-k8s.io", "v1alpha1", "sandboxes", "Sandbox");
    public static readonly ObjectKind PodGroup = new("scheduling.volcano.sh", "v1beta1", "podgroups", "PodGroup");
    public static readonly ObjectKind Queue = new("scheduling.volcano.sh", "v1beta1", "queues", "Queue");
    public static readonly ObjectKind Workflow = new("argoproj.io", "v1alpha1", "workflows", "Workflow");
    public static readonly ObjectKind WorkflowTemplate = new("argoproj.io", "v1alpha1", "workflowtemplates", "WorkflowTemplate");

    /// <summary>The known resource that an object key belongs to, null for one that no controller works with.</summary>
    public static ObjectKind? Of(in ObjectKey key) => ByName.GetValueOrDefault((key.Group, key.Plural));

    private static readonly Dictionary<(string, string), ObjectKind> ByName = new ObjectKind[]
    {
        Namespace, Node, Pod, Event, Service, ConfigMap, ServiceAccount, PersistentVolume, PersistentVolumeClaim, ResourceQuota, StorageClass, Lease,
        Deployment, ReplicaSet, StatefulSet, ControllerRevision, Job, KnativeService, Configuration, Route, Revision, PodAutoscaler, Ingress,
        LeaderWorkerSet, Sandbox, PodGroup, Queue,
        Workflow, WorkflowTemplate,
    }.ToDictionary(r => (r.Group, r.Plural));
}
