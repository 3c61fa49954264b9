using Runner.Engine.Workloads.Dataflow;

namespace Runner.Web.RunnerApi;

/// <summary>Calls about dataflow jobs. What reads is answered from memory; what changes may be repeated without harm.</summary>
internal sealed class DataflowCalls(DataflowOperations operations)
{
    public void Map(IEndpointRouteBuilder jobs, ApiCall call, ApiLimits limits)
    {
        jobs.MapPost("", call.Of(CreateAsync, limits.Changes));
        jobs.MapGet("/{task}", call.Of(GetAsync));
        jobs.MapDelete("/{task}", call.Of(DeleteAsync, limits.Changes));
    }

    private async Task CreateAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.DataflowRequest);
        await Answer.OkAsync(context, DataflowAnswer.From(await operations.CreateAsync(request)), Answer.Types.DataflowAnswer);
    }

    private Task GetAsync(HttpContext context)
    {
        var record = operations.Find(TaskId(context), ClusterId(context))
            ?? throw new ApiException(StatusCodes.Status404NotFound, $"There is no dataflow job '{TaskId(context)}'");
        return Answer.OkAsync(context, DataflowAnswer.From(record), Answer.Types.DataflowAnswer);
    }

    private async Task DeleteAsync(HttpContext context)
    {
        await operations.DeleteAsync(TaskId(context), ClusterId(context));
        await Answer.OkAsync(context, new MessageAnswer("dataflow workflow deleted successfully"), Answer.Types.MessageAnswer);
    }

    private static string TaskId(HttpContext context) => (string)context.Request.RouteValues["task"]!;

    private static string ClusterId(HttpContext context) => context.Request.Query["cluster_id"].ToString();
}
