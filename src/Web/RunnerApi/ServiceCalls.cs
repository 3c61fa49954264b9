using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Services;

namespace Runner.Web.RunnerApi;

/// <summary>Calls that change services: run, update, stop, purge. Each may be repeated without harm, as the hub does when a connection breaks.</summary>
internal sealed class ServiceCalls(ServiceOperations operations, ServiceUpdates updates, ClusterDirectory clusters)
{
    public async Task RunAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.ServiceRequest);
        await operations.RunAsync(ServiceName(context), request);
        await Answer.OkAsync(context, new MessageAnswer("Service created successfully"), Answer.Types.MessageAnswer);
    }

    public async Task UpdateAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.ServiceUpdateRequest);
        var deployId = await updates.UpdateAsync(ServiceName(context), request);
        await Answer.OkAsync(context, new CodeAnswer(deployId ?? 0, 0, deployId is null ? "skipped, service not exist" : "service updated"), Answer.Types.CodeAnswer);
    }

    public async Task StopAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.ServiceReference);
        await operations.StopAsync(clusters.Resolve(request.ClusterId), ServiceName(context));
        await Answer.OkAsync(context, new CodeAnswer(request.Id, 0, "service deleted"), Answer.Types.CodeAnswer);
    }

    public async Task PurgeAsync(HttpContext context)
    {
        try
        {
            var request = await RequestBody.ReadAsync(context, RequestJson.Default.PurgeRequest);
            await operations.PurgeAsync(clusters.Resolve(request.ClusterId), ServiceName(context), request.DeployType, request.UserId);
            await Answer.OkAsync(context, new CodeAnswer(null, 0, "succeed to clean up service"), Answer.Types.CodeAnswer);
        }
        catch (Exception exception) when (exception is ApiException or ClusterOperationException or UnknownClusterException)
        {
            var status = exception is ApiException known ? known.Status : StatusCodes.Status500InternalServerError;
            await Answer.ErrorAsync(context, status, new CodedErrorAnswer(exception.Message, -1, exception.Message));
        }
    }

    internal static string ServiceName(HttpContext context) => (string)context.Request.RouteValues["name"]!;
}
