using Runner.Engine.Configuration;
using Runner.Web.Hosting;

namespace Runner.Web;

/// <summary>The program: reads the settings, builds <see cref="RunnerApp"/> and runs it until told to stop.</summary>
public static class Program
{
    public static async Task<int> Main(string[] args)
    {
        var options = new RunnerOptions { DataDirectory = Environment.GetEnvironmentVariable("RUNNER_DATA_DIR") ?? "data" };
        await using var app = RunnerApp.Build(args, options, new WebOptions());
        await app.RunAsync();
        return 0;
    }
}
