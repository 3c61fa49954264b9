using System.Globalization;
using System.Text;

namespace Runner.Engine.Values;

/// <summary>One step into a values file: the key of a map or the position in a list.</summary>
/// <param name="Key">The key; empty for a position.</param>
/// <param name="Index">The position, from 0; -1 for a key.</param>
public readonly record struct PathStep(string Key, int Index)
{
    /// <summary>True for a position in a list.</summary>
    public bool IsIndex => Index >= 0;
}

/// <summary>
/// Where a value is: <c>registry.password</c>, <c>tolerations[0].key</c>; a key that has a dot or a bracket stands in brackets and quotes, as in <c>nodeSelector["kubernetes.io/arch"]</c>.
/// </summary>
public sealed class KeyPath : IEquatable<KeyPath>
{
    private readonly PathStep[] _steps;

    private KeyPath(PathStep[] steps) => _steps = steps;

    /// <summary>The whole file.</summary>
    public static KeyPath Root { get; } = new([]);

    /// <summary>The steps from the root.</summary>
    public IReadOnlyList<PathStep> Steps => _steps;

    /// <summary>True for the whole file.</summary>
    public bool IsRoot => _steps.Length == 0;

    /// <summary>The path without its last step. The root has none.</summary>
    public KeyPath Parent => IsRoot ? throw new InvalidOperationException("The root has no parent.") : new(_steps[..^1]);

    /// <summary>The last step. The root has none.</summary>
    public PathStep Last => IsRoot ? throw new InvalidOperationException("The root has no step.") : _steps[^1];

    /// <summary>The path to a key below this one.</summary>
    public KeyPath Child(string key) => new([.. _steps, new(key, -1)]);

    /// <summary>The path to a position below this one.</summary>
    public KeyPath Child(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return new([.. _steps, new("", index)]);
    }

    /// <summary>True when this path leads to <paramref name="other"/> or through it.</summary>
    public bool StartsWith(KeyPath other) => other._steps.Length <= _steps.Length && _steps.AsSpan(0, other._steps.Length).SequenceEqual(other._steps);

    /// <summary>Reads a path as <see cref="ToString"/> writes it.</summary>
    /// <exception cref="FormatException">The text is no path.</exception>
    public static KeyPath Parse(string text)
    {
        var steps = new List<PathStep>();
        for (var at = 0; at < text.Length;)
        {
            if (text[at] == '[')
            {
                at = ReadBracket(text, at, steps);
            }
            else
            {
                at += text[at] == '.' && steps.Count > 0 ? 1 : 0;
                var end = text.AsSpan(at).IndexOfAny('.', '[');
                var key = end < 0 ? text[at..] : text.Substring(at, end);
                steps.Add(key.Length > 0 ? new(key, -1) : throw NoPath(text));
                at += key.Length;
            }
        }

        return new([.. steps]);
    }

    /// <inheritdoc/>
    public bool Equals(KeyPath? other) => other is not null && _steps.AsSpan().SequenceEqual(other._steps);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as KeyPath);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var step in _steps)
        {
            hash.Add(step);
        }

        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var step in _steps)
        {
            _ = step.IsIndex ? text.Append(CultureInfo.InvariantCulture, $"[{step.Index}]")
                : step.Key.Length == 0 || step.Key.AsSpan().IndexOfAny(".[]\"") >= 0 ? text.Append("[\"").Append(step.Key.Replace("\\", "\\\\").Replace("\"", "\\\"")).Append("\"]")
                : text.Append(text.Length > 0 ? "." : "").Append(step.Key);
        }

        return text.ToString();
    }

    private static int ReadBracket(string text, int at, List<PathStep> steps)
    {
        if (at + 1 < text.Length && text[at + 1] == '"')
        {
            var key = new StringBuilder();
            for (at += 2; at < text.Length && text[at] != '"'; at++)
            {
                at += text[at] == '\\' && at + 1 < text.Length ? 1 : 0;
                key.Append(text[at]);
            }

            steps.Add(new(key.ToString(), -1));
            return at + 1 < text.Length && text[at + 1] == ']' ? at + 2 : throw NoPath(text);
        }

        var end = text.IndexOf(']', at);
        steps.Add(end > 0 && int.TryParse(text.AsSpan(at + 1, end - at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? new("", index) : throw NoPath(text));
        return end + 1;
    }

    private static FormatException NoPath(string text) => new($"'{text}' is no path of keys such as registry.password or tolerations[0].key.");
}
