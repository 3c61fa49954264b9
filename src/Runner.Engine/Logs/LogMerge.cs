namespace Runner.Engine.Logs;

/// <summary>Puts the lines of several logs in the order of their times. Holds one line of each.</summary>
public static class LogMerge
{
    /// <summary>Lines of one log stay in the order in which they came, also where their times are not.</summary>
    /// <param name="sources">Logs that come to an end: not followed.</param>
    public static async IAsyncEnumerable<LogLine> InOrderAsync(
        IReadOnlyList<IAsyncEnumerable<LogLine>> sources, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var open = new List<IAsyncEnumerator<LogLine>>();
        try
        {
            var next = new PriorityQueue<int, (DateTimeOffset Time, int Source)>();
            foreach (var source in sources)
            {
                open.Add(source.GetAsyncEnumerator(cancellationToken));
            }

            for (var index = 0; index < open.Count; index++)
            {
                await TakeAsync(open, index, next, DateTimeOffset.MinValue).ConfigureAwait(false);
            }

            while (next.TryDequeue(out var index, out var order))
            {
                yield return open[index].Current;
                await TakeAsync(open, index, next, order.Time).ConfigureAwait(false);
            }
        }
        finally
        {
            foreach (var enumerator in open)
            {
                await enumerator.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static async ValueTask TakeAsync(List<IAsyncEnumerator<LogLine>> open, int index, PriorityQueue<int, (DateTimeOffset Time, int Source)> next, DateTimeOffset before)
    {
        if (await open[index].MoveNextAsync().ConfigureAwait(false))
        {
            var time = open[index].Current.Time;
            next.Enqueue(index, (time > before ? time : before, index));
        }
    }
}
