using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Runner.Engine.Storage;
using Runner.Web.Identity.Pages;

namespace Runner.Web.Hosting;

/// <summary>What is answered when nothing else was: a page for people, <c>msg</c> as JSON for programs. Never a stack trace; that is in the log, under the number told.</summary>
internal static class Problems
{
    /// <summary>What is said when the disk refused what a request was to write.</summary>
    public const string NoStorage = "The runner's data folder takes no writes: its disk is full or gone. What had to be written was not. Make room there and try again; /readyz tells more.";

    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = OnException, SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException });
        app.UseStatusCodePages(context => Answer(context.HttpContext, context.HttpContext.Response.StatusCode, ""));
    }

    private static Task OnException(HttpContext context)
    {
        var exception = context.Features.Get<IExceptionHandlerFeature>()?.Error;

        return exception switch
        {
            // A request that could not be read is the caller's, not ours.
            BadHttpRequestException bad => Answer(context, bad.StatusCode, ""),
            StateUnavailableException unavailable => Answer(context, StatusCodes.Status503ServiceUnavailable, "", unavailable.Message),
            DatabaseRefusedException => Answer(context, StatusCodes.Status507InsufficientStorage, Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier),
            _ => Answer(context, StatusCodes.Status500InternalServerError, Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier),
        };
    }

    /// <param name="message">What to say to programs, where that is known better than by the status.</param>
    private static Task Answer(HttpContext context, int status, string reference, string message = "")
    {
        context.Response.StatusCode = status;
        if (!WantsPage(context.Request))
        {
            return context.Response.WriteAsJsonAsync(new { msg = message.Length > 0 ? message : Sentence(context.Request, status, reference) }, context.RequestAborted);
        }

        var page = new RazorComponentResult<ProblemPage>(new Dictionary<string, object?>
        {
            [nameof(ProblemPage.Kind)] = status switch
            {
                StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => "Forbidden",
                StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed => "NotFound",
                < 500 => "BadRequest",
                StatusCodes.Status507InsufficientStorage => "NoStorage",
                StatusCodes.Status503ServiceUnavailable => "Unavailable",
                _ => "Error",
            },
            [nameof(ProblemPage.Reference)] = reference,
        })
        { StatusCode = status };
        return page.ExecuteAsync(context);
    }

    private static bool WantsPage(HttpRequest request) =>
        !request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static string Sentence(HttpRequest request, int status, string reference) => status switch
    {
        StatusCodes.Status401Unauthorized => "Sign in first, or send a bearer token.",
        StatusCodes.Status403Forbidden => "This is not allowed with these credentials.",
        StatusCodes.Status404NotFound => $"There is nothing at {request.Method} {request.Path}.",
        StatusCodes.Status405MethodNotAllowed => $"{request.Path} does not take {request.Method}.",
        StatusCodes.Status413PayloadTooLarge => $"The body is larger than the {RequestLimits.Body / 1024 / 1024} MB that are accepted.",
        StatusCodes.Status415UnsupportedMediaType => "The body must be JSON (Content-Type: application/json).",
        StatusCodes.Status429TooManyRequests => "Too many requests. Wait a minute, then try again.",
        < 500 => "The request could not be read.",
        StatusCodes.Status507InsufficientStorage => NoStorage,
        _ => $"The runner could not answer. The cause is in its log under {reference}.",
    };
}

/// <summary>How much a request may bring.</summary>
internal static class RequestLimits
{
    /// <summary>Largest body in bytes.</summary>
    public const long Body = 4 * 1024 * 1024;

    /// <summary>Largest headers in bytes: the session's cookie, which may hold an outside provider's identity token, and the rest.</summary>
    public const int Headers = 48 * 1024;

    /// <summary>Most open pages and other live connections.</summary>
    public const int LiveConnections = 2000;
}
