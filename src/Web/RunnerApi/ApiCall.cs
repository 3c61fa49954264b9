using System.Threading.RateLimiting;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Storage;
using Runner.Engine.Workloads.Services;
using Runner.Engine.Workloads.Workflows;
using Runner.Web.Hosting;

namespace Runner.Web.RunnerApi;

/// <summary>A call that ends in an error the hub is told.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="message">A sentence without secrets.</param>
/// <param name="code">The hub's code such as <c>REQ-ERR-1</c>; null for none.</param>
internal sealed class ApiException(int status, string message, string? code = null) : Exception(message)
{
    public int Status { get; } = status;

    public string? Code { get; } = code;
}

/// <summary>Wraps each call, so that whatever goes wrong is answered in the hub's envelope and never without a reason.</summary>
internal sealed partial class ApiCall(ILogger<ApiCall> logger)
{
    /// <param name="handler">Answers the call; its exceptions become error answers.</param>
    /// <param name="limiter">How much of it is let in at once or over time; null for no limit.</param>
    public RequestDelegate Of(Func<HttpContext, Task> handler, RateLimiter? limiter = null) =>
        limiter is null ? context => RunAsync(context, handler) : context => RunLimitedAsync(context, handler, limiter);

    private async Task RunLimitedAsync(HttpContext context, Func<HttpContext, Task> handler, RateLimiter limiter)
    {
        using var lease = limiter.AttemptAcquire();
        if (!lease.IsAcquired)
        {
            context.Response.Headers.RetryAfter = "1";
            await Answer.ErrorAsync(context, StatusCodes.Status429TooManyRequests, "Too many calls at once. Wait a second, then try again.");
            return;
        }

        await RunAsync(context, handler);
    }

    private async Task RunAsync(HttpContext context, Func<HttpContext, Task> handler)
    {
        try
        {
            await handler(context);
        }
        catch (Exception exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The hub hung up: nobody is left to tell but the log, of what was carried through without it and failed.
            if (exception is ClusterOperationException failed)
            {
                LogFailed(context.Request.Method, context.Request.Path, failed.Message);
            }
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            var (status, error) = Describe(context, exception);
            var connection = context.Response.Headers.Connection;
            context.Response.Clear();
            context.Response.Headers.Connection = connection;
            await Answer.ErrorAsync(context, status, error);
        }
#pragma warning disable CA1031 // An answer that is half sent cannot become another one: the connection ends, which the hub sees.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogBroken(exception, context.Request.Method, context.Request.Path);
            context.Abort();
        }
    }

    private (int Status, ErrorAnswer Error) Describe(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case ApiException known:
                return (known.Status, new(known.Message, known.Code));
            case BadHttpRequestException bad:
                return bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? (bad.StatusCode, new(RequestBody.TooLarge)) : (bad.StatusCode, new("The request could not be read"));
            case RequestRefusedException refused:
                return (StatusCodes.Status400BadRequest, new(refused.Message));
            case VersionRefusedException refused:
                return (StatusCodes.Status409Conflict, new($"{refused.Code}: {refused.Message}", refused.Code));
            case NotOwnerException stranger:
                return (StatusCodes.Status403Forbidden, new(stranger.Message));
            case UnknownClusterException unknown:
                return (StatusCodes.Status404NotFound, new(unknown.Message));
            case ClusterOperationException failed:
                LogFailed(context.Request.Method, context.Request.Path, failed.Message);
                return (StatusCodes.Status500InternalServerError, new(failed.Message));
            case DatabaseRefusedException full:
                LogFailed(context.Request.Method, context.Request.Path, full.Message);
                return (StatusCodes.Status507InsufficientStorage, new(Problems.NoStorage));
            default:
                LogUnexpected(exception, context.Request.Method, context.Request.Path, context.TraceIdentifier);
                return (StatusCodes.Status500InternalServerError, new($"The runner failed ({exception.GetType().Name}). The cause is in its log under {context.TraceIdentifier}."));
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Method} {Path}: {Problem}")]
    private partial void LogFailed(string method, string path, string problem);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed, told as {Reference}")]
    private partial void LogUnexpected(Exception exception, string method, string path, string reference);

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} broke off in the middle of its answer")]
    private partial void LogBroken(Exception exception, string method, string path);
}
