using System.Globalization;
using Runner.Engine.Hub.Payloads;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Workflows;

namespace Runner.Web.RunnerApi;

/// <summary>Calls about evaluations, finetunes and the like. What reads is answered from memory; what changes may be repeated without harm.</summary>
internal sealed class WorkflowCalls(WorkflowOperations operations)
{
    private const int MostPerPage = 100;

    public void Map(IEndpointRouteBuilder workflows, ApiCall call, ApiLimits limits)
    {
        workflows.MapPost("", call.Of(CreateAsync, limits.Changes));
        workflows.MapGet("", call.Of(ListAsync));
        workflows.MapGet("/{id}", call.Of(GetAsync));
        workflows.MapDelete("/{id}", call.Of(DeleteAsync, limits.Changes));
    }

    private async Task CreateAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.WorkflowRequest);
        await Answer.OkAsync(context, WorkflowAnswer.From(await operations.CreateAsync(request)), Answer.Types.WorkflowAnswer);
    }

    private async Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var per = Number(query["per"].ToString(), "per", 50, MostPerPage);
        var page = Number(query["page"].ToString(), "page", 1, int.MaxValue);
        var type = query["taskType"].ToString() is { Length: > 0 } asked ? asked : WorkflowTaskTypes.Evaluation;
        var (records, total) = operations.List(query["username"].ToString(), type, per, page);

        // Reasons may be long; who wants one asks for the one.
        await Answer.OkAsync(
            context,
            new WorkflowListAnswer(total, [.. records.Select(record => WorkflowRecordData.From(record with { Reason = "" }, record.Id, record.EndTime ?? record.StartTime ?? record.SubmitTime))]),
            Answer.Types.WorkflowListAnswer);
    }

    private async Task GetAsync(HttpContext context)
    {
        var reference = await RequestBody.ReadAsync(context, RequestJson.Default.WorkflowReference);
        var record = operations.Find(Id(context), reference.TaskId, reference.Username)
            ?? throw new ApiException(StatusCodes.Status404NotFound, $"There is no workflow '{(reference.TaskId.Length > 0 ? reference.TaskId : Id(context))}'");
        await Answer.OkAsync(context, WorkflowAnswer.From(record), Answer.Types.WorkflowAnswer);
    }

    private async Task DeleteAsync(HttpContext context)
    {
        var reference = await RequestBody.ReadAsync(context, RequestJson.Default.WorkflowReference);
        await operations.DeleteAsync(Id(context), reference.TaskId, reference.Namespace, reference.ClusterId);
        await Answer.OkAsync(context);
    }

    private static string Id(HttpContext context) => (string)context.Request.RouteValues["id"]!;

    private static int Number(string text, string name, int otherwise, int most)
    {
        if (text.Length == 0)
        {
            return otherwise;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most
            ? number
            : throw new ApiException(StatusCodes.Status400BadRequest, most == int.MaxValue ? $"{name} must be a number of at least 1" : $"{name} must be a number from 1 to {most}");
    }
}
