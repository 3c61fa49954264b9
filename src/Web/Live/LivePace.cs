namespace Runner.Web.Live;

/// <summary>
/// How soon a page is told of a change. All open pages share one allowance of processor time: each drawing owes a rest, the longer the dearer it is and the more pages are open.
/// What a page has on the screen is told at once while it owes little, so that single changes never wait for each other and a flood comes in batches; all else is gathered while
/// changes come in quick succession. Nothing waits longer than <see cref="Most"/>. Any number of threads.
/// </summary>
internal sealed class LivePace
{
    /// <summary>What the cheapest drawing owes. Less than a browser's frame: nobody sees a shorter one, and each costs a message.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromMilliseconds(10);

    /// <summary>What the dearest drawing owes under the highest load, how much may be owed before a page has to wait, and how long changes are gathered of what is not on the screen.</summary>
    public static readonly TimeSpan Most = TimeSpan.FromMilliseconds(100);

    /// <summary>So many times as long as all pages need to draw they rest: together they take about a quarter of one core.</summary>
    private const int RestPerWork = 3;

    private int _open;

    /// <summary>A page begins to listen.</summary>
    public void Enter() => Interlocked.Increment(ref _open);

    /// <summary>A page listens no more.</summary>
    public void Leave() => Interlocked.Decrement(ref _open);

    /// <summary>What a page owes for a drawing.</summary>
    /// <param name="work">What it took. While the machine is busy it takes longer, so that pages draw less often by themselves.</param>
    public TimeSpan RestAfter(TimeSpan work) => Rest(work, Volatile.Read(ref _open));

    /// <summary>As <see cref="RestAfter"/>, for so many pages. Pure.</summary>
    internal static TimeSpan Rest(TimeSpan work, int pages)
    {
        var rest = work * (RestPerWork * Math.Max(1, pages));
        return rest < Least ? Least : rest > Most ? Most : rest;
    }

    /// <summary>How long a change is kept back; nothing or less for not at all. Pure.</summary>
    /// <param name="shown">Whether it is of something that the page has on the screen.</param>
    /// <param name="owed">The rest that is still owed for what was drawn.</param>
    /// <param name="since">Time since the page was last told anything.</param>
    internal static TimeSpan Wait(bool shown, TimeSpan owed, TimeSpan since) => shown ? owed - Most : Most - since;
}
