using Runner.Engine.Values;

namespace Runner.Web.Components.Models.Configuration;

/// <summary>Two texts of the configuration line by line, both without secrets.</summary>
/// <param name="SecretsDiffer">True where they differ in secrets alone, which the lines do not show.</param>
public sealed record ConfigurationDifference(IReadOnlyList<DiffLine> Lines, bool SecretsDiffer);

/// <summary>Compares what is being edited, what the release has and what was saved.</summary>
internal sealed class ConfigurationComparison
{
    /// <summary>In place of a version's number: what is being edited.</summary>
    public const int Edited = -1;

    /// <summary>In place of a version's number: what the release has.</summary>
    public const int Released = 0;

    private readonly ConfigurationStore _store;
    private readonly Remembered<Question, ConfigurationDifference> _last;

    public ConfigurationComparison(ConfigurationStore store)
    {
        _store = store;
        _last = new(Compare);
    }

    /// <summary>Compares two of them, by version's number, <see cref="Edited"/> or <see cref="Released"/>.</summary>
    public ConfigurationDifference Of(int from, int to, string edited, DeployedRelease? release) =>
        _last.For(new(from, to, from == Edited || to == Edited ? edited : "", from == Released || to == Released ? release : null));

    private ConfigurationDifference Compare(Question question)
    {
        var (before, after) = (TextOf(question.From, question), TextOf(question.To, question));
        var (shown, shownAfter) = (Masked(before), Masked(after));
        return new(ValuesDiff.Lines(shown, shownAfter), before != after && shown == shownAfter);
    }

    private string TextOf(int number, Question question) => number switch
    {
        Edited => question.Edited,
        Released => question.Release?.ToYaml() ?? "",
        _ => _store.Text(number) ?? "",
    };

    private static string Masked(string text)
    {
        try
        {
            return ValuesMask.Mask(ValuesDocument.Parse(text));
        }
        catch (ValuesException)
        {
            // What cannot be read cannot be masked either.
            return "";
        }
    }

    // What a version says never changes, so its number stands for it.
    private sealed record Question(int From, int To, string Edited, DeployedRelease? Release);
}
