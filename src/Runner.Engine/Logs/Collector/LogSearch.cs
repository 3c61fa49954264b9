namespace Runner.Engine.Logs.Collector;

/// <summary>What is looked for in Loki.</summary>
/// <param name="Pod">Of one pod; empty for all of the workload.</param>
/// <param name="Text">A part of the line; empty for all lines.</param>
/// <param name="Until">The end of the range, exclusive; older lines come with an earlier end.</param>
/// <param name="Limit">Most lines, 1 to <see cref="LokiQuery.MostLines"/>.</param>
public sealed record LogSearch(string Namespace, string Service, string Pod, string Text, DateTimeOffset From, DateTimeOffset Until, int Limit = 200)
{
    /// <summary>An exact end, as <see cref="HistoryLine.Nanoseconds"/>, instead of <see cref="Until"/>; null for that one.</summary>
    public long? Before { get; init; }
}

/// <summary>One line from Loki.</summary>
/// <param name="Category"><c>container</c>, or <c>platform</c> for a milestone of the runner.</param>
/// <param name="Text">Without the time that the collector puts before it.</param>
/// <param name="Nanoseconds">The time since 1970 to the last digit: lines of one burst differ in nothing else.</param>
public sealed record HistoryLine(DateTimeOffset Time, string Pod, string Container, string Category, string Text, long Nanoseconds);

/// <summary>What a search found, oldest line first.</summary>
/// <param name="More">There may be older lines in the range.</param>
public sealed record LogHistoryPage(IReadOnlyList<HistoryLine> Lines, bool More);

/// <summary>Loki cannot be asked. The message says why and what to try.</summary>
public sealed class LokiUnavailableException(LocalText problem) : Exception(problem.English), IExplained
{
    /// <inheritdoc/>
    public LocalText Problem { get; } = problem;
}
