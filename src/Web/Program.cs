using System.Collections;
using Runner.Engine.Configuration;
using Runner.Web.Hosting;

namespace Runner.Web;

/// <summary>The program: reads the settings, builds <see cref="RunnerApp"/> and runs it until told to stop.</summary>
public static class Program
{
    public static async Task<int> Main(string[] args)
    {
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value);
        var (options, errors) = RunnerOptions.Load(variables);
        if (options is null)
        {
            await Console.Error.WriteLineAsync("The settings are not valid. Correct these variables and start again:");
            foreach (var error in errors)
            {
                await Console.Error.WriteLineAsync("  " + error);
            }

            return 1;
        }

        if (options.ApiToken.Length == 0)
        {
            options = options with { ApiToken = await KeptTokenAsync(options.DataDirectory) };
        }

        var web = new WebOptions { Cluster = options.Cluster, AdminPassword = options.AdminPassword };
        await using var app = RunnerApp.Build(args, options, options.Bind is { } bind ? web with { Bind = bind } : web);
        await app.RunAsync();
        return 0;
    }

    private static async Task<string> KeptTokenAsync(string folder)
    {
        var (token, made) = ApiTokenFile.ReadOrMake(folder);
        if (made)
        {
            await Console.Out.WriteLineAsync($"API token for the hub, kept in {Path.Combine(folder, ApiTokenFile.FileName)} and not shown again: {token}");
        }

        return token;
    }
}
