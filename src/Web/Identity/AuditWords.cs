using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Runner.Engine;
using Runner.Web.Components.Texts;

namespace Runner.Web.Identity;

/// <summary>Words what the audit log keeps, in the languages of the console. Pure.</summary>
internal static partial class AuditWords
{
    private static readonly CultureInfo Chinese = new("zh-Hans");

    private static readonly ResourceManager Sentences = new(typeof(AuditText));

    // Where the names stand that facts are: roles, faults, refusals.
    private static readonly ResourceManager[] Names = [Sentences, new(typeof(Text)), new(typeof(OperationsText)), new(typeof(AccessText))];

    // Entries from before sentence and facts were kept hold the English sentence alone.
    private static readonly Dictionary<string, LocalText> Known = Enum.GetValues<AuditSentence>()
        .Select(sentence => Say(new AuditDetail(sentence))).Where(text => text.Length > 0 && !text.English.Contains('{', StringComparison.Ordinal)).ToDictionary(text => text.English);

    // Targets that are no name of the cluster's, of a user or of a client, but a word of the program's.
    private static readonly string[] OwnTargets =
    [
        AuditActions.ConfigurationExport, AuditActions.ConfigurationRestore, AuditActions.ConfigurationSave, AuditActions.SecretsShown, AuditActions.ReplicaConflict, AuditActions.RetryEvents,
        AuditActions.TestConnection,
    ];

    /// <summary>A detail in words.</summary>
    public static LocalText Say(AuditDetail detail) => (detail.Sentence, detail.Facts) switch
    {
        (AuditSentence.None, _) => LocalText.None,
        (AuditSentence.Quoted, [var said, ..]) => LocalText.Verbatim(said),
        (AuditSentence.Explained, [var english, var chinese, ..]) => new(english, chinese),
        (var sentence, var facts) => new(Say($"{sentence}", facts, CultureInfo.InvariantCulture), Say($"{sentence}", facts, Chinese)),
    };

    /// <summary>A detail of which there are only the English words.</summary>
    public static LocalText Recognise(string english) => Known.GetValueOrDefault(english) ?? LocalText.Verbatim(english);

    /// <summary>What an act was done to: names stand as they are, words of the program are worded.</summary>
    public static LocalText Target(string action, string target)
    {
        if (action == AuditActions.RunDiagnostics)
        {
            return new(Name("Check", [target], 0, CultureInfo.InvariantCulture), Name("Check", [target], 0, Chinese));
        }

        if (!OwnTargets.Contains(action) || OwnTarget().Match(target) is not { Success: true } match)
        {
            return LocalText.Verbatim(target);
        }

        var (key, facts) = ($"Target.{match.Groups["what"].Value}", new[] { match.Groups["name"].Value, match.Groups["more"].Value });
        return new(Say(key, facts, CultureInfo.InvariantCulture), Say(key, facts, Chinese));
    }

    private static string Say(string key, IReadOnlyList<string> facts, CultureInfo reader) =>
        Sentences.GetString(key, reader) is { } sentence ? Fill(sentence, facts, 0, reader) : string.Join(", ", facts);

    /// <summary>Fills <c>{0}</c> with a fact, and <c>{0:Role}</c> with the name that the fact has among the texts, as under <c>Role.Operator</c>.</summary>
    /// <param name="from">The fact that <c>{0}</c> stands for.</param>
    private static string Fill(string sentence, IReadOnlyList<string> facts, int from, CultureInfo reader) => facts.Count == 0 ? sentence : Hole().Replace(sentence, hole =>
    {
        var index = from + int.Parse(hole.Groups["index"].ValueSpan, CultureInfo.InvariantCulture);
        return index >= facts.Count ? "" : hole.Groups["kind"] is { Success: true, Value: var kind } ? Name(kind, facts, index, reader) : facts[index];
    });

    /// <summary>The name of a fact, or of each in a list such as <c>Created 3, Refused 1</c>. What a name itself leaves open are the facts after it.</summary>
    private static string Name(string kind, IReadOnlyList<string> facts, int index, CultureInfo reader) =>
        string.Join(reader == Chinese ? "，" : ", ", facts[index].Split(", ").Select(part =>
        {
            var word = part.Split(' ', 2);
            var name = Names.Select(names => names.GetString($"{kind}.{word[0]}", reader)).FirstOrDefault(known => known is not null) ?? word[0];
            return string.Join(' ', [Fill(name, facts, index + 1, reader), .. word[1..]]);
        }));

    [GeneratedRegex(@"\{(?<index>\d)(?::(?<kind>\w+))?\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"^(?:(?<what>configuration|outbox|registry|object-store)|(?<what>version) (?<name>\d+)(?: of the configuration)?|(?<what>user|client) (?<name>.+)|settings of (?<what>cluster) (?<name>.+)|(?<what>release) (?<name>\S+), revision (?<more>\d+))$")]
    private static partial Regex OwnTarget();
}
