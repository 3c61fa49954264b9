using System.Text.Json.Nodes;
using Runner.Engine.Workloads.Dataflow;
using Runner.Engine.Workloads.ImageBuilds;
using Runner.Engine.Workloads.Sandboxes;
using Runner.Engine.Workloads.Services;
using Runner.Engine.Workloads.Workflows;

namespace Runner.Web.RunnerApi.Description;

/// <summary>The description of every call, by method and path below <see cref="RunnerApiEndpoints.BasePath"/>.</summary>
internal static class RunnerApiCalls
{
    private const string Services = "Services";

    private const string Sandboxes = "Sandboxes";

    private const string Workflows = "Workflows";

    private const string Dataflow = "Dataflow jobs";

    private const string Versions = "Versions and traffic";

    private static readonly (string Name, string Meaning) ClusterId = ("cluster_id", "The hub's id of the cluster; empty for the default one.");

    public static IReadOnlyDictionary<string, CallFacts> All { get; } = new Dictionary<string, CallFacts>
    {
        ["POST /service/{name}/run"] = new(Services, "Create or replace a service", typeof(ServiceRequest), typeof(MessageAnswer), 400, 404, 429, 500)
        {
            Details = "Applies a Knative Service of that name. A service that exists is replaced; the same request again changes nothing. ",
        },
        ["POST /service/{name}/stop"] = new(Services, "Delete a service", typeof(ServiceReference), typeof(CodeAnswer), 400, 404, 429, 500) { Details = "Code 0 also when it was gone already." },
        ["DELETE /service/{name}/purge"] = new(Services, "Delete a service and all that was kept for it", typeof(PurgeRequest), typeof(CodeAnswer), 400, 404, 429, 500)
        {
            Details = "Volume claims included. A failure is answered 500 with code -1 and what went wrong.",
        },
        ["GET /service/{name}/status"] = new(Services, "How a service stands", typeof(ServiceReference), typeof(StatusAnswer), 400, 404)
        {
            Details = "Answered from memory. An unknown service is code 26, \"service was deleted\".",
        },
        ["GET /service/{name}/get"] = new(Services, "A service in short", typeof(ServiceReference), typeof(StatusAnswer), 404)
        {
            Details = "An unknown service is code 26, \"service not exist\"; a bad body is code -1; both with status 200.",
        },
        ["GET /service/{name}/replica"] = new(Services, "Wanted and ready instances of a service", typeof(ServiceReference), typeof(ReplicaAnswer), 400, 404),
        ["GET /service/{name}/info"] = new(Services, "The pods of a service", typeof(ServiceReference), typeof(InfoAnswer), 400, 404),
        ["GET /service/{name}/logs"] = new(Services, "The log of a service's first pod, followed", typeof(ServiceReference), null, 400, 404, 429)
        {
            AnswerType = "text/plain",
            Details = "Sent as the container writes it. Of a service without pods the log that was kept last, or a line that says that there is none.",
        },
        ["GET /service/{name}/logs/{pod}"] = new(Services, "The log of one pod of a service, followed", typeof(ServiceReference), null, 400, 404, 429)
        {
            AnswerType = "text/plain",
            Details = "Of a pod that is gone its last log, where one was kept. A pod that cannot be scheduled is answered 400 with reason and message.",
        },
        ["PUT /service/{name}/update"] = new(Services, "Change a running service", typeof(ServiceUpdateRequest), typeof(CodeAnswer), 400, 404, 429, 500)
        {
            Details = "A service that is gone is code 0 with a message that says it was skipped.",
        },
        ["POST /service/{name}/versions"] = new(Versions, "Deploy another commit beside those that run", typeof(CreateVersionRequest), typeof(OkAnswer), 400, 404, 409, 429, 500)
        {
            Details = "Refused 409: `RUNNER-ERR-0` as many ready revisions as replicas are allowed, `RUNNER-ERR-1` the allowed number cannot be read, `RUNNER-ERR-2` the commit is deployed already.",
        },
        ["GET /service/{name}/versions"] = new(Versions, "The versions of a service and their traffic", null, typeof(VersionAnswer[]), 400, 404) { Query = [ClusterId] },
        ["PUT /service/{name}/versions/traffic"] = new(Versions, "Share the traffic out over versions", typeof(List<TrafficRequest>), typeof(OkAnswer), 400, 404, 409, 429, 500)
        {
            Query = [ClusterId],
            Details = "Refused 409: `SERVERLESS-ERR-5` percents that are not 0 to 100 or do not make 100, `SERVERLESS-ERR-4` unknown commit, `RUNNER-ERR-3` revision not ready, `REQ-ERR-1` body.",
        },
        ["DELETE /service/{name}/versions/{commit}"] = new(Versions, "Remove a version", null, typeof(OkAnswer), 400, 404, 409, 429, 500)
        {
            Query = [ClusterId],
            Details = "Its traffic goes to the others in proportion. Refused 409: `SERVERLESS-ERR-7` no other would remain, `SERVERLESS-ERR-1` unknown service.",
        },
        ["POST /workflows"] = new(Workflows, "Run an evaluation, a finetune or another workflow", typeof(WorkflowRequest), typeof(WorkflowAnswer), 400, 404, 429, 500)
        {
            Details = "Applies an Argo Workflow named after `task_id`. The same request again changes nothing.",
        },
        ["GET /workflows"] = new(Workflows, "The workflows of a user", null, typeof(WorkflowListAnswer), 400)
        {
            Query = [("username", "Whose."), ("taskType", "Of which type; empty for all."), ("per", "How many a page, 1 to 100; 50 when left out."), ("page", "Which page, from 1.")],
        },
        ["GET /workflows/{id}"] = new(Workflows, "One workflow", typeof(WorkflowReference), typeof(WorkflowAnswer), 400, 404),
        ["DELETE /workflows/{id}"] = new(Workflows, "End a workflow", typeof(WorkflowReference), typeof(OkAnswer), 400, 404, 429, 500)
        {
            Details = "One that has not finished counts as failed.",
        },
        ["POST /dataflow/jobs"] = new(Dataflow, "Run a dataflow job", typeof(DataflowRequest), typeof(DataflowAnswer), 400, 404, 429, 500)
        {
            Details = "A volume of `storage_size` is made for it and goes with it.",
        },
        ["GET /dataflow/jobs/{task}"] = new(Dataflow, "How a dataflow job stands", null, typeof(DataflowAnswer), 400, 404) { Query = [ClusterId] },
        ["DELETE /dataflow/jobs/{task}"] = new(Dataflow, "Delete a dataflow job and its data", null, typeof(MessageAnswer), 400, 404, 429, 500) { Query = [ClusterId] },
        ["POST /sandboxes"] = new(Sandboxes, "Create a sandbox", typeof(SandboxRequest), typeof(SandboxMadeAnswer), 400, 404, 429, 500),
        ["GET /sandboxes"] = new(Sandboxes, "How a sandbox stands", null, typeof(SandboxAnswer), 400, 404)
        {
            Query = [("sandbox_name", "Which sandbox."), ClusterId],
        },
        ["DELETE /sandboxes"] = new(Sandboxes, "Delete a sandbox", typeof(SandboxReference), typeof(OkAnswer), 400, 404, 429, 500),
        ["POST /batch-status"] = new("Batch", "How many workloads of any kind stand", typeof(BatchRequest), typeof(BatchAnswer), 400, 404)
        {
            Details = "One answer for each item, in the same order; an item that cannot be answered carries `error`.",
        },
        ["GET /cluster/{id}"] = new("Clusters", "A cluster with its nodes and what is free on them", null, typeof(JsonObject), 404),
        ["PUT /cluster/{id}"] = new("Clusters", "Change what the hub is told of a cluster", typeof(ClusterUpdateRequest), typeof(CodeAnswer), 400, 404, 429, 500),
        ["POST /imagebuilder/builder"] = new("Image builds", "Build the image of a space", typeof(ImageBuildRequest), typeof(OkAnswer), 400, 404, 429, 500),
        ["PUT /imagebuilder/stop"] = new("Image builds", "Stop a build", typeof(ImageBuildStopRequest), typeof(OkAnswer), 400, 404, 429, 500),
    };
}
