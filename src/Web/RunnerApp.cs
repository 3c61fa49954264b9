using System.Net;
using Runner.Engine;
using Runner.Engine.Clusters;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;
using Runner.Web.Components;
using Runner.Web.Hosting;
using Runner.Web.Identity;
using Runner.Web.Identity.SignIn;

namespace Runner.Web;

/// <summary>The composition of the whole program: engine, runner API, console pages, identity. The one place that knows every room.</summary>
public static class RunnerApp
{
    /// <summary>Builds the program without starting it. Opens the database, so the data folder is this process's from here on.</summary>
    /// <param name="args">Command line of the host, for settings as in <c>--Logging:LogLevel:Default=Debug</c>.</param>
    /// <param name="options">Settings of the engine; port 0 takes a free one.</param>
    /// <param name="web">Settings of the host.</param>
    /// <param name="time">The clock; tests may bring their own.</param>
    /// <exception cref="InvalidOperationException">Another process uses the data folder.</exception>
    public static WebApplication Build(string[] args, RunnerOptions options, WebOptions web, TimeProvider? time = null)
    {
        var database = Database.Open(options.DataDirectory);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(RunnerApp).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
            WebRootPath = WebRoot.Find(),
        });
        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(web.Bind, options.Port);
        });

        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton(web);

        // By a factory, so that the container closes it.
        builder.Services.AddSingleton(_ => database);
        var clusters = ClusterEndpoints.Discover(
            web.Cluster, Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));
        foreach (var cluster in clusters)
        {
            builder.Services.AddSingleton(cluster);
        }

        if (clusters.Count == 0)
        {
            EmbeddedClusterService.Add(builder.Services, options);
        }

        builder.Services.AddRunnerEngine(options);
        builder.Services.AddConsoleIdentity(options);
        builder.Services.AddConsolePages();

        var app = builder.Build();
        app.Services.GetRequiredService<Database>();
        app.UseStaticFiles();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.MapSignIn();
        app.MapGet("/healthz", () => Results.Text("ok")).AllowAnonymous();
        app.MapConsolePages();
        return app;
    }
}
