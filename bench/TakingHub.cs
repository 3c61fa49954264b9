using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Runner.Bench;

/// <summary>A hub that takes every event and counts them.</summary>
internal sealed class TakingHub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _events;

    private TakingHub(WebApplication app) => _app = app;

    /// <summary>Events that it has taken.</summary>
    public int Events => Volatile.Read(ref _events);

    public static async Task<TakingHub> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var hub = new TakingHub(builder.Build());
        hub._app.Map("/{**path}", () =>
        {
            Interlocked.Increment(ref hub._events);
            return Microsoft.AspNetCore.Http.Results.Ok();
        });
        await hub._app.StartAsync(cancellationToken);
        return hub;
    }

    /// <summary>Has the program that is started next tell it of everything.</summary>
    public void ServeTo(World world) => world.Extra["STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT"] = _app.Urls.First();

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
