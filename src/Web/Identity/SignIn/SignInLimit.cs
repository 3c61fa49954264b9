using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace Runner.Web.Identity.SignIn;

/// <summary>How often sign-in may be tried from one address, so that passwords cannot be guessed.</summary>
internal static class SignInLimit
{
    public const string Policy = "sign-in";

    /// <summary>Attempts per address in <see cref="Window"/>.</summary>
    public const int Attempts = 10;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    public static void Add(IServiceCollection services) => services.AddRateLimiter(options =>
    {
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.OnRejected = (context, cancellationToken) => new ValueTask(TooMany(context.HttpContext));
        options.AddPolicy(Policy, context => RateLimitPartition.GetSlidingWindowLimiter(Network(context.Connection.RemoteIpAddress), _ => new SlidingWindowRateLimiterOptions
        {
            PermitLimit = Attempts,
            Window = Window,
            SegmentsPerWindow = 6,
        }));
    });

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
        return SignInEndpoints.TooManyPage().ExecuteAsync(context);
    }
}
