namespace Runner.Engine.Workloads.Workflows;

/// <summary>Annotations and labels by which the hub's facts travel with a workflow; part of the wire contract, so that either runner reads what the other wrote.</summary>
internal static class WorkflowNames
{
    /// <summary>Value of the label <c>workflow-scope</c>.</summary>
    public const string Scope = "csghub";

    public const string Username = "Username";
    public const string UserUuid = "UserUUID";
    public const string TaskName = "TaskName";
    public const string TaskId = "TaskId";
    public const string TaskType = "TaskType";
    public const string RepoIds = "RepoIds";
    public const string TaskDesc = "TaskDesc";
    public const string Image = "Image";
    public const string Datasets = "Datasets";
    public const string ResourceId = "ResourceId";
    public const string ResourceName = "ResourceName";
    public const string ClusterId = "ClusterID";
    public const string RepoType = "RepoType";
    public const string Namespace = "Namespace";

    /// <summary>Path of the model that a finetune makes. So spelt.</summary>
    public const string FinetunedModel = "FinetinedModelName";

    public const string DeployIdLabel = "csghub_deploy_id";
    public const string DeployTypeIdLabel = "csghub_deploy_type_id";

    /// <summary>File of an evaluation that holds the addresses of its result, and the output that carries them.</summary>
    public const string ResultFile = "/tmp/output.txt";

    public const string ResultOutput = "result";
}
