using System.Collections;
using Microsoft.AspNetCore.Connections;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;
using Runner.Web.Hosting;

namespace Runner.Web;

/// <summary>The program: reads the settings, builds <see cref="RunnerApp"/> and runs it until told to stop.</summary>
public static class Program
{
    public static async Task<int> Main(string[] args)
    {
        var command = CommandLine.Parse(args);
        if (command.Command is RunnerCommand.Help or RunnerCommand.Values or RunnerCommand.Data)
        {
            return await command.InvokeAsync(CancellationToken.None);
        }

        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value);
        var (options, errors) = RunnerOptions.Load(variables);
        if (options is null)
        {
            return await RefuseAsync(["The settings are not valid. Correct these variables and start again:", .. errors.Select(error => "  " + error)]);
        }

        return command.Command == RunnerCommand.HealthCheck
            ? await HealthCheck.AskAsync(options.Port, options.Tls.Enabled)
            : await RunAsync(command.Command, options with { LogLevel = command.Level ?? options.LogLevel });
    }

    private static async Task<int> RunAsync(RunnerCommand command, RunnerOptions options)
    {
        var collects = command == RunnerCommand.CollectLogs;
        try
        {
            if (collects)
            {
                await using var collector = LogCollectorApp.Build(options);
                await collector.RunAsync();
                return 0;
            }

            var token = options.ApiToken.Length > 0 ? options.ApiToken : await KeptTokenAsync(options.DataDirectory);
            await using var app = RunnerApp.Build([], options with { ApiToken = token });
            var memory = ListingMemory.FollowAsync(
                app.Services.GetRequiredService<ClusterDirectory>(), TimeProvider.System, app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ListingMemory)), app.Lifetime.ApplicationStopping);
            await app.RunAsync();
            await memory;
            return 0;
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            var (port, variable) = collects ? (options.LogCollector.Port, "STARHUB_SERVER_LOGCOLLECTOR_PORT") : (options.Port, "STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT");
            return await RefuseAsync([$"Port {port} is taken by another program. Stop that one, or choose another port with {variable}."]);
        }
        catch (Exception exception) when (exception is DataFolderInUseException or DataFormatException or DatabaseDamagedException or IOException or UnauthorizedAccessException or StartRefusedException)
        {
            return await RefuseAsync([exception.Message]);
        }
    }

    private static async Task<int> RefuseAsync(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            await Console.Error.WriteLineAsync(line);
        }

        return 1;
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
