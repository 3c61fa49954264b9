namespace Runner.Tests.Engine.RunnerApi.Contract;

/// <summary>The calls that CSGHub makes of each of its requests, from the first to the last, and what it must be answered.</summary>
internal static class HappyCalls
{
    private const string Ok = """{"msg":"OK"}""";
    private const string First = "5f0b02c75b57c5855da9ae460ce51323ea669d8a";
    private const string Second = "1111111111111111111111111111111111111111";

    /// <summary>By the name of the sample that they are about; the cluster itself is asked without one.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<ContractCall>> All { get; } = new Dictionary<string, IReadOnlyList<ContractCall>>
    {
        ["run-inference"] = [.. Running("run-inference", "u-acme-qwen25-7b-instruct-3k9", 4711, 1, 1, First), .. Versions("u-acme-qwen25-7b-instruct-3k9"), .. Ending("u-acme-qwen25-7b-instruct-3k9", 4711)],
        ["run-space"] = [.. Running("run-space", "u-acme-sketch-demo-3ka", 4712, 0, 1, "main"), .. Ending("u-acme-sketch-demo-3ka", 4712)],
        ["run-notebook"] = [.. Running("run-notebook", "nb-zhang-3kb", 4713, 5, 1, ""), .. Ending("nb-zhang-3kb", 4713)],
        ["run-multihost"] = [.. Running("run-multihost", "u-acme-deepseek-r1-3kc", 4714, 1, 1, "main"), .. Ending("u-acme-deepseek-r1-3kc", 4714)],
        ["run-does-not-fit"] = [.. Waiting("run-does-not-fit", "u-acme-too-big-3kd", 4715), .. Ending("u-acme-too-big-3kd", 4715)],
        ["workflow-evaluation"] = Workflow("workflow-evaluation", "evaluation", "eval-wanghh-8f3c2a"),
        ["workflow-finetune"] = Workflow("workflow-finetune", "finetune", "ft-wanghh-1d44b0"),
        ["dataflow-job"] = Dataflow("df-job-5c1e9"),
        ["image-build"] =
        [
            new ContractCall("POST /imagebuilder/builder", "imagebuilder/builder", RunnerApiHost.Sample("image-build"), 200, Ok).Twice,
            new ContractCall("PUT /imagebuilder/stop", "imagebuilder/stop", """{"org_name":"Acme","space_name":"Sketch-Demo","deploy_id":"4712","task_id":"9002","cluster_id":""}""", 200, Ok).Twice,
        ],
        ["sandbox"] = Sandbox("sbx-agent-41"),
        [""] =
        [
            new("GET /cluster/{id}", "cluster/{cluster}", "{}", 200, Cluster()),
            new ContractCall("PUT /cluster/{id}", "cluster/{cluster}", """{"region":"north","zone":"z","provider":"p","enable":true,"storage_class":"embedded-nfs"}""", 200, """{"code":0,"message":"$"}""").Twice,
        ],
    };

    private static IEnumerable<ContractCall> Running(string sample, string name, int deploy, int type, int replicas, string commit)
    {
        var body = $$"""{"id":{{deploy}},"org_name":"acme","repo_name":"r","svc_name":"{{name}}","cluster_id":"","need_details":true,"deploy_type":{{type}}}""";
        yield return new ContractCall("POST /service/{name}/run", $"service/{name}/run", RunnerApiHost.Sample(sample), 200, """{"message":"Service created successfully"}""").Twice;
        yield return new ContractCall("GET /service/{name}/status", $"service/{name}/status", body, 200, Status(name, deploy, 23, "\"$\"", "\"$\"", replicas, type)).Until;
        yield return new("GET /service/{name}/get", $"service/{name}/get", body, 200, $$"""
            {"deploy_id":{{deploy}},"user_id":"","code":23,"message":"{{name}}","url":"$","instance":[{"name":"$","status":"Running"}],"replica":0,"deploy_type":0,
             "service_name":"","deploy_sku":"","order_detail_id":0,"actual_replica":0,"desired_replica":0,"reason":"","revision":[]}
            """);
        yield return new("GET /service/{name}/replica", $"service/{name}/replica", body, 200,
            $$"""{"deploy_id":{{deploy}},"code":1,"message":"{{name}}","actual_replica":{{replicas}},"desired_replica":{{replicas}},"instance":[{"name":"$","status":"Running"}]}""");
        yield return new("GET /service/{name}/info", $"service/{name}/info", """{"cluster_id":""}""", 200, $$"""{"service_name":"{{name}}","pod_names":["$"]}""");
        yield return new("GET /service/{name}/logs", $"service/{name}/logs", """{"cluster_id":""}""", 200, null);
        yield return new("GET /service/{name}/logs/{pod}", $"service/{name}/logs/{{pod}}", body, 200, null);
        yield return new("GET /service/{name}/versions", $"service/{name}/versions?cluster_id=", null, 200, commit.Length == 0 ? "[]" : $"[{Version(commit, 100)}]");
        yield return Batch("ksvc", name, "\"code\":23,\"instances\":[{\"name\":\"$\",\"status\":\"Running\"}],\"actual_replica\":" + replicas + ",\"desired_replica\":" + replicas);
    }

    private static IEnumerable<ContractCall> Waiting(string sample, string name, int deploy)
    {
        yield return new ContractCall("POST /service/{name}/run", $"service/{name}/run", RunnerApiHost.Sample(sample), 200, """{"message":"Service created successfully"}""").Twice;
        yield return new ContractCall("GET /service/{name}/status", $"service/{name}/status", "{}", 200, Status(name, deploy, 21, "\"$\"", "\"Unschedulable\"", 0, 1)).Until;
        yield return new("GET /service/{name}/replica", $"service/{name}/replica", "{}", 200,
            $$"""{"deploy_id":{{deploy}},"code":1,"message":"{{name}}","actual_replica":0,"desired_replica":"#","instance":[{"name":"$","status":"Failed"}]}""");
        yield return new("GET /service/{name}/logs", $"service/{name}/logs", "{}", 400, """{"msg":"$","error":"$"}""");
        yield return new("GET /service/{name}/logs/{pod}", $"service/{name}/logs/{{pod}}", "{}", 400, """{"msg":"$","error":"$"}""");
    }

    private static IEnumerable<ContractCall> Versions(string name)
    {
        var create = new ContractCall(
            "POST /service/{name}/versions", $"service/{name}/versions", $$"""{"cluster_id":"","commit":"{{Second}}","initial_traffic":20}""", 200, Ok);
        yield return create;
        yield return create with { Status = 409, Answer = """{"code":"RUNNER-ERR-2","msg":"$","error":"$"}""" };
        yield return new ContractCall("GET /service/{name}/versions", $"service/{name}/versions?cluster_id=", null, 200, $$"""[{{Version("*", "#")}}]""").Until;
        var share = $$"""[{"commit":"{{First}}","traffic_percent":50},{"commit":"{{Second}}","traffic_percent":50}]""";
        yield return new ContractCall("PUT /service/{name}/versions/traffic", $"service/{name}/versions/traffic?cluster_id=", share, 200, Ok) { Waits = true, Times = 2 };
        yield return new ContractCall("GET /service/{name}/versions", $"service/{name}/versions?cluster_id=", null, 200, $$"""[{{Version("*", 50)}}]""").Until;
        yield return new ContractCall("DELETE /service/{name}/versions/{commit}", $"service/{name}/versions/{Second}?cluster_id=", null, 200, Ok).Twice;
        yield return new ContractCall("GET /service/{name}/versions", $"service/{name}/versions?cluster_id=", null, 200, $$"""[{{Version(First, 100)}}]""").Until;
        yield return new ContractCall(
            "PUT /service/{name}/update", $"service/{name}/update", """{"image_id":"opencsghq/vllm:v0.25.0","min_replica":1,"max_replica":2,"hardware":{"cpu":{"num":"2"},"memory":"4Gi"}}""",
            200, """{"deploy_id":4711,"code":0,"message":"service updated"}""").Twice;
    }

    private static IEnumerable<ContractCall> Ending(string name, int deploy)
    {
        var body = $$"""{"id":{{deploy}},"org_name":"acme","repo_name":"r","svc_name":"{{name}}","cluster_id":""}""";
        yield return new ContractCall("POST /service/{name}/stop", $"service/{name}/stop", body, 200, $$"""{"deploy_id":{{deploy}},"code":0,"message":"service deleted"}""").Twice;
        yield return new ContractCall("GET /service/{name}/status", $"service/{name}/status", body, 200, UnknownStatus("service was deleted")).Until;
        yield return new ContractCall(
            "DELETE /service/{name}/purge", $"service/{name}/purge", $$"""{"id":{{deploy}},"svc_name":"{{name}}","deploy_type":1,"user_id":"nobody"}""",
            200, """{"code":0,"message":"succeed to clean up service"}""").Twice;
    }

    private static ContractCall[] Workflow(string sample, string type, string task) =>
    [
        new ContractCall("POST /workflows", "workflows", RunnerApiHost.Sample(sample), 200, Record(type, task, "\"$\"")).Twice,
        new ContractCall("GET /workflows/{id}", $"workflows/{task}", """{"username":"wanghh"}""", 200, Record(type, task, "\"Succeeded\"")).Until,
        new("GET /workflows", $"workflows?username=wanghh&taskType={type}&per=1&page=1", null, 200, $$"""
            {"total":"#","list":[{"id":"#","username":"wanghh","user_uuid":"$","task_name":"$","task_id":"{{task}}","task_type":"{{type}}","cluster_id":"$","namespace":"$","repo_ids":["$"],
             "repo_type":"model","task_desc":"$","status":"Succeeded","reason":"","image":"$","datasets":["$"],"resource_id":"#","resource_name":"$","status_update_at":"@","submit_time":"@",
             "start_time":"@","end_time":"@","result_url":"$","download_url":"$","failures_url":"$","cluster_node":"$","queue_name":"$","dag_tasks":"$"}]}
            """),
        Batch("workflow", task, "\"phase\":\"Succeeded\""),
        new ContractCall("DELETE /workflows/{id}", "workflows/1", $$"""{"task_id":"{{task}}","namespace":"","cluster_id":"","username":"wanghh"}""", 200, Ok).Twice,
        new("GET /workflows/{id}", $"workflows/{task}", """{"username":"wanghh"}""", 200, Record(type, task, "\"Succeeded\"")),
    ];

    private static ContractCall[] Dataflow(string task) =>
    [
        new ContractCall("POST /dataflow/jobs", "dataflow/jobs", RunnerApiHost.Sample("dataflow-job"), 200, Job(task, "\"$\"")).Twice,
        new ContractCall("GET /dataflow/jobs/{task}", $"dataflow/jobs/{task}?cluster_id=", null, 200, Job(task, "\"Succeeded\"")).Until,
        new ContractCall("DELETE /dataflow/jobs/{task}", $"dataflow/jobs/{task}?cluster_id=", null, 200, """{"message":"$"}""").Twice,
    ];

    private static ContractCall[] Sandbox(string name) =>
    [
        new ContractCall("POST /sandboxes", "sandboxes", RunnerApiHost.Sample("sandbox"), 200, $$"""{"id":"{{name}}","created_at":"@","expires_at":"@"}""").Twice,
        new ContractCall("GET /sandboxes", $"sandboxes?cluster_id=&sandbox_name={name}", null, 200, $$"""
            {"id":"{{name}}","image":"opencsghq/agent-sandbox:0.2","status":23,"message":"$","reason":"","cluster_id":"$","labels":"*","annotations":"*","created_at":"@"}
            """).Until,
        Batch("sandbox", name, """ "code":23,"instances":[{"name":"$","status":"Running"}],"status":23"""),
        new ContractCall("DELETE /sandboxes", "sandboxes", $$"""{"sandbox_id":"{{name}}","cluster_id":""}""", 200, Ok).Twice,
        new ContractCall("GET /sandboxes", $"sandboxes?cluster_id=&sandbox_name={name}", null, 404, """{"msg":"$","error":"$"}""").Until,
    ];

    public static string UnknownStatus(string message) => $$"""
        {"deploy_id":0,"user_id":"","code":26,"message":"{{message}}","url":"","instance":[],"replica":0,"deploy_type":0,"service_name":"","deploy_sku":"",
         "order_detail_id":0,"actual_replica":0,"desired_replica":0,"reason":"","revision":[]}
        """;

    private static string Status(string name, int deploy, int code, string message, string reason, int actual, int type) => $$"""
        {"deploy_id":{{deploy}},"user_id":"$","code":{{code}},"message":{{message}},"url":"$","instance":[{"name":"$","status":"$"}],"replica":"#","deploy_type":{{type}},"service_name":"{{name}}",
         "deploy_sku":"$","order_detail_id":0,"actual_replica":{{actual}},"desired_replica":"#","reason":{{reason}},
         "revision":["0..",{"revision_name":"$","commit_id":"$","traffic_percent":"#","deploy_type":"{{type}}"}]}
        """;

    private static string Version(string commit, object percent) =>
        $$"""{"revision_name":"$","commit":"{{commit}}","create_time":"@","is_ready":true,"traffic_percent":{{(percent is string any ? $"\"{any}\"" : percent)}},"message":"$","reason":"$"}""";

    private static string Record(string type, string task, string status) => $$"""
        {"id":"#","repo_ids":["$"],"repo_type":"model","username":"wanghh","task_name":"$","namespace":"$","task_id":"{{task}}","task_type":"{{type}}","task_desc":"$","datasets":["$"],
         "resource_id":"#","resource_name":"$","status":{{status}},"reason":"$","image":"$","submit_time":"@","start_time":"@","end_time":"@","result_url":"$","download_url":"$","failures_url":"$"}
        """;

    private static string Job(string task, string status) => $$"""
        {"id":77,"argo_task_id":"{{task}}","job_id":"job-5c1e9","job_name":"clean crawl","status":{{status}},"message":"$","created_at":"#","dag_tasks":"$","delete_at":0}
        """;

    private static ContractCall Batch(string type, string name, string rest) => new(
        "POST /batch-status", "batch-status", $$"""{"cluster_id":"","items":[{"type":"{{type}}","name":"{{name}}","id":1}]}""", 200,
        $$"""{"items":[{"type":"{{type}}","name":"{{name}}",{{rest}}}]}""");

    /// <summary>The shape of a cluster, as an answer and in a heartbeat.</summary>
    public static string Cluster() => """
        {"cluster_id":"$","status":"Running","region":"$","zone":"$","provider":"$","storage_class":"$","endpoint":"$","node_number":"#","resource_status":"ClusterWide","last_update_time":"#",
         "enable":"?","vxpu_config":"*","resources":[{"node_name":"$","node_status":"$","total_cpu":"#","available_cpu":"#","total_mem":"#","available_mem":"#","xpu_model":"$","gpu_vendor":"$",
         "total_xpu":"#","available_xpu":"#","xpu_capacity_label":"$","xpu_mem":"$","reserved_xpu":"#","vxpus":"*","total_vxpu":"#","used_vxpu_num":"#","total_vxpu_mem":"#",
         "available_vxpu_mem":"#","migs":"*","processes":"*","labels":"*","enable_vxpu":"?","update_at":"#"}]}
        """;
}
