using Microsoft.AspNetCore.SignalR;

namespace Runner.Web.Live.Hub;

/// <summary>Writes down how calls of the live hub end: what the client did wrong is for whoever debugs it, what went wrong here is an error. SignalR makes no such difference.</summary>
internal sealed partial class LiveHubLog(ILogger<LiveHub> logger) : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        try
        {
            return await next(invocationContext);
        }
        catch (HubException refused)
        {
            Refused(logger, invocationContext.HubMethodName, refused.Message);
            throw;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Failed(logger, invocationContext.HubMethodName, exception);
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The live hub refused {Method}: {Reason}")]
    private static partial void Refused(ILogger logger, string method, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} of the live hub failed")]
    private static partial void Failed(ILogger logger, string method, Exception exception);
}
