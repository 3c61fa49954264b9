using Runner.Web.Live;

namespace Runner.Tests.bUnit;

public sealed class LivePaceTests
{
    [Theory]
    [InlineData(0, 1, 10)]
    [InlineData(5, 1, 15)]
    [InlineData(1, 20, 60)]
    [InlineData(5, 20, 100)]
    [InlineData(5000, 1, 100)]
    [InlineData(0, 0, 10)]
    public void Pages_rest_the_longer_the_dearer_and_the_more_they_are(int work, int pages, int rest) =>
        Assert.Equal(TimeSpan.FromMilliseconds(rest), LivePace.Rest(TimeSpan.FromMilliseconds(work), pages));

    [Fact]
    public void A_page_counts_while_it_listens()
    {
        var pace = new LivePace();
        pace.Enter();
        pace.Enter();
        Assert.Equal(TimeSpan.FromMilliseconds(30), pace.RestAfter(TimeSpan.FromMilliseconds(5)));
        pace.Leave();
        Assert.Equal(TimeSpan.FromMilliseconds(15), pace.RestAfter(TimeSpan.FromMilliseconds(5)));
    }

    [Theory]
    [InlineData(true, 0, 0, false)]
    [InlineData(true, 100, 0, false)]
    [InlineData(true, 101, 0, true)]
    [InlineData(true, 200, 5000, true)]
    [InlineData(false, 0, 0, true)]
    [InlineData(false, 0, 99, true)]
    [InlineData(false, 200, 100, false)]
    public void What_is_on_the_screen_waits_for_rest_that_is_owed_and_all_else_for_company(bool shown, int owed, int since, bool waits)
    {
        var wait = LivePace.Wait(shown, TimeSpan.FromMilliseconds(owed), TimeSpan.FromMilliseconds(since));
        Assert.Equal(waits, wait > TimeSpan.Zero);
        Assert.True(wait <= LivePace.Most);
    }
}
