using System.Collections.Concurrent;
using System.Text;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;

namespace Runner.Tests.Engine.Support;

/// <summary>
/// An HTTP server on loopback that answers as a test tells it: for moments of an API server that no real one, nor the embedded one, can be made to have.
/// </summary>
internal sealed class ScriptedApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _requests = new();

    private ScriptedApi(WebApplication app) => _app = app;

    /// <summary>Answers a request; set before the first one comes.</summary>
    public Func<HttpContext, Task> Answer { get; set; } = context => StatusAsync(context, 404, "NotFound", "nothing here");

    /// <summary>While true, every request is answered with 401.</summary>
    public bool Refuses { get; set; }

    /// <summary>Path and query of every request so far.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public ClusterEndpoint Endpoint => new("scripted", ClusterOrigin.Kubeconfig, () => new KubernetesClientConfiguration { Host = Address.ToString() });

    public static async Task<ScriptedApi> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var api = new ScriptedApi(app);
        app.Run(async context =>
        {
            api._requests.Enqueue(context.Request.Path + context.Request.QueryString);
            switch (context.Request.Path.Value)
            {
                case var _ when api.Refuses:
                    await StatusAsync(context, 401, "Unauthorized", "Unauthorized");
                    break;
                case "/version":
                    await JsonAsync(context, """{"gitVersion":"v1.36.2"}""");
                    break;
                case "/api/v1/namespaces/spaces":
                    await JsonAsync(context, """{"metadata":{"name":"spaces","uid":"the-cluster"}}""");
                    break;
                default:
                    await api.Answer(context);
                    break;
            }
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return api;
    }

    public static Task JsonAsync(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json, context.RequestAborted);
    }

    public static Task StatusAsync(HttpContext context, int code, string reason, string message)
    {
        context.Response.StatusCode = code;
        return JsonAsync(context, $$"""{"kind":"Status","code":{{code}},"reason":"{{reason}}","message":"{{message}}"}""");
    }

    /// <summary>Sends a part of a stream at once.</summary>
    public static async Task SendAsync(HttpContext context, string part)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(part), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    /// <summary>Leaves a stream open until the client goes or the test ends.</summary>
    public static Task HangAsync(HttpContext context) =>
        Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(0);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
