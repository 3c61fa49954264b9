using System.Threading.RateLimiting;

namespace Runner.Web.RunnerApi;

/// <summary>How much the hub may ask for. Reads are answered from memory and need no limit.</summary>
internal sealed class ApiLimits : IDisposable
{
    /// <summary>Calls that write to a cluster: 50 a second over time, 200 at once.</summary>
    public RateLimiter Changes { get; } = new TokenBucketRateLimiter(new()
    {
        TokenLimit = 200,
        TokensPerPeriod = 50,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        AutoReplenishment = true,
        QueueLimit = 0,
    });

    /// <summary>Log streams open at the same time.</summary>
    public RateLimiter Streams { get; } = new ConcurrencyLimiter(new() { PermitLimit = 500, QueueLimit = 0 });

    public void Dispose()
    {
        Changes.Dispose();
        Streams.Dispose();
    }
}
