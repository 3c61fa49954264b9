using System.CommandLine;

namespace Runner.Web.Commands;

/// <summary>Where a command writes: its result, and what it has to say about it.</summary>
internal sealed record CommandStreams(TextWriter Out, TextWriter Error)
{
    /// <summary>Those of a parsed command line.</summary>
    public static CommandStreams Of(ParseResult parsed) => new(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
}
