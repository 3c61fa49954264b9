using System.Text.RegularExpressions;

namespace Runner.Engine.Logs;

/// <summary>
/// A label selector as <c>kubectl -l</c> takes it: <c>app=web,tier!=db,env in (a, b),zone notin (x),gpu,!spot</c>. All parts have to hold.
/// </summary>
public sealed partial class LabelSelector
{
    /// <summary>Longest text that is read, in characters.</summary>
    public const int MaxLength = 1000;

    private readonly IReadOnlyList<Requirement> _requirements;

    private LabelSelector(IReadOnlyList<Requirement> requirements) => _requirements = requirements;

    /// <param name="problem">What cannot be understood, for people; empty when all is well.</param>
    /// <returns>Null for an empty text and for one that is no selector.</returns>
    public static LabelSelector? Read(string text, out string problem)
    {
        problem = "";
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        if (text.Length > MaxLength)
        {
            problem = $"longer than {MaxLength} characters";
            return null;
        }

        var requirements = new List<Requirement>();
        foreach (var part in Parts(text))
        {
            if (ReadPart(part.Trim()) is not { } requirement)
            {
                problem = $"'{part.Trim()}' is no requirement such as app=web, app!=web, app in (a, b), app or !app";
                return null;
            }

            requirements.Add(requirement);
        }

        return new(requirements);
    }

    /// <summary>Whether something with these labels is selected.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels) => _requirements.All(requirement => requirement.Holds(labels));

    // At commas, but not at those within parentheses.
    private static IEnumerable<string> Parts(string text)
    {
        var (start, depth) = (0, 0);
        for (var index = 0; index < text.Length; index++)
        {
            depth += text[index] switch { '(' => 1, ')' => -1, _ => 0 };
            if (text[index] == ',' && depth <= 0)
            {
                yield return text[start..index];
                start = index + 1;
            }
        }

        yield return text[start..];
    }

    private static Requirement? ReadPart(string part)
    {
        if (Exists().Match(part) is { Success: true } exists)
        {
            return new(exists.Groups[2].Value, exists.Groups[1].Length == 0 ? Operator.Exists : Operator.Absent, []);
        }

        if (Equality().Match(part) is { Success: true } equality)
        {
            return new(equality.Groups[1].Value, equality.Groups[2].Value == "!=" ? Operator.NotIn : Operator.In, [equality.Groups[3].Value]);
        }

        return Set().Match(part) is { Success: true } set
            ? new(set.Groups[1].Value, set.Groups[2].Value == "in" ? Operator.In : Operator.NotIn, [.. set.Groups[3].Value.Split(',', StringSplitOptions.TrimEntries)])
            : null;
    }

    [GeneratedRegex(@"^(!?)\s*([A-Za-z0-9][A-Za-z0-9._/-]*)$", RegexOptions.NonBacktracking)]
    private static partial Regex Exists();

    [GeneratedRegex(@"^([A-Za-z0-9][A-Za-z0-9._/-]*)\s*(==|=|!=)\s*([A-Za-z0-9._-]*)$", RegexOptions.NonBacktracking)]
    private static partial Regex Equality();

    [GeneratedRegex(@"^([A-Za-z0-9][A-Za-z0-9._/-]*)\s+(in|notin)\s*\(([A-Za-z0-9._,\s-]*)\)$", RegexOptions.NonBacktracking)]
    private static partial Regex Set();

    private enum Operator
    {
        In,
        NotIn,
        Exists,
        Absent,
    }

    private sealed record Requirement(string Key, Operator Operator, IReadOnlyList<string> Values)
    {
        // As in Kubernetes, what lacks the label is not in any set.
        public bool Holds(IReadOnlyDictionary<string, string> labels) => Operator switch
        {
            Operator.In => labels.TryGetValue(Key, out var value) && Values.Contains(value),
            Operator.NotIn => !labels.TryGetValue(Key, out var value) || !Values.Contains(value),
            Operator.Exists => labels.ContainsKey(Key),
            _ => !labels.ContainsKey(Key),
        };
    }
}
