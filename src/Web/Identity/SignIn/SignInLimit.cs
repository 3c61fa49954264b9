using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.Identity.SignIn;

/// <summary>How often sign-in may be tried from one address, so that passwords cannot be guessed.</summary>
internal static class SignInLimit
{
    public const string Policy = "sign-in";

    /// <summary>Attempts per address in <see cref="Window"/>.</summary>
    public const int Attempts = 10;

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
        Network(context.Connection.RemoteIpAddress),
        _ => new SlidingWindowRateLimiterOptions { PermitLimit = permits, Window = Window, SegmentsPerWindow = 6 });

    // One household or office has a whole /64 of IPv6 addresses to try from.
    private static string Network(IPAddress? address) => address switch
    {
        null => "",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 } => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)),
        _ => address.ToString(),
    };

    private static Task TooMany(HttpContext context)
    {
        context.Response.Headers.RetryAfter = ((int)Window.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return context.Request.Path == TokenEndpoints.TokenPath
            ? Results.Json(new { error = "slow_down", error_description = "Too many requests for tokens. Wait a minute." }, statusCode: StatusCodes.Status429TooManyRequests).ExecuteAsync(context)
            : SignInEndpoints.TooManyPage().ExecuteAsync(context);
    }
}
