using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Runner.Engine.Configuration;
using Runner.Engine.Diagnostics;
using Runner.Tests.Engine.Charts;
using Runner.Web.Commands;

namespace Runner.Tests.Engine.Documentation;

/// <summary>What the README and <c>docs/</c> say agrees with the program, and their links lead somewhere.</summary>
public sealed partial class DocumentationTests
{
    /// <summary>Variables that are not settings of the runner: those of its commands for pipelines, and of the tests.</summary>
    private static readonly string[] Others =
        [AccessOptions.AddressVariable, AccessOptions.TokenVariable, AccessOptions.ClientVariable, AccessOptions.SecretVariable, "RUNNER_TEST_LONG"];

    public static TheoryData<string> Pages => [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md").Prepend(Path.Combine(Repository.Root, "README.md"))
        .Select(file => Path.GetRelativePath(Repository.Root, file))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_relative_link_leads_to_a_file_and_a_heading(string page)
    {
        var file = Path.Combine(Repository.Root, page);
        foreach (var link in Links().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal)))
        {
            var (path, heading) = link.Split('#') is [var before, var after] ? (before, after) : (link, "");
            var target = path.Length == 0 ? file : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, path));
            Assert.True(File.Exists(target) || Directory.Exists(target), $"{page} links to {link}, which is not there");
            Assert.True(heading.Length == 0 || Headings().Matches(File.ReadAllText(target)).Any(match => Anchor(match.Groups[1].Value) == heading), $"{page} links to {link}, which has no such heading");
        }
    }

    [Fact]
    public void Every_variable_that_is_read_is_documented_and_every_one_that_is_documented_is_read()
    {
        var variables = new ReadVariables();
        RunnerOptions.Load(variables);
        string[] read = [.. variables.Names, .. Others];
        var settings = File.ReadAllText(Path.Combine(Repository.Root, "docs", "settings.md"));
        var written = Pages.SelectMany(page => Variables().Matches(File.ReadAllText(Path.Combine(Repository.Root, page.Data))).Select(match => match.Value)).ToHashSet();

        // The hub's own variables, which the official chart sets and the documentation tells apart.
        var official = OfficialCharts.Environments.Values.SelectMany(environment => environment.Keys);
        Assert.Equal([], read.Where(name => name != "RUNNER_TEST_LONG" && !settings.Contains($"`{name}`", StringComparison.Ordinal)));
        Assert.Equal([], written.Except(read).Except(official));
    }

    [Fact]
    public void Troubleshooting_names_every_check_as_the_page_does()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "troubleshooting.md"));
        var texts = System.Xml.Linq.XDocument.Load(Path.Combine(Repository.Root, "src", "Web", "Components", "Texts", "OperationsText.resx"));
        var names = Enum.GetNames<CheckId>().Select(id => texts.Root!.Elements("data").Single(data => (string?)data.Attribute("name") == "Check." + id).Element("value")!.Value);

        Assert.Equal([], names.Where(name => !page.Contains($"*{name}*", StringComparison.Ordinal)));
    }

    /// <summary>A heading as the address has it: lower case, without punctuation, with dashes.</summary>
    private static string Anchor(string heading) => Punctuation().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Headings();

    [GeneratedRegex(@"[^\p{L}\p{N}\- ]")]
    private static partial Regex Punctuation();

    // What ends in an underscore is the beginning of names, as in RUNNER_OIDC_….
    [GeneratedRegex(@"\b(RUNNER|STARHUB_SERVER|OPENCSG)_[A-Z0-9_]*[A-Z0-9]\b")]
    private static partial Regex Variables();

    /// <summary>An environment in which nothing is set, and that remembers what it was asked for.</summary>
    private sealed class ReadVariables : IReadOnlyDictionary<string, string?>
    {
        private readonly HashSet<string> _names = new(StringComparer.Ordinal);

        public IReadOnlySet<string> Names => _names;

        public IEnumerable<string> Keys => [];

        public IEnumerable<string?> Values => [];

        public int Count => 0;

        public string? this[string key] => throw new KeyNotFoundException(key);

        public bool ContainsKey(string key) => _names.Add(key) && false;

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out string? value)
        {
            _names.Add(key);
            value = null;
            return false;
        }

        public IEnumerator<KeyValuePair<string, string?>> GetEnumerator() => Enumerable.Empty<KeyValuePair<string, string?>>().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
