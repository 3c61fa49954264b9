using System.Threading.RateLimiting;
using Microsoft.AspNetCore.StaticAssets;
using Runner.Engine.Configuration;
using Runner.Web.Identity;
using Runner.Web.Identity.SignIn;

namespace Runner.Web.Hosting;

/// <summary>
/// How often anybody may ask at all, from one address, so that one client cannot keep the program from the others. The hub with its token is not limited, nor are health and
/// the files of pages.
/// </summary>
internal static class RequestLimit
{
    /// <summary>Requests at once; opening a page takes about five beside its files.</summary>
    public const int Burst = 2000;

    /// <summary>Requests a second over time.</summary>
    public const int ASecond = 200;

    public static PartitionedRateLimiter<HttpContext> Make(RunnerOptions options) => PartitionedRateLimiter.Create<HttpContext, string>(context =>
        IsFree(context, options) ? RateLimitPartition.GetNoLimiter("") : RateLimitPartition.GetTokenBucketLimiter(
            SignInGuard.Network(context.Connection.RemoteIpAddress),
            _ => new TokenBucketRateLimiterOptions { TokenLimit = Burst, TokensPerPeriod = ASecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1), AutoReplenishment = true, QueueLimit = 0 }));

    private static bool IsFree(HttpContext context, RunnerOptions options) =>
        context.Request.Path == HealthCheck.Path
        || context.Request.Path == Readiness.Path
        || context.GetEndpoint()?.Metadata.GetMetadata<StaticAssetDescriptor>() is not null
        || HubTokenHandler.IsHub(context.Request, options);
}
