namespace Runner.Engine.Workloads.Dataflow;

/// <summary>Labels, annotations and parameters by which the hub's facts travel with a dataflow job; part of the wire contract.</summary>
internal static class DataflowNames
{
    /// <summary>Value of the label <c>workflow-scope</c>.</summary>
    public const string Scope = "csghub-dataflow";

    public const string UniqueId = "csghub_df_unique_id";
    public const string TaskId = "csghub_df_argo_task_id";
    public const string UserUuid = "csghub_df_op_user_uuid";
    public const string UserName = "csghub_df_op_user_name";

    /// <summary>UUID of the user or organisation that owns the job.</summary>
    public const string OwnerUuid = "csghub_df_ns_uuid";

    public const string ClusterId = "csghub_df_cluster_id";
    public const string ResourceId = "csghub_df_res_id";
    public const string ResourceName = "csghub_df_res_name";
    public const string JobId = "csghub_df_job_id";
    public const string JobName = "csghub_df_job_name";
    public const string JobDesc = "csghub_df_job_desc";
    public const string Image = "csghub_df_image";
    public const string StorageSize = "csghub_df_storage_size";

    public const string DagTaskIdLabel = "csghub_df_dag_task_id";
    public const string DagTaskNameLabel = "csghub_df_dag_task_name";
    public const string DagTaskIdParameter = "bld_dag_task_id";
    public const string DagTaskNameParameter = "bld_dag_task_name";

    /// <summary>Environment variable that says where the job's volume is wanted.</summary>
    public const string DataDirectoryVariable = "DATA_DIR";

    public const string DataDirectory = "/data/dataflow_data";
    public const string AccessTokenVariable = "ACCESS_TOKEN";

    public static string VolumeOf(string task) => "df-" + task;
}
