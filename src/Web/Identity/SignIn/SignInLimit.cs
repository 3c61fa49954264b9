using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Runner.Engine.Configuration;
using Runner.Web.Hosting;
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

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    public static void Add(IServiceCollection services, RunnerOptions settings) => services.AddRateLimiter(options =>
    {
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.GlobalLimiter = RequestLimit.Make(settings);
        options.OnRejected = (context, cancellationToken) =>
        {
            var wait = IsSignIn(context.HttpContext) ? Window : context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var left) ? left : TimeSpan.Zero;
            return new ValueTask(TooMany(context.HttpContext, wait > Shortest ? wait : Shortest));
        };
        options.AddPolicy(Policy, context => Limit(context, Attempts));
        options.AddPolicy(TokenPolicy, context => Limit(context, Tokens));
    });

    private static RateLimitPartition<string> Limit(HttpContext context, int permits) => RateLimitPartition.GetSlidingWindowLimiter(
        SignInGuard.Network(context.Connection.RemoteIpAddress),
        _ => new SlidingWindowRateLimiterOptions { PermitLimit = permits, Window = Window, SegmentsPerWindow = 6 });

    private static bool IsSignIn(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<EnableRateLimitingAttribute>() is not null;

    private static Task TooMany(HttpContext context, TimeSpan wait)
    {
        context.Response.Headers.RetryAfter = ((int)wait.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var answer = context.Request.Path == TokenEndpoints.TokenPath
            ? Results.Json(new { error = "slow_down", error_description = "Too many requests for tokens. Wait a minute." }, statusCode: StatusCodes.Status429TooManyRequests)
            : IsSignIn(context) ? SignInPages.TooMany(wait)
            : Results.Json(new { msg = $"Too many requests from this address. Try again in {(int)wait.TotalSeconds} s." }, statusCode: StatusCodes.Status429TooManyRequests);
        return answer.ExecuteAsync(context);
    }
}
