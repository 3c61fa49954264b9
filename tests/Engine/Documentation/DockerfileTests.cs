using System.Text.RegularExpressions;
using Runner.Engine.Configuration;
using Runner.Web;

namespace Runner.Tests.Engine.Documentation;

/// <summary>What the image promises, read from the Dockerfile; <c>tests/image/build-and-start.sh</c> builds and starts it.</summary>
public sealed partial class DockerfileTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Repository.Root, "Dockerfile"));

    /// <summary>The stage that becomes the image.</summary>
    private static IEnumerable<string> Last => Lines.Skip(Array.FindLastIndex(Lines, line => line.StartsWith("FROM ", StringComparison.Ordinal)));

    [Theory]
    [InlineData("USER ${APP_UID}")]
    [InlineData("VOLUME /data")]
    [InlineData("STOPSIGNAL SIGTERM")]
    [InlineData("ENTRYPOINT [\"/app/Runner.Web\"]")]
    public void The_image_says(string line) => Assert.Contains(line, Last);

    [Fact]
    public void It_exposes_the_ports_that_are_the_default_and_checks_its_health_by_the_program_itself()
    {
        var options = new RunnerOptions();
        Assert.Contains($"EXPOSE {options.Port} {options.LogCollector.Port}", Last);
        Assert.EndsWith("""CMD ["/app/Runner.Web", "healthcheck"]""", Assert.Single(Last, line => line.StartsWith("HEALTHCHECK ", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains(Last, line => line.Contains("/starhub-bin/starhub", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_file_that_is_copied_is_there_and_every_project_is_restored_before_the_code_comes()
    {
        var copied = Lines.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal)).SelectMany(line => line.Split(' ')[1..^1]).ToList();
        Assert.All(copied, path => Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), path));

        var before = Lines.TakeWhile(line => !line.StartsWith("COPY src/ ", StringComparison.Ordinal)).ToList();
        Assert.All(
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(project => Path.GetRelativePath(Repository.Root, project)),
            project => Assert.Contains(before, line => line.Contains(project, StringComparison.Ordinal)));
    }

    [Fact]
    public void Program_image_chart_and_documents_are_of_one_version()
    {
        var version = typeof(RunnerApp).Assembly.GetName().Version!.ToString(3);
        var chart = File.ReadAllLines(Path.Combine(Repository.Root, "charts", "runner", "Chart.yaml"));
        var documents = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md").Append(Path.Combine(Repository.Root, "README.md"));
        var images = documents.SelectMany(file => ImageTag().Matches(File.ReadAllText(file)).Select(match => (File: Path.GetFileName(file), Tag: match.Groups[1].Value))).ToList();

        Assert.Equal(version, typeof(RunnerOptions).Assembly.GetName().Version!.ToString(3));
        Assert.Contains($"ARG VERSION={version}", Lines);
        Assert.Contains($"appVersion: \"{version}\"", chart);
        Assert.Contains($"version: {version}", chart);
        Assert.NotEmpty(images);
        Assert.All(images, image => Assert.Equal((image.File, version), image));
    }

    [Fact]
    public void Neither_secrets_nor_settings_of_a_machine_are_built_in() =>
        Assert.DoesNotContain(Lines, line => line.Contains("TOKEN", StringComparison.OrdinalIgnoreCase) || line.Contains("PASSWORD", StringComparison.OrdinalIgnoreCase) || line.Contains("SECRET", StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex("""(?:csghub-runner:|tag: ")([0-9][^"\s]*)""")]
    private static partial Regex ImageTag();
}
