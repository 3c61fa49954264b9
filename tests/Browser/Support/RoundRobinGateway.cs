using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;

namespace Runner.Tests.Browser.Support;

/// <summary>A gateway that knows nothing of sessions: it leads each request to the next replica in turn, and to none that is not ready, as a Service of Kubernetes does.</summary>
internal sealed class RoundRobinGateway : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, string Replica)> _led;

    private RoundRobinGateway(WebApplication app, ConcurrentQueue<(string, string)> led) => (_app, _led) = (app, led);

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>What it led where, in order; the replica by its address.</summary>
    public IReadOnlyList<(string Path, string Replica)> Led => [.. _led];

    public static async Task<RoundRobinGateway> StartAsync(params IEnumerable<Uri> replicas)
    {
        var led = new ConcurrentQueue<(string, string)>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddReverseProxy().LoadFromMemory(
            [
                new RouteConfig
                {
                    RouteId = "all",
                    ClusterId = "replicas",
                    Match = new() { Path = "{**all}" },
                    Transforms = [new Dictionary<string, string> { ["RequestHeaderOriginalHost"] = "true" }],
                },
            ],
            [
                new ClusterConfig
                {
                    ClusterId = "replicas",
                    LoadBalancingPolicy = "RoundRobin",
                    Destinations = replicas.ToDictionary(replica => replica.ToString(), replica => new DestinationConfig { Address = replica.ToString() }),
                    HealthCheck = new() { Active = new() { Enabled = true, Interval = Look, Timeout = TimeSpan.FromSeconds(5), Path = "/readyz", Policy = HealthCheckConstants.ActivePolicy.ConsecutiveFailures } },
                    Metadata = new Dictionary<string, string> { [ConsecutiveFailuresHealthPolicyOptions.ThresholdMetadataName] = "1" },
                },
            ]);
        var app = builder.Build();
        app.UseWebSockets();
        app.MapReverseProxy(proxy =>
        {
            proxy.UseLoadBalancing();
            proxy.Use(async (context, next) =>
            {
                var feature = context.GetReverseProxyFeature();
                if (feature.AvailableDestinations is [var chosen])
                {
                    led.Enqueue((context.Request.Path, chosen.DestinationId));
                }

                await next();
            });
        });
        await app.StartAsync();
        return new RoundRobinGateway(app, led);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }
}
