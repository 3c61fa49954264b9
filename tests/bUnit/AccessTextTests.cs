using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components;
using Runner.Web.Components.Texts;
using Runner.Web.Identity;
using Runner.Web.Identity.Access;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.Users;

namespace Runner.Tests.bUnit;

public sealed partial class AccessTextTests
{
    private static readonly Dictionary<string, string> English = Read(CultureInfo.InvariantCulture);
    private static readonly Dictionary<string, string> Chinese = Read(new CultureInfo("zh-Hans"));

    [Fact]
    public void Both_languages_say_the_same_things_with_the_same_holes()
    {
        Assert.Equal(English.Keys.Order(), Chinese.Keys.Order());
        Assert.Empty(English.Where(entry => !Holes(entry.Value).SetEquals(Holes(Chinese[entry.Key]))).Select(entry => entry.Key));
    }

    [Fact]
    public void Every_text_that_is_asked_for_exists()
    {
        var used = Directory.EnumerateFiles(Path.Combine(SourceFiles.Root, "src", "Web", "Components"), "*.razor", SearchOption.AllDirectories).Select(File.ReadAllText)
            .SelectMany(source => Key().Matches(source)).Select(match => match.Groups[1].Value)
            .Concat(Enum.GetNames<UserRefusal>().Concat(Enum.GetNames<AccessRefusal>()).Select(reason => $"Refusal.{reason}"))
            .Concat(Enum.GetNames<SignInMethod>().Select(method => $"Method.{method}"))
            .Concat(Enum.GetNames<AuditOutcome>().Select(outcome => $"Audit.{outcome}"))
            .Concat(typeof(AuditActions).GetFields().Select(field => $"Act.{field.GetRawConstantValue()}"))
            .Concat(Enum.GetNames<ConsoleRole>().Select(role => $"Role.{role}.Means"))
            .Concat(Runner.Web.Identity.Tokens.ApiScopes.All.Select(scope => $"Scope.{scope.Scope}"));
        Assert.Empty(used.Distinct().Except(English.Keys));
    }

    /// <summary>The console may be served under a path: what begins with a slash leads out of it.</summary>
    [Fact]
    public void No_link_of_a_page_begins_with_a_slash() => Assert.Empty(
        from file in Directory.EnumerateFiles(Path.Combine(SourceFiles.Root, "src", "Web"), "*.*", SearchOption.AllDirectories)
        where file.EndsWith(".razor", StringComparison.Ordinal) || file.EndsWith(".cs", StringComparison.Ordinal)
        where !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        from Match match in Rooted().Matches(File.ReadAllText(file))
        select $"{Path.GetFileName(file)}: {match.Value} (write it without the slash: it is relative to the base of the page)");

    private static Dictionary<string, string> Read(CultureInfo culture) =>
        new ResourceManager(typeof(AccessText).FullName!, typeof(AccessText).Assembly).GetResourceSet(culture, createIfNotExists: true, tryParents: false)!
            .Cast<System.Collections.DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    private static HashSet<string> Holes(string text) => [.. Hole().Matches(text).Select(match => match.Value)];

    [GeneratedRegex("""\bA\["([A-Za-z.-]+)"[],]""")]
    private static partial Regex Key();

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Hole();

    [GeneratedRegex("""(?:(?:href|Href|src|action)=(?:"|"@\(\$")|NavigateTo\(\$?")/[^"]*""")]
    private static partial Regex Rooted();
}
