using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.Identity.SignIn;

/// <summary>How often sign-in and tokens may be asked for from one address at all, so that hashing passwords cannot keep the processor busy. Guessing is <see cref="SignInGuard"/>'s.</summary>
internal static class SignInLimit
{
    public const string Policy = "sign-in";

    /// <summary>Attempts per address in <see cref="Window"/>.</summary>
    public const int Attempts = 60;

    /// <summary>The policy of the token endpoint: a client may guess its secret no faster than this, and has no reason to ask more often.</summary>
    public const string TokenPolicy = "token";

    /// <summary>Tokens per address in <see cref="Window"/>.</summary>
    public const int Tokens = 120;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    public static void Add(IServiceCollection services) => services.AddRateLimiter(options =>
    {
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.OnRejected = (context, cancellationToken) => new ValueTask(TooMany(context.HttpContext));
        options.AddPolicy(Policy, context => Limit(context, Attempts));
        options.AddPolicy(TokenPolicy, context => Limit(context, Tokens));
    });

    private static RateLimitPartition<string> Limit(HttpContext context, int permits) => RateLimitPartition.GetSlidingWindowLimiter(
        SignInGuard.Network(context.Connection.RemoteIpAddress),
        _ => new SlidingWindowRateLimiterOptions { PermitLimit = permits, Window = Window, SegmentsPerWindow = 6 });

    private static Task TooMany(HttpContext context)
    {
        context.Response.Headers.RetryAfter = ((int)Window.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return context.Request.Path == TokenEndpoints.TokenPath
            ? Results.Json(new { error = "slow_down", error_description = "Too many requests for tokens. Wait a minute." }, statusCode: StatusCodes.Status429TooManyRequests).ExecuteAsync(context)
            : SignInPages.TooMany(Window).ExecuteAsync(context);
    }
}
