using System.CommandLine;
using System.CommandLine.Help;
using Runner.Engine.Configuration;
using Runner.Web.Commands;

namespace Runner.Web.Hosting;

/// <summary>What the program is asked to do.</summary>
internal enum RunnerCommand
{
    /// <summary>Run until told to stop.</summary>
    Run,

    /// <summary>Collect the logs of pods, and nothing else, until told to stop.</summary>
    CollectLogs,

    /// <summary>Ask the runner of this machine whether it is well, for the container's health check.</summary>
    HealthCheck,

    /// <summary>Check, migrate, compare or fetch a values file.</summary>
    Values,

    /// <summary>Back up or restore the data folder.</summary>
    Data,

    /// <summary>Say how it is used.</summary>
    Help,
}

/// <summary>The command line. Takes that of the official image (<c>deploy runner -l info</c>), so that the official chart starts this one unchanged.</summary>
/// <param name="Level">Log level that overrides the environment's; null where none is given.</param>
/// <param name="Problem">Why the arguments are refused; empty when they are not.</param>
internal sealed record CommandLine(RunnerCommand Command, LogLevel? Level = null, string Problem = "")
{
    /// <summary>Exit code for arguments that are refused and files that cannot be read.</summary>
    public const int Refused = 2;

    private readonly ParseResult? _parsed;

    private CommandLine(RunnerCommand command, ParseResult parsed, LogLevel? level = null, string problem = "")
        : this(command, level, problem) => _parsed = parsed;

    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var level = LevelOption();
        var runner = new Command("runner", "Run until told to stop, as the official image does.") { level };
        var collector = new Command("logcollector", "Collect the logs of pods, and nothing else, until told to stop.") { level };
        var health = new Command("healthcheck", "Ask the runner of this machine whether it is well.");
        var (backup, restore) = (DataCommands.Backup(), DataCommands.Restore());
        var root = new RootCommand("The runner and its console. Without a command it runs; settings come from the environment, the README lists them.")
        {
            level, new Command("deploy", "The official image's commands.") { runner, collector }, health, ValuesCommands.Make(), backup, restore,
        };

        // Without one, a command that has others below it counts as incomplete.
        root.SetAction(_ => 0);

        // A values file may be named @anything; it must not be taken for more arguments.
        var parsed = root.Parse(arguments is ["help"] ? ["--help"] : arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var command = parsed.CommandResult.Command;
        return parsed.Errors.Count > 0 ? new(RunnerCommand.Help, parsed, problem: string.Join(' ', parsed.Errors.Select(error => error.Message).Distinct()))
            : parsed.Action is HelpAction ? new(RunnerCommand.Help, parsed)
            : command == health ? new(RunnerCommand.HealthCheck, parsed)
            : command == root || command == runner || command == collector ? new(
                command == collector ? RunnerCommand.CollectLogs : RunnerCommand.Run, parsed, parsed.GetValue(level) is { } name && RunnerOptions.TryReadLogLevel(name, out var known) ? known : null)
            : new(command == backup || command == restore ? RunnerCommand.Data : RunnerCommand.Values, parsed);
    }

    /// <summary>Carries out a command that needs no running program, or prints the help; says what is refused.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> InvokeAsync(CancellationToken cancellationToken)
    {
        if (Problem.Length == 0)
        {
            return await _parsed!.InvokeAsync(cancellationToken: cancellationToken);
        }

        await Console.Error.WriteLineAsync($"{Problem}\nRun it with --help to see how it is used.");
        return Refused;
    }

    private static Option<string?> LevelOption()
    {
        var option = new Option<string?>("--level", "-l") { Description = "trace, debug, info, warn or error; overrides RUNNER_LOG_LEVEL." };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count != 1 || !RunnerOptions.TryReadLogLevel(result.Tokens[0].Value, out _))
            {
                result.AddError("-l must be followed by trace, debug, info, warn or error.");
            }
        });
        return option;
    }
}
