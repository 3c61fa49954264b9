using Runner.Engine.Logs;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Models;

namespace Runner.Tests.bUnit;

public sealed class LogBufferTests
{
    [Fact]
    public void Pausing_holds_the_view_still_and_loses_no_line()
    {
        var buffer = new LogBuffer();
        Fill(buffer, 0, 10);
        buffer.Refresh();
        buffer.Pause();
        Fill(buffer, 10, 5);
        Assert.False(buffer.Refresh());
        Assert.Equal((10, 5), (buffer.Count, buffer.Unseen));
        buffer.Resume();
        Assert.Equal(Enumerable.Range(0, 15).Select(number => $"line {number}"), buffer.Read(0, 100).Select(entry => entry.Line.Text));
    }

    [Fact]
    public void The_oldest_lines_make_room_and_are_counted()
    {
        var buffer = new LogBuffer(capacity: 1000);
        Fill(buffer, 0, 2500);
        buffer.Refresh();
        Assert.Equal((1000, 1500L), (buffer.Count, buffer.Dropped));
        Assert.Equal("line 1500", buffer.Read(0, 1)[0].Line.Text);
        Assert.Equal("line 2499", buffer.Read(999, 1)[0].Line.Text);
    }

    [Fact]
    public void The_filter_applies_to_what_came_and_to_what_comes_and_can_be_taken_back()
    {
        var buffer = new LogBuffer();
        Fill(buffer, 0, 20);
        buffer.Show("LINE 1");
        Fill(buffer, 100, 2);
        buffer.Refresh();
        Assert.Equal(13, buffer.Count);
        buffer.Show("");
        Assert.Equal(22, buffer.Count);
    }

    [Fact]
    public void Filtered_lines_go_when_their_originals_make_room()
    {
        var buffer = new LogBuffer(capacity: 10);
        buffer.Show("line 3");
        Fill(buffer, 0, 10);
        buffer.Refresh();
        Assert.Equal(1, buffer.Count);
        Fill(buffer, 50, 10);
        buffer.Refresh();
        Assert.Equal(0, buffer.Count);
    }

    [Fact]
    public void A_filter_typed_while_paused_shows_nothing_from_after_the_pause()
    {
        var buffer = new LogBuffer();
        Fill(buffer, 0, 3);
        buffer.Refresh();
        buffer.Pause();
        Fill(buffer, 3, 3);
        buffer.Show("line");
        Assert.Equal(3, buffer.Count);
        buffer.Resume();
        Assert.Equal(6, buffer.Count);
    }

    [Fact]
    public void Colours_become_classes_and_other_escapes_vanish()
    {
        var runs = AnsiText.Runs("\u001b[1;31mERR\u001b[0m plain \u001b[2K\u001b[96mcyan\u001b[39m\u001b]");
        Assert.Equal([new TextRun("ERR", "ansi-31 ansi-bold"), new TextRun(" plain ", ""), new TextRun("cyan", "ansi-36")], runs);
    }

    [Fact]
    public void A_colour_of_256_is_skipped_with_its_number() =>
        Assert.Equal([new TextRun("x", "ansi-bold")], AnsiText.Runs("\u001b[38;5;196;1mx"));

    [Fact]
    public void Hits_are_marked_within_colours_regardless_of_case() =>
        Assert.Equal([new TextRun("a ", "ansi-32"), new TextRun("Hit", "ansi-32 hit"), new TextRun(" b", "ansi-32")], AnsiText.Runs("\u001b[32ma Hit b", "hIT"));

    [Fact]
    public void A_progress_bar_shows_its_last_state() => Assert.Equal("100%", AnsiText.Runs("10%\r50%\r100%\r")[0].Text);

    [Theory]
    [InlineData("\u001b")]
    [InlineData("\u001b[")]
    [InlineData("a\u001b[31")]
    [InlineData("\u001b[;;;m\u001b[38m\u001b[38;5m")]
    public void Broken_escapes_are_suffered(string line) => Assert.NotNull(AnsiText.Runs(line, "x"));

    private static void Fill(LogBuffer buffer, int from, int count)
    {
        for (var number = from; number < from + count; number++)
        {
            buffer.Add(new LogLine("pod", "user-container", Samples.Now, $"line {number}"));
        }
    }
}
