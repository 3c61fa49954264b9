using Runner.Engine.Workloads.ImageBuilds;

namespace Runner.Web.RunnerApi;

/// <summary>Calls that begin and end image builds. Each may be repeated without harm.</summary>
internal sealed class ImageBuildCalls(ImageBuildOperations operations)
{
    public void Map(RouteGroupBuilder api, ApiCall call, ApiLimits limits)
    {
        api.MapPost("/imagebuilder/builder", call.Of(BuildAsync, limits.Changes));
        api.MapPut("/imagebuilder/stop", call.Of(StopAsync, limits.Changes));
    }

    private async Task BuildAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.ImageBuildRequest);
        await operations.BuildAsync(request, context.RequestAborted);
        await Answer.OkAsync(context);
    }

    private async Task StopAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.ImageBuildStopRequest);
        await operations.StopAsync(request);
        await Answer.OkAsync(context);
    }
}
