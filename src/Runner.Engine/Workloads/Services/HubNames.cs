namespace Runner.Engine.Workloads.Services;

/// <summary>Annotations and labels by which the hub's facts travel with a service; part of the wire contract.</summary>
internal static class HubNames
{
    public const string DeployIdAnnotation = "deploy_id";
    public const string TaskIdAnnotation = "task_id";
    public const string DeployTypeAnnotation = "deploy_type";
    public const string UserIdAnnotation = "user_id";
    public const string SkuAnnotation = "deploy_sku";
    public const string OrderDetailIdAnnotation = "order-detail-id";
    public const string UserNameAnnotation = "hub-deploy-user";

    /// <summary>The runner's own: set on what carries a workload once the hub's outbox holds the news of it, so that a runner that lost its storage does not tell it as new.</summary>
    public const string AnnouncedAnnotation = "csghub_announced";

    /// <summary>
    /// The runner's own: when a replica that does not speak to the hub has answered a request after which the hub may go by another state than it was told, so that the one that speaks tells of the
    /// service once more.
    /// </summary>
    public const string AnsweredAnnotation = "csghub_answered";

    /// <summary>The runner's own: host under which the ingress leads to a service that is none of Knative's; empty or absent where it has none.</summary>
    public const string HostAnnotation = "csghub_host";

    public const string LogTypeLabel = "csghub_log_label_type";
    public const string LogClusterIdLabel = "csghub_log_label_cluster_id";
    public const string DeployIdLabel = "csghub_deploy_id";
    public const string DeployTypeLabel = "csghub_deploy_type";
    public const string TaskIdLabel = "csghub_deploy_task_id";
    public const string CommitIdLabel = "csghub_deploy_commit_id";
}
