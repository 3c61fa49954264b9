using Runner.Web.Identity;
using Runner.Web.RunnerApi.Description;

namespace Runner.Web.RunnerApi;

/// <summary>The calls that CSGHub makes: paths, fields, codes and answers are the wire contract's, because the hub's client cannot be changed.</summary>
public static class RunnerApiEndpoints
{
    /// <summary>Below this path only the hub comes in, with its bearer token.</summary>
    public const string BasePath = "/api/v1";

    /// <summary>Adds what the calls need beside the engine.</summary>
    public static IServiceCollection AddRunnerApi(this IServiceCollection services)
    {
        services.AddApiDescription();
        services.AddSingleton<ApiLimits>();
        services.AddSingleton<ApiCall>();
        services.AddSingleton<ServiceCalls>();
        services.AddSingleton<ServiceQueries>();
        services.AddSingleton<ServiceLogCalls>();
        services.AddSingleton<VersionCalls>();
        services.AddSingleton<ClusterCalls>();
        services.AddSingleton<ImageBuildCalls>();
        services.AddSingleton<SandboxCalls>();
        services.AddSingleton<BatchCalls>();
        services.AddSingleton<WorkflowCalls>();
        services.AddSingleton<DataflowCalls>();
        return services;
    }

    /// <summary>Maps the calls. Any other path below <see cref="BasePath"/> is answered 404 with <c>msg</c>.</summary>
    public static void MapRunnerApi(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var call = services.GetRequiredService<ApiCall>();
        var limits = services.GetRequiredService<ApiLimits>();
        var changes = services.GetRequiredService<ServiceCalls>();
        var queries = services.GetRequiredService<ServiceQueries>();
        var logs = services.GetRequiredService<ServiceLogCalls>();
        var versions = services.GetRequiredService<VersionCalls>();

        // Plain delegates on the context: no binding, no filters, nothing between the hub and the answer.
        var api = routes.MapGroup(BasePath).RequireAuthorization(ConsolePolicies.Hub);
        api.Describe();
        var service = api.MapGroup("/service/{name}");
        service.MapPost("/run", call.Of(changes.RunAsync, limits.Changes));
        service.MapPut("/update", call.Of(changes.UpdateAsync, limits.Changes));
        service.MapPost("/stop", call.Of(changes.StopAsync, limits.Changes));
        service.MapDelete("/purge", call.Of(changes.PurgeAsync, limits.Changes));
        service.MapGet("/status", call.Of(queries.StatusAsync));
        service.MapGet("/get", call.Of(queries.GetAsync));
        service.MapGet("/replica", call.Of(queries.ReplicaAsync));
        service.MapGet("/info", call.Of(queries.InfoAsync));
        service.MapGet("/logs", call.Of(logs.FirstPodAsync, limits.Streams));
        service.MapGet("/logs/{pod}", call.Of(logs.PodAsync, limits.Streams));
        service.MapPost("/versions", call.Of(versions.CreateAsync, limits.Changes));
        service.MapGet("/versions", call.Of(versions.ListAsync));
        service.MapPut("/versions/traffic", call.Of(versions.SetTrafficAsync, limits.Changes));
        service.MapDelete("/versions/{commit}", call.Of(versions.DeleteAsync, limits.Changes));
        services.GetRequiredService<ClusterCalls>().Map(api, call, limits);
        services.GetRequiredService<ImageBuildCalls>().Map(api, call, limits);
        var sandboxes = services.GetRequiredService<SandboxCalls>();
        api.MapPost("/sandboxes", call.Of(sandboxes.CreateAsync, limits.Changes));
        api.MapGet("/sandboxes", call.Of(sandboxes.GetAsync));
        api.MapDelete("/sandboxes", call.Of(sandboxes.DeleteAsync, limits.Changes));
        api.MapPost("/batch-status", call.Of(services.GetRequiredService<BatchCalls>().StatusAsync));
        services.GetRequiredService<WorkflowCalls>().Map(api.MapGroup("/workflows"), call, limits);
        services.GetRequiredService<DataflowCalls>().Map(api.MapGroup("/dataflow/jobs"), call, limits);
        api.Map("/{**rest}", call.Of(NoSuchCall));
    }

    private static Task NoSuchCall(HttpContext context) =>
        throw new ApiException(StatusCodes.Status404NotFound, $"There is no call {context.Request.Method} {context.Request.Path}");
}
