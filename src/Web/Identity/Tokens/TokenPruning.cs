using OpenIddict.Abstractions;

namespace Runner.Web.Identity.Tokens;

/// <summary>Removes tokens and consents that nobody can use any more, so that the database does not grow with every request for a token.</summary>
internal sealed partial class TokenPruning(IServiceScopeFactory scopes, TimeProvider time, ILogger<TokenPruning> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    /// <summary>Kept this long after their creation, so that the use of a redeemed code or token is still recognised.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromDays(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var threshold = time.GetUtcNow() - Age;
                await scope.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>().PruneAsync(threshold, stoppingToken);
                await scope.ServiceProvider.GetRequiredService<IOpenIddictAuthorizationManager>().PruneAsync(threshold, stoppingToken);
            }
#pragma warning disable CA1031 // The next hour tries again; the loop must not end.
            catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
            {
                LogFailed(exception);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Old tokens could not be removed; the next attempt follows in an hour.")]
    private partial void LogFailed(Exception exception);
}
