using System.Diagnostics;

namespace Runner.Tests.Support;

/// <summary>What an outside program answered.</summary>
/// <param name="Output">What it wrote to its standard output.</param>
/// <param name="Error">What it wrote to its standard error.</param>
internal sealed record ToolResult(int ExitCode, string Output, string Error);

/// <summary>Outside programs that <c>.ci/install</c> brings: <c>helm</c> and <c>kubectl</c>.</summary>
internal static class Tool
{
    /// <summary>Runs it to its end.</summary>
    public static async Task<ToolResult> RunAsync(string name, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, ".tools", "bin", name), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return new ToolResult(process.ExitCode, await output, await error);
    }

    /// <summary>The same; fails the test with what it said where it fails.</summary>
    public static async Task<string> OutputAsync(string name, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var result = await RunAsync(name, arguments, cancellationToken);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException($"{name} ended with {result.ExitCode}: {result.Error}{result.Output}");
    }
}
