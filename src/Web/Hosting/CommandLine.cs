using Microsoft.Extensions.Logging;
using Runner.Engine.Configuration;

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

    /// <summary>Say how it is used.</summary>
    Help,
}

/// <summary>The command line. Takes that of the official image (<c>deploy runner -l info</c>), so that the official chart starts this one unchanged.</summary>
/// <param name="Level">Log level that overrides the environment's; null where none is given.</param>
/// <param name="Problem">Why the arguments are refused; empty when they are not.</param>
internal sealed record CommandLine(RunnerCommand Command, LogLevel? Level = null, string Problem = "")
{
    public const string Usage =
        """
        Usage: Runner.Web [deploy runner|logcollector] [-l trace|debug|info|warn|error]
               Runner.Web healthcheck

        Settings come from the environment; the README lists them.
        """;

    public static CommandLine Parse(ReadOnlySpan<string> arguments)
    {
        var rest = arguments;
        var command = RunnerCommand.Run;
        switch (rest)
        {
            case ["healthcheck"]:
                return new(RunnerCommand.HealthCheck);
            case ["-h" or "--help" or "help"]:
                return new(RunnerCommand.Help);
            case ["deploy", "logcollector", ..]:
                command = RunnerCommand.CollectLogs;
                rest = rest[2..];
                break;
            case ["deploy", "runner", ..]:
                rest = rest[2..];
                break;
        }

        return rest switch
        {
            [] => new(command),
            ["-l" or "--level", var level] when RunnerOptions.TryReadLogLevel(level, out var known) => new(command, known),
            ["-l" or "--level", ..] => Refuse("-l must be followed by trace, debug, info, warn or error."),
            _ => Refuse($"The argument '{rest[0]}' is not known."),
        };
    }

    private static CommandLine Refuse(string problem) => new(RunnerCommand.Help, Problem: problem);
}
