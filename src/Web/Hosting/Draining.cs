using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace Runner.Web.Hosting;

/// <summary>
/// The time between being told to end and ending. Whoever leads requests here learns from <see cref="Readiness"/> that it is over, and needs a moment for it: Kubernetes tells
/// the pod and those who route to it at the same time, and waits for neither. Until then everything is answered as before; connections are given back after each answer, so that
/// none is found closed by somebody who is about to use it. A second signal ends at once.
/// </summary>
internal sealed partial class Draining(IHostApplicationLifetime lifetime, TimeSpan lasts, TimeProvider time, ILogger<Draining> logger) : IHostApplicationLifetime, IDisposable
{
    private ITimer? _end;
    private int _told;

    public CancellationToken ApplicationStarted => lifetime.ApplicationStarted;

    public CancellationToken ApplicationStopping => lifetime.ApplicationStopping;

    public CancellationToken ApplicationStopped => lifetime.ApplicationStopped;

    /// <summary>Whether the process was told to end.</summary>
    public bool IsOn => Volatile.Read(ref _told) > 0;

    /// <summary>Makes SIGTERM and SIGINT begin it.</summary>
    public static void Add(IServiceCollection services, TimeSpan lasts)
    {
        services.AddSingleton(provider => new Draining(
            provider.GetRequiredService<IHostApplicationLifetime>(), lasts, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Draining>>()));
        services.AddSingleton<IHostLifetime>(provider => new ConsoleLifetime(
            provider.GetRequiredService<IOptions<ConsoleLifetimeOptions>>(),
            provider.GetRequiredService<IHostEnvironment>(),
            provider.GetRequiredService<Draining>(),
            provider.GetRequiredService<IOptions<HostOptions>>(),
            provider.GetRequiredService<ILoggerFactory>()));
    }

    /// <summary>Called by a signal.</summary>
    public void StopApplication()
    {
        if (Interlocked.Increment(ref _told) > 1 || lasts <= TimeSpan.Zero)
        {
            lifetime.StopApplication();
            return;
        }

        LogBegan(lasts.TotalSeconds);
        _end = time.CreateTimer(_ => lifetime.StopApplication(), null, lasts, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _end?.Dispose();

    [LoggerMessage(LogLevel.Information, "Told to end: not ready any more, and answering for another {Seconds} s")]
    private partial void LogBegan(double seconds);
}

/// <summary>Puts <see cref="Draining"/> before the requests.</summary>
internal static class DrainingRequests
{
    public static void UseDraining(this IApplicationBuilder app)
    {
        var draining = app.ApplicationServices.GetRequiredService<Draining>();
        app.Use((context, next) =>
        {
            if (draining.IsOn && HttpProtocol.IsHttp11(context.Request.Protocol))
            {
                context.Response.Headers.Connection = "close";
            }

            return next(context);
        });
    }
}
