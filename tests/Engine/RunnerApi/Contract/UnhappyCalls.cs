namespace Runner.Tests.Engine.RunnerApi.Contract;

/// <summary>What every call answers when it is not as it should be: each with an envelope that the hub reads.</summary>
internal static class UnhappyCalls
{
    private const string Error = """{"msg":"$","error":"$"}""";
    private const string Coded = """{"code":-1,"msg":"$","message":"$"}""";
    private const string Moon = """{"cluster_id":"moon"}""";
    private const string BadBody = """{"cluster_id":7}""";

    public static IReadOnlyList<ContractCall> All { get; } =
    [
        new("POST /service/{name}/run", "service/x/run", "", 400, Error),
        new("POST /service/{name}/run", "service/x/run", """{"deploy_id":1,"env":{"port":"80"}}""", 400, Error),
        new("POST /service/{name}/run", "service/x/run", """{"image_id":"a/b","deploy_id":1,"env":{"port":"80"},"cluster_id":"moon"}""", 404, Error),
        new("POST /service/{name}/run", "service/x/run", """{"image_id":"a/b","deploy_id":1,"env":{"port":"80"},"pd":{"enabled":true}}""", 400, Error),
        new("PUT /service/{name}/update", "service/x/update", BadBody, 400, Error),
        new("PUT /service/{name}/update", "service/x/update", """{"image_id":"a/b","max_replica":1}""", 200, """{"deploy_id":0,"code":0,"message":"skipped, service not exist"}"""),
        new("POST /service/{name}/stop", "service/x/stop", BadBody, 400, Error),
        new("POST /service/{name}/stop", "service/x/stop", Moon, 404, Error),
        new("DELETE /service/{name}/purge", "service/x/purge", BadBody, 400, Coded),
        new("DELETE /service/{name}/purge", "service/x/purge", Moon, 500, Coded),
        new("GET /service/{name}/status", "service/x/status", BadBody, 400, Error),
        new("GET /service/{name}/status", "service/x/status", "{}", 200, HappyCalls.UnknownStatus("service was deleted")),
        new("GET /service/{name}/get", "service/x/get", BadBody, 200, Coded),
        new("GET /service/{name}/get", "service/x/get", "{}", 200, HappyCalls.UnknownStatus("service not exist")),
        new("GET /service/{name}/replica", "service/x/replica", "{}", 404, Error),
        new("GET /service/{name}/info", "service/x/info", "{}", 404, Error),
        new("GET /service/{name}/logs", "service/x/logs", Moon, 404, Error),
        new("GET /service/{name}/logs", "service/x/logs", "{}", 200, null),
        new("GET /service/{name}/logs/{pod}", "service/x/logs/p", "{}", 200, null),
        new("GET /service/{name}/logs/{pod}", "service/x/logs/p", BadBody, 400, Error),
        new("POST /service/{name}/versions", "service/x/versions", "{}", 409, Refused("SERVERLESS-ERR-1")),
        new("POST /service/{name}/versions", "service/x/versions", """{"initial_traffic":"all"}""", 400, Error),
        new("GET /service/{name}/versions", "service/x/versions?cluster_id=", null, 200, "[]"),
        new("GET /service/{name}/versions", "service/x/versions?cluster_id=moon", null, 404, Error),
        new("PUT /service/{name}/versions/traffic", "service/x/versions/traffic", "{}", 409, Refused("REQ-ERR-1")),
        new("PUT /service/{name}/versions/traffic", "service/x/versions/traffic?cluster_id=", "[]", 409, Refused("SERVERLESS-ERR-1")),
        new("DELETE /service/{name}/versions/{commit}", "service/x/versions/c?cluster_id=", null, 409, Refused("SERVERLESS-ERR-1")),
        new("GET /cluster/{id}", "cluster/moon", "{}", 404, Error),
        new("PUT /cluster/{id}", "cluster/moon", "{}", 404, Error),
        new("POST /workflows", "workflows", "{}", 400, Error),
        new("POST /workflows", "workflows", "[", 400, Error),
        new("GET /workflows", "workflows?username=u&per=101", null, 400, Error),
        new("GET /workflows", "workflows?username=u&page=0", null, 400, Error),
        new("GET /workflows", "workflows?username=nobody", null, 200, """{"total":0,"list":[]}"""),
        new("GET /workflows/{id}", "workflows/none", """{"username":"u"}""", 404, Error),
        new("GET /workflows/{id}", "workflows/none", "", 400, Error),
        new("DELETE /workflows/{id}", "workflows/none", """{"task_id":"none","namespace":"kube-system"}""", 400, Error),
        new("DELETE /workflows/{id}", "workflows/none", """{"task_id":"none","cluster_id":"moon"}""", 404, Error),
        new("DELETE /workflows/{id}", "workflows/none", """{"task_id":"none"}""", 200, """{"msg":"OK"}"""),
        new("POST /dataflow/jobs", "dataflow/jobs", "{}", 400, Error),
        new("GET /dataflow/jobs/{task}", "dataflow/jobs/none?cluster_id=", null, 404, Error),
        new("GET /dataflow/jobs/{task}", "dataflow/jobs/none?cluster_id=moon", null, 404, Error),
        new("DELETE /dataflow/jobs/{task}", "dataflow/jobs/none?cluster_id=moon", null, 404, Error),
        new("DELETE /dataflow/jobs/{task}", "dataflow/jobs/none?cluster_id=", null, 200, """{"message":"$"}"""),
        new("POST /imagebuilder/builder", "imagebuilder/builder", "{}", 400, Error),
        new("POST /imagebuilder/builder", "imagebuilder/builder", BadBody, 400, Error),
        new("PUT /imagebuilder/stop", "imagebuilder/stop", """{"org_name":"a","space_name":"b","deploy_id":"1","task_id":2}""", 400, Error),
        new("POST /sandboxes", "sandboxes", "{}", 400, Error),
        new("GET /sandboxes", "sandboxes?cluster_id=", null, 400, Error),
        new("GET /sandboxes", "sandboxes?cluster_id=&sandbox_name=none", null, 404, Error),
        new("DELETE /sandboxes", "sandboxes", "{}", 400, Error),
        new("DELETE /sandboxes", "sandboxes", """{"sandbox_id":"none","cluster_id":"moon"}""", 404, Error),
        new("POST /batch-status", "batch-status", BadBody, 400, Error),
        new("POST /batch-status", "batch-status", Moon, 404, Error),
    ];

    private static string Refused(string code) => $$"""{"code":"{{code}}","msg":"$","error":"$"}""";
}
