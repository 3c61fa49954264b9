using System.Text.Json.Nodes;
using Runner.Engine.Values;
using Runner.Web.Commands;
using Runner.Web.Hosting;

namespace Runner.Tests.Engine.Values;

/// <summary>The commands for values files, as the program and as a script sees them.</summary>
public sealed class ValuesCommandTests
{
    private static readonly string Sample = Path.Combine(Repository.Root, "samples", "custom-values-flat.yaml");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_program_checks_a_file_and_its_exit_code_tells_what_was_found()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, await ProgramAsync("values", "check", Sample, "--chart", "2.0"));
        Assert.Equal(1, await ProgramAsync("values", "check", Sample, "--chart", "2.4"));
        Assert.Equal(1, await ProgramAsync("values", "check", Sample, "--chart", "2.0", "--strict"));
        Assert.Equal(2, await ProgramAsync("values", "check", Path.Combine(folder.Path, "missing.yaml")));
        Assert.Equal(2, await ProgramAsync("values", "check"));
        Assert.Equal(2, await ProgramAsync("values", "check", Sample, "--chart", "newest"));
        Assert.Equal(2, await ProgramAsync("values", "check", Sample, "--chart", "9.9"));
    }

    [Theory]
    [InlineData("1.11.9", false)]
    [InlineData("1.12", true)]
    [InlineData("2.2.1", true)]
    [InlineData("2.4.99", true)]
    [InlineData("2.5.0", false)]
    [InlineData("3.0", true)]
    [InlineData("3.1.0", false)]
    public void A_chart_is_known_or_not(string text, bool known) => Assert.Equal(known, ChartVersion.Parse(text).IsKnown);

    [Fact]
    public async Task Problems_are_told_with_their_places_and_as_json()
    {
        var (streams, output, error) = Streams();
        Assert.Equal(1, await ValuesFiles.CheckAsync(Sample, ChartVersion.Newest, json: true, strict: false, streams, Cancel));
        var problems = JsonNode.Parse(output.ToString())!.AsArray();
        Assert.Contains(problems, problem => problem!["key"]!.GetValue<string>() == "registry.insecure" && problem["code"]!.GetValue<string>() == "wrong-type" && problem["line"]!.GetValue<int>() == 51);
        Assert.Contains("errors", error.ToString(), StringComparison.Ordinal);

        (streams, output, error) = Streams();
        await ValuesFiles.CheckAsync(Sample, ChartVersion.Newest, json: false, strict: false, streams, Cancel);
        Assert.Contains($"{Sample}:51:3: error wrong-type: ", error.ToString(), StringComparison.Ordinal);
        Assert.Equal("", output.ToString());
    }

    [Fact]
    public async Task A_migrated_file_passes_its_check_and_its_difference_shows_no_secret()
    {
        using var folder = new TemporaryFolder();
        var (streams, output, error) = Streams();
        Assert.Equal(0, await ValuesFiles.MigrateAsync(Sample, ChartVersion.Newest, diff: false, streams, Cancel));
        Assert.Contains("moved region to runner.region", error.ToString(), StringComparison.Ordinal);
        var file = Path.Combine(folder.Path, "nested.yaml");
        await File.WriteAllTextAsync(file, output.ToString(), Cancel);
        Assert.Equal(0, await ValuesFiles.CheckAsync(file, ChartVersion.Newest, json: false, strict: true, Streams().Streams, Cancel));

        (streams, output, _) = Streams();
        Assert.Equal(1, await ValuesFiles.DiffAsync(file, Sample, new(new("http://127.0.0.1:1"), "", "", ""), streams, Cancel));
        Assert.Contains("+  region: cn-north", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("f3c9a0d1b2e4", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await ValuesFiles.DiffAsync(file, file, new(new("http://127.0.0.1:1"), "", "", ""), Streams().Streams, Cancel));
    }

    [Fact]
    public async Task A_runner_that_is_not_reached_and_a_missing_token_are_told_in_a_line()
    {
        var (streams, _, error) = Streams();
        Assert.Equal(2, await ValuesFiles.ExportAsync(false, false, new(new("http://127.0.0.1:1"), "t", "", ""), streams, Cancel));
        Assert.Contains("was not reached", error.ToString(), StringComparison.Ordinal);
        (streams, _, error) = Streams();
        Assert.Equal(2, await ValuesFiles.ExportAsync(false, false, new(new("http://127.0.0.1:1"), "", "", ""), streams, Cancel));
        Assert.Contains("RUNNER_CLIENT_SECRET", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("values check x.yaml", nameof(RunnerCommand.Values))]
    [InlineData("values migrate x.yaml --to 2.4", nameof(RunnerCommand.Values))]
    [InlineData("values migrate x.yaml", nameof(RunnerCommand.Help))]
    [InlineData("values diff - --url ftp://x", nameof(RunnerCommand.Help))]
    [InlineData("values export --masked --release", nameof(RunnerCommand.Values))]
    [InlineData("values", nameof(RunnerCommand.Help))]
    public void The_command_line_knows_them(string arguments, string command) => Assert.Equal(command, CommandLine.Parse(arguments.Split(' ')).Command.ToString());

    private static async Task<int> ProgramAsync(params string[] arguments)
    {
        await using var process = ChildProcess.Start(new Dictionary<string, string>(), [ChildProcess.Runner, .. arguments]);
        await process.EndAsync(TimeSpan.FromSeconds(60), Cancel);
        return process.ExitCode;
    }

    private static (CommandStreams Streams, StringWriter Out, StringWriter Error) Streams()
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        return (new(output, error), output, error);
    }
}
