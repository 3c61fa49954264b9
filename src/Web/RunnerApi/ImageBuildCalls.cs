using Runner.Engine.Workloads.ImageBuilds;

namespace Runner.Web.RunnerApi;

/// <summary>Calls that begin and end image builds. Each may be repeated without harm.</summary>
internal sealed class ImageBuildCalls(ImageBuildOperations operations)
{
    public async Task BuildAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.ImageBuildRequest);
        await operations.BuildAsync(request, context.RequestAborted);
        await Answer.OkAsync(context);
    }

    public async Task StopAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.ImageBuildStopRequest);
        await operations.StopAsync(request, context.RequestAborted);
        await Answer.OkAsync(context);
    }
}
