namespace Runner.Web.Live;

/// <summary>
/// How long a page rests between two batches. All open pages share one allowance of processor time: one page alone in a quiet console is told of a change almost at
/// once, many pages that are dear to draw are told in larger batches, never later than <see cref="Most"/>. Any number of threads.
/// </summary>
internal sealed class LivePace
{
    /// <summary>Less than a browser's frame: nobody sees a shorter one, and each batch costs a message.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromMilliseconds(10);

    /// <summary>What the load may make of it.</summary>
    public static readonly TimeSpan Most = TimeSpan.FromMilliseconds(100);

    /// <summary>So many times as long as all pages need to draw they rest: together they take about a quarter of one core.</summary>
    private const int RestPerWork = 3;

    private int _open;

    /// <summary>A page begins to listen.</summary>
    public void Enter() => Interlocked.Increment(ref _open);

    /// <summary>A page listens no more.</summary>
    public void Leave() => Interlocked.Decrement(ref _open);

    /// <summary>How long to rest after a batch.</summary>
    /// <param name="work">What drawing it took. While the machine is busy it takes longer, so that pages draw less often by themselves.</param>
    public TimeSpan RestAfter(TimeSpan work) => Rest(work, Volatile.Read(ref _open));

    /// <summary>As <see cref="RestAfter"/>, for so many pages. Pure.</summary>
    internal static TimeSpan Rest(TimeSpan work, int pages)
    {
        var rest = work * (RestPerWork * Math.Max(1, pages));
        return rest < Least ? Least : rest > Most ? Most : rest;
    }
}
